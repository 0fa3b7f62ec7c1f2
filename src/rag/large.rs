//! A document too large for one commit: its rows go to the disk piece by piece and are found once the last is there.
//!
//! Until then the journal names it as a part, which searches leave out and which the next ingest goes on with. What
//! was stored of an older state of the file answers until the last step, which puts one in place of the other.

use std::path::Path;

use super::{
    ingest::{COMMIT_ROWS, Event, Ingester},
    journal::{Catalogue, Doc},
    store::Row,
    walk::Found,
    work::Work,
    writer::Parcel,
};
use crate::error::Result;

/// Documents with more rows than this are stored piece by piece.
const LARGE: usize = 2 * COMMIT_ROWS;

pub fn is_large(parcel: &Parcel) -> bool {
    parcel.rows.len() > LARGE
}

impl Ingester<'_> {
    /// Stores a large document in place of the one with the number `stored`.
    pub(super) fn take_large(&mut self, work: &mut Work<'_, '_>, parcel: Parcel, stored: Option<u32>) -> Result<()> {
        self.flush(work)?;
        let Parcel { mut doc, rows } = parcel;
        let chunker = self.maker().chunker();
        let (begun, outdated): (Vec<Doc>, Vec<Doc>) = work
            .writer
            .parts_of(&doc.source)
            .into_iter()
            .partition(|part| part.sha256 == doc.sha256 && part.part.as_ref() == Some(&chunker));
        let all = rows.len();
        let mut done = begun.first().map_or(0, |part| part.chunks as usize).min(all);
        doc.id = begun.first().map_or_else(|| work.writer.fresh_id(), |part| part.id);
        if done > 0 {
            work.report.notes.push(format!("{} goes on where it was left: {done} of {all} passages were there", doc.source));
        }
        let mut rest = rows.into_iter().skip(done);
        while done < all {
            let mut piece: Vec<Row> = rest.by_ref().take(COMMIT_ROWS).map(|row| Row { doc: doc.id, ..row }).collect();
            self.embed(piece.iter_mut().collect(), work.batch.embed, (Some(&doc.path()), done, all))?;
            done += piece.len();
            work.writer.stage(Doc { chunks: done as u32, part: Some(chunker.clone()), ..doc.clone() }, piece)?;
            (self.watch)(Event::Passages { path: Some(&doc.path()), done, all });
        }
        let sources = [doc.source.clone()];
        let gone = outdated.iter().chain(begun.iter().skip(1)).map(|part| part.id).chain(stored).collect();
        work.writer.commit(vec![Parcel { doc, rows: Vec::new() }], gone)?;
        (self.watch)(Event::Stored(&sources));
        Ok(())
    }
}

/// Parts of documents that nobody will finish: the file is gone.
pub fn abandoned(catalogue: &Catalogue, found: &Found) -> Vec<u32> {
    let unread = |path: &Path| found.unread.iter().any(|(u, _)| path.starts_with(u));
    let gone = |part: &&Doc| {
        let path = part.path();
        !found.files.contains(&path) && !unread(&path) && path.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
    };
    catalogue.parts.values().filter(gone).map(|part| part.id).collect()
}
