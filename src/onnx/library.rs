//! Where libonnxruntime.so may lie, and loading it once for the whole process.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use ort::environment::Environment;

use crate::{
    error::{Error, Result, Room},
    os::paths::Paths,
};

const FILE: &str = "libonnxruntime.so";

/// The library that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// Where it lies; without a folder, the system's loader found it.
    pub path: PathBuf,
    /// What it says about itself: version, commit, compiler flags.
    pub build: String,
}

struct Loaded {
    environment: Environment,
    runtime: Runtime,
}

/// The library in use, loaded now if it was not yet. `room` is whose error it is when there is none.
pub fn runtime(room: Room) -> Result<&'static Runtime> {
    loaded(room).map(|l| &l.runtime)
}

pub(super) fn environment(room: Room) -> Result<&'static Environment> {
    loaded(room).map(|l| &l.environment)
}

/// ONNX Runtime allows one environment a process, and a library that is missing now is still missing a moment later.
fn loaded(room: Room) -> Result<&'static Loaded> {
    static ONCE: OnceLock<Result<Loaded, String>> = OnceLock::new();
    ONCE.get_or_init(|| load(&Places::from_env().candidates())).as_ref().map_err(|tried| missing(room, tried))
}

fn missing(room: Room, tried: &str) -> Error {
    Error::fetch(room, format!("no usable ONNX Runtime (tried {tried})"))
        .hint(format!("run `scripts/setup`, or set ORT_DYLIB_PATH to a {FILE} of version 1.{} or newer", ort::MINOR_VERSION))
}

/// Loads the first candidate that works; else says of each what was wrong.
fn load(candidates: &[PathBuf]) -> Result<Loaded, String> {
    let mut tried = Vec::new();
    for path in candidates {
        match start(path) {
            Ok(loaded) => return Ok(loaded),
            Err(why) => tried.push(why),
        }
    }
    Err(tried.join("; "))
}

fn start(path: &Path) -> Result<Loaded, String> {
    let environment = ort::init_from(path)
        .map_err(|e| said(path, &deepest(&e)))?
        .with_name("xnai")
        .with_telemetry(false)
        .build()
        .map_err(|e| said(path, e.message()))?;
    environment.set_log_level(ort::logging::LogLevel::Warning);
    Ok(Loaded { environment, runtime: Runtime { path: path.to_path_buf(), build: ort::info().to_owned() } })
}

/// The loader's own words; what wraps them says "dlopen failed".
fn deepest(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::Dlopen { error, .. } => {
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
        }
        other => other.to_string(),
    }
}

/// The message ends in the reason; what comes before repeats the path.
fn said(path: &Path, message: &str) -> String {
    let place = if path.is_absolute() { path.display().to_string() } else { "the system's libraries".into() };
    let reason = message.rsplit(": ").next().unwrap_or(message);
    format!("{place}: {}", reason.trim_end_matches('.'))
}

/// What decides where to look.
#[derive(Default)]
struct Places {
    /// `ORT_DYLIB_PATH`: this one and no other.
    wished: Option<PathBuf>,
    /// `XNAI_HOME`: the clone that the launcher runs.
    home: Option<PathBuf>,
    /// Folder of this program's file.
    program: Option<PathBuf>,
    data: Option<PathBuf>,
}

impl Places {
    fn from_env() -> Self {
        let set = |key| env::var_os(key).filter(|v| !v.is_empty()).map(PathBuf::from);
        let program = env::current_exe().and_then(fs::canonicalize).ok();
        Self {
            wished: set("ORT_DYLIB_PATH").map(|p| std::path::absolute(&p).unwrap_or(p)),
            home: set("XNAI_HOME"),
            program: program.and_then(|p| p.parent().map(Path::to_path_buf)),
            data: Paths::from_env().ok().map(|p| p.data),
        }
    }

    /// Files to try, best first; those in folders exist.
    fn candidates(&self) -> Vec<PathBuf> {
        if let Some(wished) = &self.wished {
            return vec![wished.clone()];
        }
        let mut found: Vec<PathBuf> = self.folders().iter().flat_map(|f| libraries(f)).collect();
        found.push(FILE.into()); // without a folder: the system's loader
        found
    }

    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        if let Some(program) = &self.program {
            folders.extend([program.join("../lib/xnai"), program.join("../lib"), program.clone()]);
        }
        folders.extend(self.home.iter().map(|h| h.join("lib")));
        folders.extend(self.data.iter().map(|d| d.join("lib")));
        folders.push("/usr/lib/xnai".into());
        folders
    }
}

/// The libraries of one folder: the plain name first, then the newest version.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let name = |p: &PathBuf| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let ours = |p: &PathBuf| p.is_file() && (name(p) == FILE || name(p).starts_with("libonnxruntime.so."));
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(ours).collect();
    let version = |p: &PathBuf| name(p)[FILE.len()..].split('.').filter_map(|n| n.parse().ok()).collect::<Vec<u32>>();
    found.sort_by_key(|p| (name(p) != FILE, std::cmp::Reverse(version(p))));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        names.iter().for_each(|n| fs::write(folder.path().join(n), "not a library").unwrap());
        folder
    }

    #[test]
    fn the_plain_name_comes_first_and_then_the_newest() {
        let folder = folder_with(&["libonnxruntime.so.1.9.0", "libonnxruntime.so.1.31.1", FILE, "libonnxruntime_providers_shared.so"]);
        let names: Vec<_> = libraries(folder.path()).iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, [FILE, "libonnxruntime.so.1.31.1", "libonnxruntime.so.1.9.0"]);
    }

    #[test]
    fn a_wish_is_the_only_candidate() {
        let folder = folder_with(&[FILE]);
        let places = Places { wished: Some("/x.so".into()), program: Some(folder.path().into()), ..Places::default() };
        assert_eq!(places.candidates(), [Path::new("/x.so")]);
    }

    #[test]
    fn the_folder_beside_the_program_comes_before_the_clone_and_the_system_last() {
        let (program, home) = (folder_with(&[FILE]), tempfile::tempdir().unwrap());
        fs::create_dir(home.path().join("lib")).unwrap();
        fs::write(home.path().join("lib").join(FILE), "").unwrap();
        let places = Places { program: Some(program.path().into()), home: Some(home.path().into()), ..Places::default() };
        let found = places.candidates();
        assert_eq!(found[0], program.path().join(FILE));
        assert_eq!(found[1], home.path().join("lib").join(FILE));
        assert_eq!(found.last().unwrap(), Path::new(FILE));
    }

    /// Run by the test below in a process of its own: a library is loaded once a process.
    #[test]
    fn says_what_it_loaded() {
        match runtime(Room::Tts) {
            Ok(runtime) => println!("loaded {}", runtime.path.display()),
            Err(error) => println!("{:?}: {error}", error.kind()),
        }
    }

    #[test]
    fn what_is_no_library_is_named_with_its_reason_and_the_remedy() {
        let folder = folder_with(&[FILE]);
        let wish = folder.path().join(FILE);
        let mut child = std::process::Command::new(env::current_exe().unwrap());
        child.args(["--exact", "onnx::library::tests::says_what_it_loaded", "--nocapture"]).env("ORT_DYLIB_PATH", &wish);
        let said = String::from_utf8(child.output().unwrap().stdout).unwrap();
        let wanted = format!("Fetch: no usable ONNX Runtime (tried {}: file too short): run `scripts/setup`", wish.display());
        assert!(said.contains(&wanted), "{said}");
    }
}
