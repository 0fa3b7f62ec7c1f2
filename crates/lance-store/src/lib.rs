//! Rows of text with vectors, kept in LanceDB behind a small blocking interface of plain data.
//!
//! No type of LanceDB or Arrow is in a public signature, and nothing is generic: whoever uses this crate compiles
//! none of theirs. Every function blocks; call none from inside an async runtime.

mod heal;
mod rows;
mod table;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use lancedb::{Connection, connect};
use tokio::runtime::Runtime;

pub use rows::{Hit, Row};
pub use table::{Kept, Table};

pub type Result<T> = std::result::Result<T, Fault>;

/// What went wrong, as far as a caller can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No space left on the disk, or the quota is used up.
    Full,
    /// There is no such table or version.
    Missing,
    Other,
}

#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: Kind,
    /// One line, without the library's file and line numbers.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<lancedb::Error> for Fault {
    fn from(error: lancedb::Error) -> Self {
        let message = error.to_string();
        let full = ["No space left on device", "os error 28", "Disk quota exceeded", "os error 122"];
        let missing = matches!(error, lancedb::Error::TableNotFound { .. } | lancedb::Error::IndexNotFound { .. });
        let kind = match () {
            () if full.iter().any(|sign| message.contains(sign)) => Kind::Full,
            () if missing => Kind::Missing,
            () => Kind::Other,
        };
        let first = message.lines().next().unwrap_or_default();
        Self { kind, message: first.split(", /").next().unwrap_or(first).trim().to_owned() }
    }
}

/// A folder of tables, with the threads that serve it.
#[derive(Clone)]
pub struct Store {
    folder: PathBuf,
    connection: Connection,
    runtime: Arc<Runtime>,
}

impl Store {
    /// Opens the folder; it must exist, and its path be absolute and UTF-8.
    pub fn open(folder: &Path, threads: usize) -> Result<Self> {
        let fault = |message: String| Fault { kind: Kind::Other, message };
        let uri = folder.to_str().filter(|_| folder.is_absolute());
        let uri = uri.ok_or_else(|| fault(format!("the path of the store must be absolute UTF-8: {}", folder.display())))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("lance-store")
            .enable_all()
            .build()
            .map_err(|e| fault(format!("no threads for the store: {e}")))?;
        let connection = runtime.block_on(connect(uri).execute())?;
        Ok(Self { folder: folder.to_owned(), connection, runtime: Arc::new(runtime) })
    }

    /// Names of all tables.
    pub fn tables(&self) -> Result<Vec<String>> {
        Ok(self.runtime.block_on(self.connection.table_names().execute())?)
    }

    /// Makes an empty table with its full-text index; without a dimension it holds no vectors.
    pub fn create(&self, name: &str, dimension: Option<usize>) -> Result<Table> {
        self.runtime.block_on(table::create(&self.connection, name, dimension))?;
        self.table(name)
    }

    /// Opens the newest version of a table.
    pub fn table(&self, name: &str) -> Result<Table> {
        let inner = self.runtime.block_on(self.connection.open_table(name).execute())?;
        Table::new(inner, self.runtime.clone())
    }

    /// Sets aside the newest versions that a power cut left empty or cut short; call only while nobody writes.
    /// Returns how many.
    pub fn heal(&self, name: &str) -> std::io::Result<usize> {
        heal::set_aside_broken(&self.folder.join(format!("{name}.lance")), &self.folder.join("broken"))
    }

    pub fn drop(&self, name: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.connection.drop_table(name, &[]))?)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.folder.display())
    }
}
