//! Where things are kept, by the XDG base directory rules.
//!
//! Nothing is created here: whoever writes a file creates its folder then.

use std::{
    env,
    path::{Path, PathBuf},
};

use nix::unistd::{Uid, User};

use crate::error::{Error, Result, Room};

/// The program's folders. `runtime` is gone after a reboot; `cache` may be deleted at any time; `data` is the user's;
/// `state` is what the program remembers for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub data: PathBuf,
    pub config: PathBuf,
    pub cache: PathBuf,
    pub state: PathBuf,
    pub runtime: PathBuf,
}

impl Paths {
    /// Reads the environment. Without `HOME` the account's home folder serves.
    pub fn from_env() -> Result<Self> {
        Self::resolve(|key| env::var_os(key).map(PathBuf::from), account_home)
    }

    /// The rules: a variable counts only when it holds an absolute path (XDG base directory specification 0.8).
    fn resolve(variable: impl Fn(&str) -> Option<PathBuf>, account_home: impl Fn() -> Option<PathBuf>) -> Result<Self> {
        let absolute = |key: &str| variable(key).filter(|p| p.is_absolute());
        let home = absolute("HOME").or_else(account_home);
        let under = |key: &str, rest: &str| {
            absolute(key).or_else(|| home.as_ref().map(|h| h.join(rest))).map(|p| p.join("xnai")).ok_or_else(|| {
                Error::reword(Room::Os, format!("no home folder: neither {key} nor HOME is set")).hint(format!("set {key} to a folder"))
            })
        };
        let shared_memory = || PathBuf::from(format!("/dev/shm/xnai-{}", Uid::effective()));
        Ok(Self {
            data: under("XDG_DATA_HOME", ".local/share")?,
            config: under("XDG_CONFIG_HOME", ".config")?,
            cache: under("XDG_CACHE_HOME", ".cache")?,
            state: under("XDG_STATE_HOME", ".local/state")?,
            runtime: absolute("XDG_RUNTIME_DIR").map_or_else(shared_memory, |p| p.join("xnai")),
        })
    }

    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// All folders under one root, for tests.
    pub fn under(root: &Path) -> Self {
        let [data, config, cache, state, runtime] = ["data", "config", "cache", "state", "run"].map(|name| root.join(name));
        Self { data, config, cache, state, runtime }
    }
}

fn account_home() -> Option<PathBuf> {
    User::from_uid(Uid::effective()).ok().flatten().map(|user| user.dir).filter(|dir| dir.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(set: &[(&str, &str)], home: Option<&str>) -> Result<Paths> {
        let find = |key: &str| set.iter().find(|(k, _)| *k == key).map(|(_, v)| PathBuf::from(v));
        Paths::resolve(find, || home.map(PathBuf::from))
    }

    #[test]
    fn variables_come_before_home() {
        let paths = resolve(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("XDG_RUNTIME_DIR", "/run/user/1")], None).unwrap();
        assert_eq!(paths.data, Path::new("/d/xnai"));
        assert_eq!(paths.cache, Path::new("/h/.cache/xnai"));
        assert_eq!(paths.runtime, Path::new("/run/user/1/xnai"));
    }

    #[test]
    fn a_relative_variable_is_ignored() {
        let paths = resolve(&[("HOME", "/h"), ("XDG_DATA_HOME", "d")], None).unwrap();
        assert_eq!(paths.data, Path::new("/h/.local/share/xnai"));
    }

    #[test]
    fn without_home_the_account_serves_and_without_both_it_says_so() {
        assert_eq!(resolve(&[], Some("/a")).unwrap().config, Path::new("/a/.config/xnai"));
        assert!(resolve(&[], None).unwrap_err().to_string().contains("XDG_DATA_HOME"));
    }
}
