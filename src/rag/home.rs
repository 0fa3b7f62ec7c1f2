//! Where a collection lives on disk: the files of a store, its one writer's lock, and what readers see of it.

use std::{
    fs::{self, File, TryLockError},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{
    journal::Catalogue,
    store::{Rows, Tables},
    terms::Terms,
};
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// How often a waiting writer asks again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The documents of the user.
pub const USER: &str = "user";
/// The documents that come with the program.
pub const DEMO: &str = "demo";

/// One collection in a store's folder.
#[derive(Clone, Debug)]
pub struct Home {
    pub folder: PathBuf,
    pub collection: String,
}

impl Home {
    pub fn new(folder: &Path, collection: &str) -> Self {
        Self { folder: folder.to_owned(), collection: collection.to_owned() }
    }

    pub fn journal(&self) -> PathBuf {
        self.folder.join(format!("{}.journal", self.collection))
    }

    pub fn terms(&self, table: &str) -> PathBuf {
        self.folder.join(format!("{table}.terms"))
    }

    /// Hash of the model that the collection was embedded with, if it was.
    pub fn embedder(&self) -> Result<Option<String>> {
        Ok(Catalogue::read(&self.journal())?.and_then(|c| c.header.embedder).map(|e| e.id))
    }

    /// The folder that LanceDB gets for itself.
    pub fn tables(folder: &Path) -> PathBuf {
        folder.join("lance")
    }

    /// Takes the store's writer lock, which goes when the file is dropped or the process dies. `waiting` is called
    /// once if somebody else holds it.
    pub fn lock(&self, turn: &Turn, waiting: &mut dyn FnMut()) -> Result<File> {
        let failed = |e: &std::io::Error| Error::io(Room::Rag, "locking", &self.folder, e);
        fs::create_dir_all(&self.folder).map_err(|e| failed(&e))?;
        let open = File::options().write(true).create(true).truncate(false).open(self.folder.join("writer.lock"));
        let file = open.map_err(|e| failed(&e))?;
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
                Err(TryLockError::WouldBlock) if !said => {
                    said = true;
                    waiting();
                }
                Err(TryLockError::WouldBlock) => thread::sleep(ASK_AGAIN),
            }
            turn.alive()?;
        }
    }
}

/// Tells one state of a journal from the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp(u64, u64, i64, i64);

impl Stamp {
    pub fn of(path: &Path) -> Self {
        fs::metadata(path).map_or_else(|_| Self::default(), |m| Self(m.ino(), m.len(), m.mtime(), m.mtime_nsec()))
    }
}

/// A collection as it was acknowledged last: what a search looks at, whatever a writer is doing meanwhile.
pub struct View {
    pub stamp: Stamp,
    pub catalogue: Catalogue,
    /// `None` while there is nothing to search.
    pub rows: Option<Box<dyn Rows>>,
    pub terms: Terms,
    /// The acknowledged version is lost and an older one answers, or parts of the journal are.
    pub behind: bool,
}

impl View {
    /// Opens the acknowledged version; the one before it when a power cut broke the newest.
    pub fn open(home: &Home, tables: &dyn Tables) -> Result<Self> {
        let stamp = Stamp::of(&home.journal());
        let mut catalogue = Catalogue::read(&home.journal())?.unwrap_or_default();
        if catalogue.docs.is_empty() {
            let behind = catalogue.damaged > 0;
            return Ok(Self { stamp, catalogue, rows: None, terms: Terms::default(), behind });
        }
        if catalogue.header.table.is_empty() {
            catalogue.header.table = table_of(home, tables, &catalogue).unwrap_or_default();
        }
        let table = catalogue.header.table.clone();
        let rows = tables.open(&table).or_else(|error| heal(home, tables, &table).ok_or(error))?;
        let behind = rows.checkout(catalogue.version).is_err() || catalogue.damaged > 0;
        let terms = Terms::read(&home.terms(&table)).unwrap_or_default();
        Ok(Self { stamp, catalogue, rows: Some(rows), terms, behind })
    }
}

/// Names of the tables that are or were this collection's.
pub fn tables_of(home: &Home, tables: &dyn Tables) -> Vec<String> {
    let ours = |name: &String| name.strip_prefix(&home.collection).is_some_and(|rest| rest.starts_with('-'));
    tables.names().unwrap_or_default().into_iter().filter(ours).collect()
}

/// The table that holds most of a catalogue's documents, where the journal does not name it any more.
pub fn table_of(home: &Home, tables: &dyn Tables, catalogue: &Catalogue) -> Option<String> {
    let whole = |name: &String| {
        let census = tables.open(name).and_then(|rows| rows.census()).unwrap_or_default();
        catalogue.docs.values().filter(|d| census.get(&d.id) == Some(&d.chunks)).count()
    };
    tables_of(home, tables).into_iter().max_by_key(whole)
}

/// Repairs a table as a reader, which it may while nobody writes.
fn heal(home: &Home, tables: &dyn Tables, table: &str) -> Option<Box<dyn Rows>> {
    let lock = File::options().write(true).open(home.folder.join("writer.lock")).ok()?;
    lock.try_lock().ok()?;
    tables.heal(table).ok()?;
    tables.open(table).ok()
}
