//! What tests of all rooms need: files that are not in the repository, and a visible way to go without them.

use std::{env, path::PathBuf};

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
