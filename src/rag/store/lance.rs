//! The store on LanceDB, through the crate that keeps its generics out of this one.

use std::{collections::HashMap, fs, path::Path};

use lance_store::{Fault, Kept, Kind, Store, Table};

use super::{Hit, Only, Row, Rows, Tables};
use crate::error::{Error, Result, Room};

/// From this many rows on an index of the vectors beats comparing all of them (8.6 ms at 10,000, 77 ms at 100,000).
const INDEX_FROM: usize = 20_000;
/// Minutes for which a reader may go on looking at a superseded version.
const GRACE: u32 = 10;

pub fn open(folder: &Path, threads: usize) -> Result<Box<dyn Tables>> {
    fs::create_dir_all(folder).map_err(|e| Error::io(Room::Rag, "making", folder, &e))?;
    // A relative path, or one that begins with "db", would be taken for something else.
    let folder = folder.canonicalize().map_err(|e| Error::io(Room::Rag, "opening", folder, &e))?;
    Ok(Box::new(Lance(Store::open(&folder, threads).map_err(error)?)))
}

fn error(fault: Fault) -> Error {
    let message = format!("the document store: {fault}");
    match fault.kind {
        Kind::Full => Error::make_room(Room::Rag, "the disk of the document store is full")
            .hint("free some space, or set rag.store to a folder elsewhere, and run the command again"),
        Kind::Missing | Kind::Other => Error::replace(Room::Rag, message).hint("run `xnai ingest --reembed` to build the index again"),
    }
}

struct Lance(Store);

impl Tables for Lance {
    fn names(&self) -> Result<Vec<String>> {
        self.0.tables().map_err(error)
    }

    fn create(&self, name: &str, dimension: Option<usize>) -> Result<Box<dyn Rows>> {
        Ok(Box::new(self.0.create(name, dimension).map_err(error)?))
    }

    fn open(&self, name: &str) -> Result<Box<dyn Rows>> {
        Ok(Box::new(self.0.table(name).map_err(error)?))
    }

    fn heal(&self, name: &str) -> Result<usize> {
        self.0.heal(name).map_err(|e| Error::io(Room::Rag, "repairing", Path::new(name), &e))
    }

    fn drop_table(&self, name: &str) -> Result<()> {
        self.0.drop(name).map_err(error)
    }
}

impl Rows for Table {
    fn version(&self) -> Result<u64> {
        self.version().map_err(error)
    }

    fn checkout(&self, version: u64) -> Result<()> {
        self.checkout(version).map_err(error)
    }

    fn restore(&self) -> Result<u64> {
        self.restore().map_err(error)
    }

    fn add(&self, rows: Vec<Row>) -> Result<u64> {
        let rows: Vec<lance_store::Row> = rows.into_iter().map(theirs).collect();
        self.add(&rows).map_err(error)
    }

    fn remove(&self, docs: &[u32]) -> Result<u64> {
        self.remove(docs).map_err(error)
    }

    fn by_words(&self, text: &str, phrases: &[String], only: Only<'_>, limit: usize) -> Result<Vec<Hit>> {
        Ok(self.by_words(text, phrases, only, limit).map_err(error)?.into_iter().map(hit).collect())
    }

    fn by_vector(&self, vector: &[f32], only: Only<'_>, limit: usize) -> Result<Vec<Hit>> {
        Ok(self.by_vector(vector, only, limit).map_err(error)?.into_iter().map(hit).collect())
    }

    fn scan(&self, docs: Option<&[u32]>, each: &mut dyn FnMut(Row)) -> Result<()> {
        self.scan(docs, &mut |row| each(ours(row))).map_err(error)
    }

    fn census(&self) -> Result<HashMap<u32, u32>> {
        self.census().map_err(error)
    }

    fn tidy(&self) -> Result<u64> {
        if self.dimension().is_some() && self.rows().map_err(error)? >= INDEX_FROM && !self.has_vector_index().map_err(error)? {
            self.index_vectors().map_err(error)?;
        }
        self.tidy().map_err(error)
    }

    fn prune(&self, at_once: bool) -> Result<()> {
        self.prune(if at_once { Kept::Nothing } else { Kept::Minutes(GRACE) }).map_err(error)
    }
}

fn theirs(row: Row) -> lance_store::Row {
    lance_store::Row { doc: row.doc, text: row.text, lead: row.lead, start: row.start, end: row.end, vector: row.vector }
}

fn ours(row: lance_store::Row) -> Row {
    let lance_store::Row { doc, text, lead, start, end, vector } = row;
    Row { doc, text, lead, start, end, vector }
}

fn hit(hit: lance_store::Hit) -> Hit {
    Hit { row: ours(hit.row), score: hit.score }
}
