//! Documents into passages, a query into the best of them.

pub mod chunk;
pub mod embed;
pub mod extract;
pub mod fake;
pub mod filter;
pub mod fuse;
pub mod home;
pub mod ingest;
pub mod journal;
pub mod relevance;
pub mod search;
pub mod store;
pub mod terms;
pub mod walk;
pub mod words;
pub mod writer;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::{embed::Embedder, home::Home};
use crate::{
    error::Result,
    os::paths::Paths,
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

impl Settings {
    /// The store's folder: as configured, or the data folder's.
    pub fn folder(&self, paths: &Paths) -> PathBuf {
        if self.store.is_empty() { paths.data.join("rag") } else { PathBuf::from(&self.store) }
    }
}

/// Opens the documents for searching: the user's, or the demo ones while there are none. Nothing is made on disk but
/// an empty folder. Without an embedder words alone are compared, and every answer's notes say so.
pub fn open_searcher(settings: &Settings, paths: &Paths, embedder: Option<Box<dyn Embedder>>) -> Result<Box<dyn Searcher>> {
    let folder = settings.folder(paths);
    let tables = open_tables(&folder, settings)?;
    Ok(Box::new(search::Search::new(&folder, tables, embedder)))
}

/// Opens the tables in a store's folder, which is made if need be.
pub fn open_tables(folder: &Path, settings: &Settings) -> Result<Box<dyn store::Tables>> {
    store::open(&Home::tables(folder), settings.threads.into())
}
