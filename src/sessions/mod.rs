//! Conversations on disk: written as they happen, listed, found again, exported, removed.
//!
//! One file per conversation in the data folder, readable by its owner only: lines of JSON that are only ever added,
//! each question synced when it is asked and each exchange when it is over, on a thread of its own (`clerk`). A line that a power cut halved costs that line, nothing else.
//! With `sessions.save = false` nothing is written.

pub mod clerk;
pub mod entry;
pub mod id;
pub mod keeper;
pub mod markdown;
pub mod recorder;
pub mod scribe;
pub mod search;
pub mod show;
pub mod store;
mod tally;
pub mod when;

pub use clerk::Clerk;
pub use entry::{Asked, Citation, Ending, Entry, Timings};
pub use id::Id;
pub use keeper::Keeper;
pub use recorder::Recorder;
pub use scribe::Scribe;
pub use store::{Conversation, Sessions, Summary};

use serde::{Deserialize, Serialize};

/// `[sessions]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether conversations are written to disk at all.
    pub save: bool,
    /// How many conversations are kept; the oldest go. 0 keeps all.
    pub keep: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { save: true, keep: 0 }
    }
}
