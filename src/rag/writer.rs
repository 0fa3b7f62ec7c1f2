//! The one who may change a collection: commits rows and their documents together, or not at all.
//!
//! Order of a commit: rows into a new version of the table, everything synced, then one line in the journal. Only
//! then is it acknowledged. Whatever the table holds beyond its journal is rolled back when it is opened again.

use std::fs::File;

use super::{
    chunk,
    home::{self, Home},
    journal::{Catalogue, Commit, Doc, EmbedderId, Header, Journal},
    store::{Row, Rows, SCHEMA, Tables},
    terms::Terms,
};
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// Upkeep is done after so many commits, and at the end of every ingest that changed anything.
const TIDY_EVERY: usize = 32;

/// What the rows of a new table are made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    pub embedder: Option<EmbedderId>,
    /// Longest chunk, in characters.
    pub chunk_chars: usize,
}

impl Maker {
    pub fn chunker(&self) -> String {
        format!("{}/{}", chunk::VERSION, self.chunk_chars)
    }

    fn header(&self, table: String) -> Header {
        Header { schema: SCHEMA, chunker: self.chunker(), table, embedder: self.embedder.clone() }
    }
}

/// A document ready to be stored, with its rows.
pub struct Parcel {
    pub doc: Doc,
    pub rows: Vec<Row>,
}

pub struct Writer<'a> {
    home: Home,
    tables: &'a dyn Tables,
    rows: Box<dyn Rows>,
    journal: Journal,
    terms: Terms,
    untidy: usize,
    /// What had to be mended, for whoever reports.
    pub notes: Vec<String>,
    _lock: File,
}

impl<'a> Writer<'a> {
    /// Takes the lock, then makes the collection, or opens it and brings index and journal in line.
    pub fn open(home: &Home, tables: &'a dyn Tables, maker: &Maker, turn: &Turn, waiting: &mut dyn FnMut()) -> Result<Self> {
        let lock = home.lock(turn, waiting)?;
        let Some(mut journal) = Journal::open(&home.journal())? else { return Self::begin(home, tables, maker, lock) };
        let damaged = journal.catalogue.damaged > 0;
        let notes = if damaged { vec![mend(home, tables, maker, &mut journal)?] } else { Vec::new() };
        let table = journal.catalogue.header.table.clone();
        sweep(home, tables, &table);
        let opened = tables.heal(&table).and_then(|_| tables.open(&table));
        let dimension = journal.catalogue.header.embedder.as_ref().map(|e| e.dimension);
        let (rows, remade) = match opened {
            Ok(rows) => (rows, false),
            // Beyond repair: an empty table, and every document is to be read again.
            Err(_) => {
                drop(tables.drop_table(&table));
                (tables.create(&table, dimension)?, true)
            }
        };
        let terms = Terms::read(&home.terms(&table));
        let mut writer = Self { home: home.clone(), tables, rows, journal, terms: Terms::default(), untidy: 0, notes, _lock: lock };
        if damaged || remade {
            writer.reconcile()?
        } else {
            writer.align()?
        }
        match terms.filter(|t| u64::from(t.chunks()) == writer.journal.catalogue.chunks()) {
            Some(terms) => writer.terms = terms,
            None => writer.count_terms()?,
        }
        Ok(writer)
    }

    fn begin(home: &Home, tables: &'a dyn Tables, maker: &Maker, lock: File) -> Result<Self> {
        let table = format!("{}-1", home.collection);
        sweep(home, tables, "");
        let (rows, journal) = fresh(home, tables, maker, table)?;
        let terms = Terms::default();
        Ok(Self { home: home.clone(), tables, rows, journal, terms, untidy: 0, notes: Vec::new(), _lock: lock })
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    pub fn fresh_id(&mut self) -> u32 {
        self.journal.catalogue.fresh_id()
    }

    /// Brings the table to exactly what the journal acknowledges.
    fn align(&mut self) -> Result<()> {
        let acknowledged = self.journal.catalogue.version;
        if self.rows.version()? == acknowledged {
            return Ok(());
        }
        if self.rows.checkout(acknowledged).is_ok() {
            let version = self.rows.restore()?;
            return self.acknowledge(Commit { version, ..Commit::default() });
        }
        self.rows = self.tables.open(&self.journal.catalogue.header.table)?;
        self.reconcile()
    }

    /// Index and journal do not fit: keeps what is whole, empties the other documents of their rows, and has the
    /// journal remember that they are to be read again.
    fn reconcile(&mut self) -> Result<()> {
        let census = self.rows.census()?;
        let Catalogue { docs, parts, .. } = &self.journal.catalogue;
        let whole = |doc: &&Doc| census.get(&doc.id).copied().unwrap_or(0) == doc.chunks;
        let broken: Vec<Doc> = docs.values().filter(|d| !whole(d)).map(|d| d.clone().hollow()).collect();
        let gone: Vec<u32> = parts.values().filter(|d| !whole(d)).map(|d| d.id).collect();
        let known = |id: &u32| docs.get(id).or_else(|| parts.get(id));
        let stray: Vec<u32> = census.keys().filter(|id| known(id).is_none_or(|d| !whole(&d))).copied().collect();
        let version = if stray.is_empty() { self.rows.version()? } else { self.rows.remove(&stray)? };
        self.acknowledge(Commit { version, put: broken, gone })
    }

    /// Stores documents and takes others away, in one acknowledged step.
    pub fn commit(&mut self, parcels: Vec<Parcel>, gone: Vec<u32>) -> Result<()> {
        if parcels.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let outcome = self.write(parcels, &gone).and_then(|(version, put)| self.acknowledge(Commit { version, put, gone }));
        if outcome.is_ok() {
            self.keep_terms();
        } else {
            // As far as a full disk lets us: otherwise the next writer does it.
            drop(self.align());
        }
        outcome
    }

    /// What an interrupted run left of this source.
    pub fn parts_of(&self, source: &str) -> Vec<Doc> {
        self.journal.catalogue.parts.values().filter(|part| part.source == source).cloned().collect()
    }

    /// Stores some more rows of a document that is not whole yet, and what there is of it now.
    pub fn stage(&mut self, part: Doc, rows: Vec<Row>) -> Result<()> {
        self.commit(vec![Parcel { doc: part, rows }], Vec::new())
    }

    fn write(&mut self, parcels: Vec<Parcel>, gone: &[u32]) -> Result<(u64, Vec<Doc>)> {
        let mut put = Vec::with_capacity(parcels.len());
        let mut rows = Vec::new();
        for parcel in parcels {
            put.push(parcel.doc);
            rows.extend(parcel.rows);
        }
        let mut version = self.rows.version()?;
        if !gone.is_empty() {
            let terms = &mut self.terms;
            self.rows.scan(Some(gone), &mut |row| terms.remove(&row.text))?;
        }
        rows.iter().for_each(|row| self.terms.add(&row.text));
        if !rows.is_empty() {
            version = self.rows.add(rows)?;
        }
        if !gone.is_empty() {
            version = self.rows.remove(gone)?;
        }
        self.untidy += 1;
        Ok((version, put))
    }

    /// From here on it is promised: what the table says is on the disk, then the line that says so.
    fn acknowledge(&mut self, commit: Commit) -> Result<()> {
        self.sync()?;
        self.journal.append(commit)?;
        if self.untidy >= TIDY_EVERY { self.tidy() } else { Ok(()) }
    }

    /// LanceDB never syncs: everything written to the file system so far goes to the disk.
    fn sync(&self) -> Result<()> {
        let synced = File::open(&self.home.folder).and_then(|folder| Ok(nix::unistd::syncfs(&folder)?));
        synced.map_err(|e| Error::io(Room::Rag, "saving", &self.home.folder, &e))
    }

    fn tidy(&mut self) -> Result<()> {
        self.untidy = 0;
        let version = self.rows.tidy()?;
        self.acknowledge(Commit { version, ..Commit::default() })?;
        self.rows.prune(false)
    }

    /// Upkeep at the end. `at_once` also removes what older versions still hold: for documents to be forgotten.
    pub fn finish(mut self, at_once: bool) -> Result<()> {
        if self.untidy > 0 {
            self.tidy()?;
        }
        if at_once {
            self.rows.prune(true)?;
        }
        self.journal.compact()
    }

    fn count_terms(&mut self) -> Result<()> {
        let mut terms = Terms::default();
        self.rows.scan(None, &mut |row| terms.add(&row.text))?;
        self.terms = terms;
        self.keep_terms();
        Ok(())
    }

    /// A help for ranking; when it cannot be written it is counted again next time.
    fn keep_terms(&self) {
        drop(self.terms.write(&self.home.terms(&self.journal.catalogue.header.table)));
    }

    /// An empty successor of this collection beside it, for building everything again. Readers keep the old one until
    /// [`Successor::take_over`].
    pub fn successor(self, maker: &Maker) -> Result<Successor<'a>> {
        let old = self.journal.catalogue.header.table.clone();
        let number = old.rsplit('-').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0) + 1;
        let beside = Home::new(&self.home.folder, &format!("{}.next", self.home.collection));
        let table = format!("{}-{number}", self.home.collection);
        let (rows, journal) = fresh(&beside, self.tables, maker, table)?;
        let Self { home, tables, rows: old_rows, _lock, .. } = self;
        let writer = Writer { home: beside, tables, rows, journal, terms: Terms::default(), untidy: 0, notes: Vec::new(), _lock };
        Ok(Successor { writer, home, old, old_rows })
    }
}

/// A collection being built to replace another.
pub struct Successor<'a> {
    pub writer: Writer<'a>,
    /// The rows of the collection to be replaced, for what cannot be made again.
    pub old_rows: Box<dyn Rows>,
    home: Home,
    old: String,
}

impl Successor<'_> {
    /// Becomes the collection: one rename, after which the old table is dropped.
    pub fn take_over(mut self) -> Result<()> {
        let (from, to) = (self.writer.home.journal(), self.home.journal());
        if self.writer.untidy > 0 {
            self.writer.tidy()?;
        }
        self.writer.sync()?;
        std::fs::rename(&from, &to).map_err(|e| Error::io(Room::Rag, "replacing", &to, &e))?;
        self.writer.sync()?;
        drop(self.writer.tables.drop_table(&self.old));
        drop(std::fs::remove_file(self.home.terms(&self.old)));
        Ok(())
    }
}

fn fresh(home: &Home, tables: &dyn Tables, maker: &Maker, table: String) -> Result<(Box<dyn Rows>, Journal)> {
    if tables.names()?.contains(&table) {
        tables.drop_table(&table)?;
    }
    let rows = tables.create(&table, maker.embedder.as_ref().map(|e| e.dimension))?;
    let commit = Commit { version: rows.version()?, ..Commit::default() };
    let journal = Journal::start(&home.journal(), maker.header(table), vec![commit])?;
    Ok((rows, journal))
}

/// Writes a damaged journal anew. Returns what to tell about it.
fn mend(home: &Home, tables: &dyn Tables, maker: &Maker, journal: &mut Journal) -> Result<String> {
    let lines = journal.catalogue.damaged;
    let mut header = journal.catalogue.header.clone();
    if header.table.is_empty() {
        home::tables_of(home, tables).iter().for_each(|name| drop(tables.heal(name)));
        let table = home::table_of(home, tables, &journal.catalogue).unwrap_or_else(|| format!("{}-1", home.collection));
        // Which model made its vectors is not known any more: words alone are compared.
        header = Maker { embedder: None, ..maker.clone() }.header(table);
    }
    let copy = journal.mend(header)?;
    let note = format!(
        "the store's journal was damaged: {lines} of its lines could not be read, and documents that only they named must be ingested \
         again; a copy of it is {}",
        copy.display()
    );
    tracing::warn!("{note}");
    Ok(note)
}

/// Removes what an interrupted rebuild left behind. Failures do no harm: it is tried again next time.
fn sweep(home: &Home, tables: &dyn Tables, current: &str) {
    for name in home::tables_of(home, tables).iter().filter(|name| *name != current) {
        drop(tables.drop_table(name));
        drop(std::fs::remove_file(home.terms(name)));
    }
    drop(std::fs::remove_file(Home::new(&home.folder, &format!("{}.next", home.collection)).journal()));
}
