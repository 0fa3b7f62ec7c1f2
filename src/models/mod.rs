//! Model files: which there are, where they lie, whether they are what they claim, and how they get here.
//!
//! | file | turns |
//! |---|---|
//! | [`registry`] | `models/registry.toml` into entries and packs |
//! | [`places`] | environment and settings into the folders that are searched, and the one downloads go to |
//! | [`shelf`] | a role and a wish into a file that was checked |
//! | [`hashes`] | a file into its sha256, computed once and remembered |
//! | [`inspect`] | a file into "an engine may look at it", by its header and length |
//! | [`pull`] | names of packs and files into downloads; [`download`] does one, from one [`source`] |

pub mod download;
pub mod hashes;
#[cfg(feature = "net")]
mod http;
#[cfg(not(feature = "net"))]
#[path = "absent_http.rs"]
mod http;
pub mod inspect;
pub mod places;
pub mod pull;
pub mod registry;
mod remove;
pub mod shelf;
pub mod source;
mod whisper_file;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use inspect::inspect;
pub use places::Places;
pub use pull::{Manners, Pull, Watch};
pub use registry::{Entry, Registry, Role};
pub use shelf::Shelf;

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
    /// Those named on the command line, in addition: no setting, and not necessarily text.
    #[serde(skip)]
    pub trusted_too: Vec<PathBuf>,
}
