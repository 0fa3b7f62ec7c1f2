//! A file into a document and its rows, or into the reason why there is nothing to be done about it.

use std::{os::unix::ffi::OsStrExt, path::Path};

use sha2::{Digest, Sha256};

use super::{
    chunk,
    extract::{self, Extracted},
    journal::{Doc, hex},
    store::Row,
    walk::{self, Content, Refusal},
    writer::Parcel,
};

/// A file to be looked at.
pub struct Look<'a> {
    pub path: &'a Path,
    /// The path as people read it.
    pub source: &'a str,
    /// What the store knows of it.
    pub known: Option<&'a Doc>,
    /// Tags given to it now.
    pub tags: &'a [String],
    /// Even if it did not change.
    pub again: bool,
    /// Longest chunk, in characters.
    pub chunk_chars: usize,
}

pub enum Prepared {
    Same,
    New(Box<Parcel>),
}

impl Look<'_> {
    pub fn prepare(&self) -> Result<Prepared, Refusal> {
        let extractor = extract::by_name(self.path).map_err(Refusal::Unfit)?;
        let Content { bytes, modified } = walk::read(self.path)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let given = match self.known {
            Some(doc) if self.tags.is_empty() => doc.given.clone(),
            _ => self.tags.to_owned(),
        };
        let same = |d: &Doc| d.sha256 == sha256 && d.given == given && !self.again;
        if self.known.is_some_and(same) {
            return Ok(Prepared::Same);
        }
        let text = extractor.extract(&bytes).map_err(Refusal::Unfit)?;
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let rows = rows(&text, &name, self.chunk_chars);
        let title = if text.title.is_empty() { name.into_owned() } else { text.title };
        let (source, kind) = (self.source.to_owned(), extractor.kind().to_owned());
        let raw = self.path.to_str().is_none().then(|| hex(self.path.as_os_str().as_bytes()));
        let (chunks, bytes) = (rows.len() as u32, bytes.len() as u64);
        let doc = Doc { id: 0, source, raw, kind, title, tags: text.tags, given, modified, bytes, sha256, chunks, part: None };
        Ok(Prepared::New(Box::new(Parcel { doc, rows })))
    }
}

fn rows(text: &Extracted, name: &str, limit: usize) -> Vec<Row> {
    let row = |c: chunk::Chunk| {
        let lead = c.title.len() as u32 + 1;
        let text = format!("{}\n{}", c.title, &text.text[c.span.clone()]);
        Row { doc: 0, text, lead, start: c.span.start as u64, end: c.span.end as u64, vector: None }
    };
    chunk::chunks(text, name, limit).into_iter().map(row).collect()
}
