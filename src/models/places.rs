//! Environment and settings into the folders that are searched for models, and the one that downloads go to.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use nix::unistd::{AccessFlags, access};

use super::Settings;
use crate::os::paths::Paths;

/// Folders below a search folder that are looked into, at most: a search path of `/` must not walk the disk.
const MOST_FOLDERS: usize = 512;
/// `kokoro/voices/af_heart.bin` lies two folders down.
const DEPTH: usize = 2;

/// Where models may lie. Nothing here exists necessarily.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// In the order of search, without those below them.
    pub search: Vec<PathBuf>,
    /// Where downloads go.
    pub download: PathBuf,
    /// Everywhere downloads may have gone: the only folders that `rm` touches.
    pub owned: Vec<PathBuf>,
    /// Where computed hashes are remembered.
    pub cache: PathBuf,
}

impl Places {
    pub fn from_env(settings: &Settings, paths: &Paths) -> Self {
        let program = env::current_exe().ok();
        Self::resolve(settings, paths, |key| env::var_os(key).filter(|v| !v.is_empty()), program.as_deref())
    }

    /// One folder that is searched and downloaded to, for tests.
    pub fn single(folder: &Path, cache: &Path) -> Self {
        Self { search: vec![folder.into()], download: folder.into(), owned: vec![folder.into()], cache: cache.into() }
    }

    fn resolve(settings: &Settings, paths: &Paths, variable: impl Fn(&str) -> Option<OsString>, program: Option<&Path>) -> Self {
        let home = variable("HOME").map(PathBuf::from);
        let clone = variable("XNAI_HOME").map(|h| PathBuf::from(h).join("models"));
        let data = paths.data.join("models");
        let mut search: Vec<PathBuf> =
            variable("XNAI_MODELS_PATH").iter().flat_map(env::split_paths).filter(|p| !p.as_os_str().is_empty()).collect();
        search.extend(settings.path.iter().map(|p| expand(p, home.as_deref())));
        search.extend(clone.clone());
        // target/release/xnai, bin/xnai and xnai itself all have the tree's `models/` within three steps up.
        search.extend(program.into_iter().flat_map(|p| p.ancestors().skip(1).take(3)).map(|dir| dir.join("models")));
        search.push(data.clone());
        let mut seen = Vec::new();
        search.retain(|p| {
            !seen.contains(p) && {
                seen.push(p.clone());
                true
            }
        });
        let download = clone.clone().filter(|dir| can_be_written(dir)).unwrap_or_else(|| data.clone());
        Self { search, download, owned: clone.into_iter().chain([data]).collect(), cache: paths.cache.clone() }
    }

    /// The search folders and those below them, in order.
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for root in &self.search {
            all.push(root.clone());
            add_below(root, DEPTH, &mut all);
        }
        all
    }
}

fn add_below(folder: &Path, depth: usize, all: &mut Vec<PathBuf>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut below: Vec<PathBuf> = entries
        .filter(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .take(MOST_FOLDERS)
        .collect();
    below.sort();
    for folder in below {
        if all.len() >= MOST_FOLDERS {
            return;
        }
        all.push(folder.clone());
        add_below(&folder, depth, all);
    }
}

/// Whether files can be made in a folder, or the folder itself in its parent.
fn can_be_written(folder: &Path) -> bool {
    let nearest = folder.ancestors().find(|p| p.exists());
    nearest.is_some_and(|p| p.is_dir() && access(p, AccessFlags::W_OK | AccessFlags::X_OK).is_ok())
}

/// `~/` at the start stands for the home folder, as in a shell.
pub fn expand(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(set: &[(&str, &str)], settings: &Settings) -> Places {
        let paths = Paths::under(Path::new("/p"));
        let find = |key: &str| set.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v));
        Places::resolve(settings, &paths, find, Some(Path::new("/tree/target/release/xnai")))
    }

    #[test]
    fn the_environment_comes_before_settings_before_the_tree_before_the_data_folder() {
        let settings = Settings { path: vec!["~/m".into()], ..Default::default() };
        let places = resolve(&[("XNAI_MODELS_PATH", "/a::/b"), ("HOME", "/h"), ("XNAI_HOME", "/clone")], &settings);
        let expected =
            ["/a", "/b", "/h/m", "/clone/models", "/tree/target/release/models", "/tree/target/models", "/tree/models", "/p/data/models"];
        assert_eq!(places.search, expected.map(PathBuf::from));
    }

    #[test]
    fn downloads_go_into_the_clone_when_it_can_be_written_else_into_the_data_folder() {
        let clone = tempfile::tempdir().unwrap();
        let places = resolve(&[("XNAI_HOME", clone.path().to_str().unwrap())], &Settings::default());
        assert_eq!(places.download, clone.path().join("models"));
        assert_eq!(resolve(&[("XNAI_HOME", "/dev/null")], &Settings::default()).download, Path::new("/p/data/models"));
        assert_eq!(resolve(&[], &Settings::default()).download, Path::new("/p/data/models"));
    }

    #[test]
    fn folders_are_searched_two_levels_down_and_hidden_ones_are_not() {
        let root = tempfile::tempdir().unwrap();
        for below in ["kokoro/voices/deep", ".hidden", "nano"] {
            fs::create_dir_all(root.path().join(below)).unwrap();
        }
        let found = Places::single(root.path(), root.path()).folders();
        let expected = ["", "kokoro", "kokoro/voices", "nano"].map(|p| if p.is_empty() { root.path().into() } else { root.path().join(p) });
        assert_eq!(found, expected);
    }
}
