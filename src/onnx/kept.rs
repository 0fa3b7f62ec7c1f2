//! Optimised models kept between starts: made once for this model, this machine and this library.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use ort::session::{Session, builder::GraphOptimizationLevel};
use sha2::{Digest, Sha256};
use tracing::{debug, warn};

use super::{library::Runtime, session::Failed};
use crate::parcel::ModelFile;

/// Opens the kept model if there is a good one; else optimises `file` and keeps the result. Trouble with the folder
/// costs time, never the model.
pub(super) fn open(
    file: &ModelFile,
    folder: &Path,
    runtime: &Runtime,
    build: impl Fn(&Path, GraphOptimizationLevel, Option<&Path>) -> Result<Session, Failed>,
) -> Result<Session, Failed> {
    let place = Place::of(file, folder, runtime);
    if place.is_whole() {
        match build(&place.path, GraphOptimizationLevel::Disable, None) {
            Ok(session) => return Ok(session),
            Err(_) => warn!(path = %place.path.display(), "a kept model cannot be used: making it again"),
        }
    }
    place.clear();
    let Ok(new) = place.new_file() else { return build(&file.path, GraphOptimizationLevel::All, None) };
    match build(&file.path, GraphOptimizationLevel::All, Some(&*new)) {
        Ok(session) => {
            place.keep(new).unwrap_or_else(|e| debug!("the optimised model was not kept: {e}"));
            Ok(session)
        }
        // The model may be bad, or the disk full: only trying tells.
        Err(_) => build(&file.path, GraphOptimizationLevel::All, None),
    }
}

/// Where a kept model lies: the model's hash says of what it was made, the rest for whom.
struct Place {
    folder: PathBuf,
    model: String,
    path: PathBuf,
}

impl Place {
    fn of(file: &ModelFile, folder: &Path, runtime: &Runtime) -> Self {
        let short = |hex: &str| hex.chars().take(16).filter(char::is_ascii_hexdigit).collect::<String>();
        let (folder, model) = (folder.join("onnx"), short(&file.sha256));
        let host = Sha256::digest(format!("{}\n{}", runtime.build, cpu()));
        let host: String = host.iter().take(8).map(|b| format!("{b:02x}")).collect();
        Self { path: folder.join(format!("{model}-{host}.onnx")), folder, model }
    }

    /// A file to write into, gone by itself unless it is kept.
    fn new_file(&self) -> io::Result<tempfile::TempPath> {
        fs::create_dir_all(&self.folder)?;
        let new = tempfile::Builder::new().prefix(".new-").suffix(".onnx").tempfile_in(&self.folder)?;
        Ok(new.into_temp_path())
    }

    /// Brought to the disk before it gets its name, so that a power cut leaves all of it or nothing.
    fn keep(&self, new: tempfile::TempPath) -> io::Result<()> {
        File::open(&new)?.sync_all()?;
        new.persist(&self.path)?;
        fs::write(self.mark(), facts(&self.path)?)
    }

    /// Whether it is as it was when it was made: model files are remembered by size and time everywhere.
    fn is_whole(&self) -> bool {
        matches!((fs::read_to_string(self.mark()), facts(&self.path)), (Ok(then), Ok(now)) if then == now)
    }

    fn mark(&self) -> PathBuf {
        self.path.with_extension("made")
    }

    /// Removes all that was ever kept of this model, for other machines and libraries too.
    fn clear(&self) {
        let ours = |name: &str| name.starts_with(&format!("{}-", self.model));
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if ours(&entry.file_name().to_string_lossy()) {
                let _ = fs::remove_file(entry.path()); // what stays is overwritten, or costs space in a cache
            }
        }
    }
}

fn facts(path: &Path) -> io::Result<String> {
    let about = fs::metadata(path)?;
    Ok(format!("{} {}.{:09}", about.len(), about.mtime(), about.mtime_nsec()))
}

/// What the library optimises for: the processor's name and what it can do.
fn cpu() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = |key: &str| text.lines().find(|l| l.starts_with(key)).unwrap_or_default().to_owned();
    ["model name", "flags", "CPU part", "Features"].map(line).join("\n")
}
