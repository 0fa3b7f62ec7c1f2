//! Model files: which there are, where they lie, whether they are what they claim.

use serde::{Deserialize, Serialize};

/// `[models]` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Folders searched for model files before the data folder; `XNAI_MODELS_PATH` adds to them.
    pub path: Vec<String>,
    /// Mirrors tried before a file's own address: `http://…` or `file://…`; `XNAI_MODELS_MIRROR` adds to them.
    pub mirrors: Vec<String>,
    /// Files without a pin that may be loaded all the same, by path.
    pub trust: Vec<String>,
}
