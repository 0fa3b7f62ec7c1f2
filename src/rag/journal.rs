//! The store's own record of what it holds: one line a commit, appended and synced before anything is acknowledged.
//!
//! The index can be lost and made again from it; a commit of the index that it does not name never happened. A line
//! that a kill or a power cut left unfinished is not a line. Any other line that cannot be read is damage: it is
//! skipped, and the next writer keeps a copy of the file before it writes the journal anew.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Room};

/// What the index was made with. Vectors and chunks of different makers do not mix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub schema: u32,
    /// Version of the chunker and its limit: "1/800".
    pub chunker: String,
    /// Name of the table that holds the rows.
    pub table: String,
    pub embedder: Option<EmbedderId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedderId {
    /// The model's hash.
    pub id: String,
    pub dimension: usize,
}

/// A document that the index holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doc {
    pub id: u32,
    /// Its absolute path, as people read it.
    pub source: String,
    /// The path's bytes in hex, where they are no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    pub kind: String,
    pub title: String,
    /// From its front matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Given with `--tag`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
    /// Seconds since 1970.
    pub modified: i64,
    pub bytes: u64,
    pub sha256: String,
    pub chunks: u32,
    /// Only so many chunks of it are stored yet, cut by this chunker: it cannot be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl Doc {
    pub fn path(&self) -> PathBuf {
        self.raw.as_deref().and_then(unhex).unwrap_or_else(|| PathBuf::from(&self.source))
    }

    /// The index lost its passages: the file is to be read again as soon as it can be.
    pub fn is_hollow(&self) -> bool {
        self.chunks == 0 && self.sha256.is_empty()
    }

    /// The document as one whose passages are lost.
    pub fn hollow(self) -> Self {
        Self { chunks: 0, sha256: String::new(), ..self }
    }

    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().chain(&self.given).any(|t| t == tag)
    }
}

/// One commit: what it brought, what it took, and the version of the table that holds the result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    pub version: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<Doc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Header(Header),
    Commit(Commit),
}

/// Everything the journal says, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    pub header: Header,
    /// Version of the table that was acknowledged last.
    pub version: u64,
    pub docs: BTreeMap<u32, Doc>,
    /// Documents whose rows are still being written.
    pub parts: BTreeMap<u32, Doc>,
    by_source: HashMap<String, u32>,
    next: u32,
    /// Entries that say nothing any more.
    history: usize,
    /// Bytes of whole lines.
    length: u64,
    /// Lines that could not be read. With the first of them the header went: its table has no name then.
    pub damaged: usize,
}

impl Catalogue {
    /// Reads a journal; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(Room::Rag, "reading", path, &error)),
        };
        let mut catalogue = Self { next: 1, ..Self::default() };
        // It is written whole and then renamed: without a line it is not one that a kill left behind.
        catalogue.damaged = usize::from(!bytes.contains(&b'\n'));
        for (number, line) in bytes.split_inclusive(|b| *b == b'\n').filter(|l| l.ends_with(b"\n")).enumerate() {
            match serde_json::from_slice(line) {
                Ok(Line::Header(header)) if number == 0 => catalogue.header = header,
                Ok(Line::Commit(commit)) => {
                    catalogue.damaged += usize::from(number == 0);
                    catalogue.apply(commit);
                }
                _ => catalogue.damaged += 1,
            }
            catalogue.length += line.len() as u64;
        }
        Ok(Some(catalogue))
    }

    fn apply(&mut self, commit: Commit) {
        self.version = commit.version;
        self.history += usize::from(commit.put.is_empty());
        commit.gone.iter().for_each(|id| self.drop_doc(*id));
        for doc in commit.put {
            self.next = self.next.max(doc.id.saturating_add(1));
            self.drop_doc(doc.id);
            if doc.part.is_some() {
                self.parts.insert(doc.id, doc);
                continue;
            }
            // A source is one document, even where the line that took the older one away is damaged.
            self.by_source(&doc.source).map(|d| d.id).into_iter().for_each(|older| self.drop_doc(older));
            self.by_source.insert(doc.source.clone(), doc.id);
            self.docs.insert(doc.id, doc);
        }
    }

    fn drop_doc(&mut self, id: u32) {
        self.history += usize::from(self.parts.remove(&id).is_some());
        let Some(doc) = self.docs.remove(&id) else { return };
        self.history += 1;
        if self.by_source.get(&doc.source) == Some(&id) {
            self.by_source.remove(&doc.source);
        }
    }

    pub fn by_source(&self, source: &str) -> Option<&Doc> {
        self.docs.get(self.by_source.get(source)?)
    }

    pub fn chunks(&self) -> u64 {
        self.docs.values().chain(self.parts.values()).map(|d| u64::from(d.chunks)).sum()
    }

    /// A number that no document had before.
    pub fn fresh_id(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }
}

/// The journal, open for writing; the catalogue grows with it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: fs::File,
    pub catalogue: Catalogue,
}

impl Journal {
    /// Opens an existing journal and cuts off a line that was not finished. One that is damaged is left as it is: see
    /// [`Journal::mend`].
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let Some(catalogue) = Catalogue::read(path)? else { return Ok(None) };
        let open = || {
            let file = fs::OpenOptions::new().append(true).open(path)?;
            if catalogue.damaged == 0 {
                file.set_len(catalogue.length)?;
            }
            Ok(file)
        };
        let file = open().map_err(|e| Error::io(Room::Rag, "opening", path, &e))?;
        Ok(Some(Self { path: path.to_owned(), file, catalogue }))
    }

    /// Starts a journal in place of whatever is there: atomically, complete with `commits`.
    pub fn start(path: &Path, header: Header, commits: Vec<Commit>) -> Result<Self> {
        let mut catalogue = Catalogue { header: header.clone(), next: 1, ..Catalogue::default() };
        let lines: Vec<Line> = std::iter::once(Line::Header(header)).chain(commits.iter().cloned().map(Line::Commit)).collect();
        let file = replace(path, &lines).map_err(|e| Error::io(Room::Rag, "writing", path, &e))?;
        catalogue.length = file.metadata().map_or(0, |m| m.len());
        commits.into_iter().for_each(|commit| catalogue.apply(commit));
        Ok(Self { path: path.to_owned(), file, catalogue })
    }

    /// Appends a commit and returns once it is on the disk.
    pub fn append(&mut self, commit: Commit) -> Result<()> {
        let failed = |e: io::Error, path: &Path| Error::io(Room::Rag, "writing", path, &e);
        let mut line = serde_json::to_vec(&Line::Commit(commit.clone())).map_err(|e| failed(e.into(), &self.path))?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A half-written line would swallow the next one.
            drop(self.file.set_len(self.catalogue.length));
            return Err(failed(error, &self.path));
        }
        self.catalogue.length += line.len() as u64;
        self.catalogue.apply(commit);
        Ok(())
    }

    /// Writes the journal anew when much of it is history.
    pub fn compact(&mut self) -> Result<()> {
        if self.catalogue.history <= 64 + self.catalogue.docs.len() / 4 {
            return Ok(());
        }
        self.rewrite(self.catalogue.header.clone())
    }

    /// Keeps a copy of a damaged journal beside it, then writes it anew from the lines that could be read. Returns
    /// where the copy is. Until the next commit no version of the table counts as acknowledged.
    pub fn mend(&mut self, header: Header) -> Result<PathBuf> {
        let beside = |n: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".damaged-{n}"));
            PathBuf::from(name)
        };
        let copy = (1..).map(beside).find(|p| !p.exists()).unwrap_or_else(|| beside(0));
        let copied = fs::copy(&self.path, &copy).and_then(|_| fs::File::open(&copy)?.sync_all());
        copied.map_err(|e| Error::io(Room::Rag, "copying the damaged journal to", &copy, &e))?;
        self.catalogue.version = 0;
        self.rewrite(header)?;
        Ok(copy)
    }

    /// A line a document: damage to one leaves the others.
    fn rewrite(&mut self, header: Header) -> Result<()> {
        let version = self.catalogue.version;
        let put = |doc: &Doc| Commit { version, put: vec![doc.clone()], gone: Vec::new() };
        let mut commits: Vec<Commit> = self.catalogue.docs.values().chain(self.catalogue.parts.values()).map(put).collect();
        if commits.is_empty() {
            commits.push(Commit { version, ..Commit::default() });
        }
        let next = self.catalogue.next;
        *self = Self::start(&self.path, header, commits)?;
        self.catalogue.next = next;
        Ok(())
    }
}

/// Writes beside, syncs, renames, syncs the folder.
fn replace(path: &Path, lines: &[Line]) -> io::Result<fs::File> {
    let temporary = path.with_extension("journal.new");
    let file = fs::OpenOptions::new().append(true).create(true).open(&temporary)?;
    file.set_len(0)?;
    let mut writer = BufWriter::new(&file);
    for line in lines {
        serde_json::to_writer(&mut writer, line)?;
        writer.write_all(b"\n")?;
    }
    writer.flush()?;
    drop(writer);
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())?;
    Ok(file)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let digits = text.as_bytes().as_chunks::<2>().0;
    let bytes: Option<Vec<u8>> = digits.iter().map(|d| std::str::from_utf8(d).ok().and_then(|d| u8::from_str_radix(d, 16).ok())).collect();
    Some(std::ffi::OsString::from_vec(bytes?).into())
}

#[cfg(test)]
mod tests;
