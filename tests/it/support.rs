//! What tests of all rooms need: files that are not in the repository, and a visible way to go without them.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The folder with the large model files: `XNAI_MODELS_PATH`, else `../shared/models` beside the repository.
///
/// Without it the test says so and passes, unless `CI` is set.
pub fn shared_models() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/models");
    let named = env::var_os("XNAI_MODELS_PATH").into_iter().flat_map(|list| env::split_paths(&list).collect::<Vec<_>>());
    let found = named.chain([beside]).find(|folder| folder.join("kokoro").is_dir());
    if found.is_none() {
        skipped("no folder with the shared models (XNAI_MODELS_PATH)");
    }
    found
}

/// Says that a test was skipped and why; fails instead where `CI` is set.
pub fn skipped(why: &str) {
    assert!(env::var_os("CI").is_none(), "this may not be skipped in CI: {why}");
    eprintln!("skipped: {why}");
}

/// A small disk in memory, unmounted when dropped. Only root can make one.
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    pub fn mount(kilobytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).stderr(Stdio::null()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        // Containers without the right to mount are an ordinary place for CI: said, not failed.
        eprintln!("skipped: no right to mount a small disk");
        None
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    #[cfg_attr(not(feature = "lance"), expect(dead_code, reason = "only the store's test needs it"))]
    pub fn grow(&self, kilobytes: usize) {
        let size = format!("remount,size={kilobytes}k");
        assert!(Command::new("mount").args(["-o", &size]).arg(self.path()).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
