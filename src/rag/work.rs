//! An ingest in progress: what was decided about the files looked at, until it is stored.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    ingest::{Report, Request},
    journal::{Catalogue, Doc},
    store::Rows,
    writer::{Parcel, Writer},
};
use crate::error::{Error, Result, Room};

pub struct Work<'w, 'a> {
    pub writer: &'w mut Writer<'a>,
    /// In a rebuild what is to be replaced; otherwise the writer's own catalogue counts.
    pub old: Option<Old<'w>>,
    pub request: &'w Request,
    /// Files found under the paths of the request.
    pub asked: &'w BTreeSet<PathBuf>,
    pub batch: Batch,
    pub report: Report,
}

/// A collection that is being replaced.
pub struct Old<'w> {
    pub known: &'w Catalogue,
    pub rows: &'w dyn Rows,
    /// Documents taken over as they were.
    pub carried: usize,
}

impl Work<'_, '_> {
    pub fn put(&mut self, mut parcel: Parcel) {
        parcel.doc.id = self.writer.fresh_id();
        parcel.rows.iter_mut().for_each(|row| row.doc = parcel.doc.id);
        self.batch.rows += parcel.rows.len();
        self.batch.parcels.push(parcel);
    }

    /// Takes what the old collection holds of a document over into the new one.
    pub fn carry(&mut self, known: Option<Doc>) -> Result<()> {
        let (Some(old), Some(doc)) = (&mut self.old, known) else { return Ok(()) };
        let mut rows = Vec::new();
        old.rows.scan(Some(&[doc.id]), &mut |row| rows.push(row))?;
        if rows.len() != doc.chunks as usize {
            let error = Error::reword(Room::Rag, format!("{} cannot be read, and neither can its old passages", doc.source));
            return Err(error.hint("nothing was changed: make the file readable, or run `xnai forget` on it, and try again"));
        }
        old.carried += 1;
        rows.sort_by_key(|row| row.start);
        let mut doc = doc;
        if old.known.header.chunker != self.writer.journal().catalogue.header.chunker {
            // Cut by other rules: the next ingest that can read it takes it for changed.
            doc.sha256.clear();
        }
        self.put(Parcel { doc, rows });
        Ok(())
    }
}

#[derive(Default)]
pub struct Batch {
    pub parcels: Vec<Parcel>,
    pub gone: Vec<u32>,
    pub rows: usize,
    pub embed: bool,
}
