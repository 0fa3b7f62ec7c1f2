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
mod large;
mod prepare;
pub mod relevance;
pub mod search;
mod stop;
pub mod store;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod walk;
pub mod words;
mod work;
pub mod writer;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::{embed::Embedder, home::Home, search::Search};
use crate::{
    error::Result,
    os::paths::Paths,
    parcel::{ModelFile, Passages, Query},
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
    /// Whose documents answer; not a setting of the user's.
    #[serde(skip)]
    pub collection: Collection,
}

/// Whose documents answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collection {
    /// The user's, or the demo ones while there are none.
    #[default]
    Auto,
    User,
    Demo,
}

impl Default for Settings {
    fn default() -> Self {
        Self { store: String::new(), embedder: "auto".into(), passages: 5, chunk_chars: 800, threads: 0, collection: Collection::Auto }
    }
}

impl Settings {
    /// The store's folder: as configured, or the data folder's.
    pub fn folder(&self, paths: &Paths) -> PathBuf {
        if self.store.is_empty() { paths.data.join("rag") } else { PathBuf::from(&self.store) }
    }
}

/// The files of the embedder, found and checked; neither where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    pub model: Option<ModelFile>,
    pub tokenizer: Option<ModelFile>,
}

impl Files {
    /// The embedder; `None` where a file is missing, or where `auto` found one that this build or machine cannot run.
    pub fn open(&self, settings: &Settings, threads: usize) -> Result<Option<Box<dyn Embedder>>> {
        let (Some(model), Some(tokenizer)) = (&self.model, &self.tokenizer) else { return Ok(None) };
        match embed::open(model, tokenizer, threads) {
            Ok(embedder) => Ok(Some(embedder)),
            Err(error) if settings.embedder == "auto" => {
                tracing::warn!(%error, "searching by words alone");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Opens the documents for searching. Nothing is made on disk but an empty folder. Without an embedder words alone are
/// compared, and the notes of every answer say so.
pub fn open_searcher(settings: &Settings, paths: &Paths, files: &Files, threads: usize) -> Result<Box<dyn Searcher>> {
    let folder = settings.folder(paths);
    let tables = open_tables(&folder, settings)?;
    let embedder = files.open(settings, threads)?;
    Ok(Box::new(match settings.collection {
        Collection::Auto => Search::new(&folder, tables, embedder),
        Collection::User => Search::only(&folder, home::USER, tables, embedder),
        Collection::Demo => Search::only(&folder, home::DEMO, tables, embedder),
    }))
}

/// Opens the tables in a store's folder, which is made if need be.
pub fn open_tables(folder: &Path, settings: &Settings) -> Result<Box<dyn store::Tables>> {
    store::open(&Home::tables(folder), settings.threads.into())
}
