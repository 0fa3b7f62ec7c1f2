//! Files into the store: what is new is added, what changed is replaced, what is gone is removed, the rest is left.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    embed::Embedder,
    extract::Skip,
    home::Home,
    journal::{Catalogue, Doc, EmbedderId},
    large,
    prepare::{Look, Prepared},
    store::{Row, SCHEMA, Tables},
    walk::{self, Refusal, source},
    work::{Batch, Old, Work},
    writer::{Maker, Writer},
};
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// Texts handed to the embedder at once.
const EMBED_BATCH: usize = 32;
/// Rows of one commit: some seconds of embedding, so that a kill loses little and commits stay few.
pub(super) const COMMIT_ROWS: usize = 256;

/// What is to be ingested.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub paths: Vec<PathBuf>,
    /// Put on every document found under `paths`.
    pub tags: Vec<String>,
    /// Builds the whole collection again with the embedder and chunker at hand.
    pub reembed: bool,
}

/// What happens meanwhile, for whoever shows it.
#[derive(Debug)]
pub enum Event<'a> {
    /// Another process writes to this store.
    Waiting,
    /// So many files will be looked at.
    Files(usize),
    File(&'a Path),
    /// So many of the passages at hand are embedded: of one large file, or of the files looked at so far.
    Passages {
        path: Option<&'a Path>,
        done: usize,
        all: usize,
    },
    /// These sources are on the disk now, whatever happens next.
    Stored(&'a [String]),
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub removed: usize,
    /// Chunks written.
    pub chunks: usize,
    /// Paths and why they were not taken.
    pub skipped: Vec<(PathBuf, String)>,
    pub notes: Vec<String>,
}

/// Everything an ingest needs.
pub struct Ingester<'a> {
    pub home: Home,
    pub tables: &'a dyn Tables,
    pub embedder: Option<&'a dyn Embedder>,
    pub chunk_chars: usize,
    pub turn: &'a Turn,
    pub watch: &'a mut dyn FnMut(Event<'_>),
}

impl<'a> Ingester<'a> {
    pub fn run(&mut self, request: &Request) -> Result<Report> {
        let mut found = walk::walk(&request.paths, self.turn)?;
        let mut writer = self.writer()?;
        let mut report = Report { skipped: std::mem::take(&mut found.unread), ..Report::default() };
        found.unread = report.skipped.clone();
        report.notes.append(&mut writer.notes);
        if request.reembed { self.rebuild(writer, request, &found, report) } else { self.update(writer, request, &found, report) }
    }

    /// What is new, what changed, what is gone, and what the index had lost.
    fn update(&mut self, mut writer: Writer<'a>, request: &Request, found: &walk::Found, mut report: Report) -> Result<Report> {
        let embed = self.fits(&writer, &mut report.notes)?;
        let gone = missing(&writer.journal().catalogue, found);
        let left = large::abandoned(&writer.journal().catalogue, found);
        let mut files = found.files.clone();
        let lost: Vec<PathBuf> = hollow(&writer).filter(|d| !gone.contains(&d.id)).map(Doc::path).collect();
        if !lost.is_empty() {
            report.notes.push(format!("the index had lost the passages of {}, which were read again", documents(lost.len())));
            files.extend(lost);
        }
        let batch = Batch { embed, ..Batch::default() };
        let mut work = Work { writer: &mut writer, old: None, request, asked: &found.files, batch, report };
        self.take_all(&mut work, &files)?;
        work.report.removed += gone.len();
        work.batch.gone.extend(gone);
        work.batch.gone.extend(left);
        self.flush(&mut work)?;
        let mut report = work.report;
        let without = hollow(&writer).count();
        if without > 0 {
            report.notes.push(format!("no passages until the files can be read: {}; {GONE_FOR_GOOD}", documents(without)));
        }
        writer.finish(false)?;
        Ok(report)
    }

    /// Takes these sources, or whatever lies below these folders, out of the store. Returns how many documents went.
    pub fn forget(&mut self, names: &[String]) -> Result<usize> {
        let mut writer = self.writer()?;
        let mut gone: Vec<u32> = Vec::new();
        for name in names {
            let path = Path::new(name).canonicalize().or_else(|_| std::path::absolute(name)).unwrap_or_else(|_| name.into());
            let meant = |d: &&Doc| d.source == *name || d.path().starts_with(&path);
            let before = gone.len();
            let Catalogue { docs, parts, .. } = &writer.journal().catalogue;
            gone.extend(docs.values().chain(parts.values()).filter(meant).map(|d| d.id));
            if gone.len() == before {
                let error = Error::reword(Room::Rag, format!("there is no source {name:?} in the store"));
                return Err(error.hint("`xnai sources` lists them"));
            }
        }
        gone.sort_unstable();
        gone.dedup();
        let count = gone.len();
        writer.commit(Vec::new(), gone)?;
        writer.finish(true)?;
        Ok(count)
    }

    pub(super) fn maker(&self) -> Maker {
        let embedder = self.embedder.map(|e| EmbedderId { id: e.id().to_owned(), dimension: e.dimension() });
        Maker { embedder, chunk_chars: self.chunk_chars }
    }

    fn writer(&mut self) -> Result<Writer<'a>> {
        let maker = self.maker();
        Writer::open(&self.home, self.tables, &maker, self.turn, &mut || (self.watch)(Event::Waiting))
    }

    /// Whether new rows get vectors that fit those in the store. Notes what does not fit.
    fn fits(&self, writer: &Writer<'_>, notes: &mut Vec<String>) -> Result<bool> {
        let (header, maker) = (&writer.journal().catalogue.header, self.maker());
        if header.schema != SCHEMA {
            let error = Error::reword(Room::Rag, "the index was made by another version of this program");
            return Err(error.hint("run `xnai ingest --reembed` to build it again"));
        }
        if header.chunker != maker.chunker() {
            notes.push(CHUNKER.into());
        }
        match (&header.embedder, &maker.embedder) {
            (stored, ours) if stored == ours => return Ok(ours.is_some()),
            (_, None) => notes.push("no embedder: new documents are found by their words alone until `xnai ingest --reembed`".into()),
            (None, Some(_)) => notes.push(WORDS_ONLY.into()),
            (Some(_), Some(_)) => notes.push(OTHER_EMBEDDER.into()),
        }
        Ok(false)
    }

    /// Everything again, beside the old collection, which it replaces at the end. What cannot be read now keeps the
    /// passages it had; only what a walked folder no longer holds is gone.
    fn rebuild(&mut self, writer: Writer<'a>, request: &Request, found: &walk::Found, report: Report) -> Result<Report> {
        let known = writer.journal().catalogue.clone();
        let gone = missing(&known, found);
        let kept = known.docs.values().filter(|d| !gone.contains(&d.id)).map(Doc::path);
        let files: BTreeSet<PathBuf> = kept.chain(found.files.iter().cloned()).collect();
        let mut successor = writer.successor(&self.maker())?;
        let batch = Batch { embed: self.embedder.is_some(), ..Batch::default() };
        let old = Some(Old { known: &known, rows: &*successor.old_rows, carried: 0 });
        let mut work = Work { writer: &mut successor.writer, old, request, asked: &found.files, batch, report };
        self.take_all(&mut work, &files)?;
        self.flush(&mut work)?;
        let carried = work.old.map_or(0, |old| old.carried);
        let mut report = work.report;
        if carried > 0 {
            report
                .notes
                .push(format!("the passages stored before were kept for {} that could not be read: {GONE_FOR_GOOD}", documents(carried)));
        }
        report.removed = known.docs.values().filter(|d| successor.writer.journal().catalogue.by_source(&d.source).is_none()).count();
        successor.take_over()?;
        Ok(report)
    }

    fn take_all(&mut self, work: &mut Work<'_, '_>, files: &BTreeSet<PathBuf>) -> Result<()> {
        (self.watch)(Event::Files(files.len()));
        for path in files {
            self.turn.alive()?;
            (self.watch)(Event::File(path));
            self.take(work, path)?;
            if work.batch.rows >= COMMIT_ROWS {
                self.flush(work)?;
            }
        }
        Ok(())
    }

    /// Looks at one file and puts what is to be done about it into the batch.
    fn take(&mut self, work: &mut Work<'_, '_>, path: &Path) -> Result<()> {
        let source = source(path);
        let known = work.old.as_ref().map_or(&work.writer.journal().catalogue, |old| old.known).by_source(&source).cloned();
        let stored = if work.old.is_some() { None } else { known.as_ref().map(|d| d.id) };
        let tags = if work.asked.contains(path) { &work.request.tags[..] } else { &[] };
        let (again, chunk_chars) = (work.request.reembed, self.chunk_chars);
        // What an interrupted run left of it, and nobody goes on with.
        let left = work.writer.parts_of(&source).into_iter().map(|part| part.id);
        match (Look { path, source: &source, known: known.as_ref(), tags, again, chunk_chars }).prepare() {
            Ok(Prepared::Same) => {
                work.report.unchanged += 1;
                work.batch.gone.extend(left);
            }
            Ok(Prepared::New(parcel)) => {
                *(if known.is_some() { &mut work.report.changed } else { &mut work.report.added }) += 1;
                work.report.chunks += parcel.rows.len();
                // What is built beside the old collection is not found before its end anyway.
                if large::is_large(&parcel) && work.old.is_none() {
                    return self.take_large(work, *parcel, stored);
                }
                work.put(*parcel);
                work.batch.gone.extend(left.chain(stored));
            }
            Err(Refusal::Unread(Skip(why))) => {
                work.report.skipped.push((path.to_owned(), why));
                work.carry(known)?;
            }
            Err(Refusal::Unfit(Skip(why))) => {
                work.report.skipped.push((path.to_owned(), why));
                work.report.removed += usize::from(stored.is_some());
                work.batch.gone.extend(left.chain(stored));
            }
        }
        Ok(())
    }

    /// Gives rows their vectors. `of`: the one file they are all from, how many of its rows went before, and all of them.
    pub(super) fn embed(&mut self, mut rows: Vec<&mut Row>, wanted: bool, of: (Option<&Path>, usize, usize)) -> Result<()> {
        let Some(embedder) = self.embedder.filter(|_| wanted) else { return Ok(()) };
        let (path, mut done, all) = of;
        // Alike in length together: a batch costs what its longest text costs.
        rows.sort_by_key(|row| row.text.len());
        for rows in rows.chunks_mut(EMBED_BATCH) {
            self.turn.alive()?;
            (self.watch)(Event::Passages { path, done, all });
            let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
            let vectors = embedder.embed(&texts, self.turn)?;
            rows.iter_mut().zip(vectors).for_each(|(row, vector)| row.vector = Some(vector));
            done += rows.len();
        }
        Ok(())
    }

    /// Embeds and commits what has come together.
    pub(super) fn flush(&mut self, work: &mut Work<'_, '_>) -> Result<()> {
        let mut batch = std::mem::take(&mut work.batch);
        work.batch.embed = batch.embed;
        self.embed(batch.parcels.iter_mut().flat_map(|p| &mut p.rows).collect(), batch.embed, (None, 0, batch.rows))?;
        let sources: Vec<String> = batch.parcels.iter().map(|p| p.doc.source.clone()).collect();
        work.writer.commit(batch.parcels, batch.gone)?;
        (self.watch)(Event::Stored(&sources));
        Ok(())
    }
}

/// Said when the store's chunks were cut by other rules than today's.
pub const CHUNKER: &str = "the chunk size changed since the index was made: `xnai ingest --reembed` applies it to all documents";
/// Said when there is an embedder now and there was none then.
pub const WORDS_ONLY: &str = "the index has no vectors, so words alone are compared: `xnai ingest --reembed` adds them";
/// Said when the store's vectors came from another model.
pub const OTHER_EMBEDDER: &str =
    "the index was embedded by another model, so words alone are compared: `xnai ingest --reembed` embeds it again";

const GONE_FOR_GOOD: &str = "`xnai forget` takes out what is gone for good";

fn documents(count: usize) -> String {
    if count == 1 { "1 document".into() } else { format!("{count} documents") }
}

/// Documents whose passages are lost.
fn hollow<'w>(writer: &'w Writer<'_>) -> impl Iterator<Item = &'w Doc> {
    writer.journal().catalogue.docs.values().filter(|d| d.is_hollow())
}

/// What the store knows below a walked folder and the walk did not meet again.
fn missing(catalogue: &Catalogue, found: &walk::Found) -> BTreeSet<u32> {
    let below = |path: &Path| found.folders.iter().any(|f| path.starts_with(f));
    // Below what could not be read everything may still be there.
    let doubtful = |path: &Path| found.unread.iter().any(|(u, _)| path.starts_with(u));
    let gone = |doc: &&Doc| {
        let path = doc.path();
        below(&path) && !found.files.contains(&path) && !doubtful(&path)
    };
    catalogue.docs.values().filter(gone).map(|d| d.id).collect()
}
