//! Documents into passages, a query into the best of them.

pub mod embed;
pub mod fake;

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    parcel::{Passages, Query},
    turn::Turn,
};

/// Finds passages: many at once, while one locked ingester writes.
pub trait Searcher: Send + Sync {
    fn search(&self, query: &Query, turn: &Turn) -> Result<Passages>;
}

/// `[rag]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Folder of the store; empty: `$XDG_DATA_HOME/xnai/rag`.
    pub store: String,
    /// Embedding model: registry id, path, `auto`, or `none` for words alone.
    pub embedder: String,
    /// Passages handed to the model.
    pub passages: usize,
    /// Longest chunk, in characters.
    pub chunk_chars: usize,
    pub threads: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { store: String::new(), embedder: "auto".into(), passages: 5, chunk_chars: 800, threads: 0 }
    }
}
