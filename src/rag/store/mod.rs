//! Where rows are kept and found: LanceDB, or memory for tests. Every version of a table can be looked at again.

#[cfg(feature = "lance")]
mod lance;
#[cfg(not(feature = "lance"))]
#[path = "absent.rs"]
mod lance;
#[cfg(test)]
pub mod memory;

use std::{collections::HashMap, path::Path};

use crate::error::Result;

/// Raised when the columns of the tables change.
pub const SCHEMA: u32 = 1;

/// One chunk of a document, as it is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Number of the document, see [`super::journal::Doc`].
    pub doc: u32,
    /// What is indexed: title, line feed, text.
    pub text: String,
    /// Bytes of `text` before the chunk's own text.
    pub lead: u32,
    /// Bytes of the document's extracted text.
    pub start: u64,
    pub end: u64,
    /// Of length one. A row without is found by its words alone.
    pub vector: Option<Vec<f32>>,
}

impl Row {
    pub fn title(&self) -> &str {
        self.text.get(..self.lead as usize).unwrap_or_default().trim_end_matches('\n')
    }

    /// The chunk's own text.
    pub fn own(&self) -> &str {
        self.text.get(self.lead as usize..).unwrap_or(&self.text)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hit {
    pub row: Row,
    /// BM25 score, or cosine.
    pub score: f32,
}

/// Document numbers that may answer, as ranges, both ends included.
pub type Only<'a> = Option<&'a [(u32, u32)]>;

/// A folder of tables.
pub trait Tables: Send + Sync {
    fn names(&self) -> Result<Vec<String>>;
    /// Makes an empty table; without a dimension it holds no vectors.
    fn create(&self, name: &str, dimension: Option<usize>) -> Result<Box<dyn Rows>>;
    /// Opens a table at its newest version.
    fn open(&self, name: &str) -> Result<Box<dyn Rows>>;
    /// Sets versions aside that a power cut left broken; only for whoever holds the writer's lock. Returns how many.
    fn heal(&self, name: &str) -> Result<usize>;
    fn drop_table(&self, name: &str) -> Result<()>;
}

/// One table at one version. Writing returns the number of the new version.
pub trait Rows: Send + Sync {
    fn version(&self) -> Result<u64>;
    /// Looks at an older version from now on.
    fn checkout(&self, version: u64) -> Result<()>;
    /// Makes the version checked out the newest.
    fn restore(&self) -> Result<u64>;
    fn add(&self, rows: Vec<Row>) -> Result<u64>;
    fn remove(&self, docs: &[u32]) -> Result<u64>;
    fn by_words(&self, text: &str, phrases: &[String], only: Only<'_>, limit: usize) -> Result<Vec<Hit>>;
    fn by_vector(&self, vector: &[f32], only: Only<'_>, limit: usize) -> Result<Vec<Hit>>;
    /// Hands every row of these documents, or of all, to `each`, without its vector.
    fn scan(&self, docs: Option<&[u32]>, each: &mut dyn FnMut(Row)) -> Result<()>;
    /// Chunks of every document it holds.
    fn census(&self) -> Result<HashMap<u32, u32>>;
    /// Folds small files and unindexed rows together, and builds the vector index once it pays.
    fn tidy(&self) -> Result<u64>;
    /// Removes superseded versions; `at_once` also those that a reader may still look at.
    fn prune(&self, at_once: bool) -> Result<()>;
}

/// Opens LanceDB in a folder, which is made if need be. `threads` 0 takes two.
pub fn open(folder: &Path, threads: usize) -> Result<Box<dyn Tables>> {
    lance::open(folder, if threads == 0 { 2 } else { threads })
}
