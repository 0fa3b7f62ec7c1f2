//! The store's own record of what it holds: one line a commit, appended and synced before anything is acknowledged.
//!
//! The index can be lost and made again from it; a commit of the index that it does not name never happened. A line
//! that a kill or a power cut left unfinished is not a line.

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
}

impl Doc {
    pub fn path(&self) -> PathBuf {
        self.raw.as_deref().and_then(unhex).unwrap_or_else(|| PathBuf::from(&self.source))
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
    by_source: HashMap<String, u32>,
    next: u32,
    commits: usize,
    /// Bytes of whole lines.
    length: u64,
}

impl Catalogue {
    /// Reads a journal; `None` when there is none or it has no header yet.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(Room::Rag, "reading", path, &error)),
        };
        let mut catalogue = None;
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let Some(read) = line.strip_suffix(b"\n").and_then(|l| serde_json::from_slice(l).ok()) else { break };
            match (read, &mut catalogue) {
                (Line::Header(header), None) => catalogue = Some(Self { header, next: 1, ..Self::default() }),
                (Line::Commit(commit), Some(catalogue)) => catalogue.apply(commit),
                _ => break,
            }
            if let Some(catalogue) = &mut catalogue {
                catalogue.length += line.len() as u64;
            }
        }
        Ok(catalogue)
    }

    fn apply(&mut self, commit: Commit) {
        self.version = commit.version;
        self.commits += 1;
        for id in commit.gone {
            if let Some(doc) = self.docs.remove(&id)
                && self.by_source.get(&doc.source) == Some(&id)
            {
                self.by_source.remove(&doc.source);
            }
        }
        for doc in commit.put {
            self.next = self.next.max(doc.id + 1);
            self.by_source.insert(doc.source.clone(), doc.id);
            self.docs.insert(doc.id, doc);
        }
    }

    pub fn by_source(&self, source: &str) -> Option<&Doc> {
        self.docs.get(self.by_source.get(source)?)
    }

    pub fn chunks(&self) -> u64 {
        self.docs.values().map(|d| u64::from(d.chunks)).sum()
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
    /// Opens an existing journal and cuts off a line that was not finished.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let Some(catalogue) = Catalogue::read(path)? else { return Ok(None) };
        let open = || {
            let file = fs::OpenOptions::new().append(true).open(path)?;
            file.set_len(catalogue.length)?;
            Ok(file)
        };
        let file = open().map_err(|e| Error::io(Room::Rag, "opening", path, &e))?;
        Ok(Some(Self { path: path.to_owned(), file, catalogue }))
    }

    /// Starts a journal in place of whatever is there: atomically, complete with `commit`.
    pub fn start(path: &Path, header: Header, commit: Commit) -> Result<Self> {
        let mut catalogue = Catalogue { header: header.clone(), next: 1, ..Catalogue::default() };
        let file =
            replace(path, &[Line::Header(header), Line::Commit(commit.clone())]).map_err(|e| Error::io(Room::Rag, "writing", path, &e))?;
        catalogue.length = file.metadata().map_or(0, |m| m.len());
        catalogue.apply(commit);
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

    /// Writes the journal anew when most of its lines are history.
    pub fn compact(&mut self) -> Result<()> {
        if self.catalogue.commits <= 64 + self.catalogue.docs.len() / 4 {
            return Ok(());
        }
        let docs = self.catalogue.docs.values().cloned().collect();
        let commit = Commit { version: self.catalogue.version, put: docs, gone: Vec::new() };
        let next = self.catalogue.next;
        *self = Self::start(&self.path, self.catalogue.header.clone(), commit)?;
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
mod tests {
    use super::*;

    fn doc(id: u32, source: &str) -> Doc {
        Doc { id, source: source.into(), chunks: 1, ..Doc::default() }
    }

    fn journal(folder: &Path) -> Journal {
        let header = Header { schema: 1, chunker: "1/800".into(), table: "user-1".into(), embedder: None };
        Journal::start(&folder.join("user.journal"), header, Commit { version: 2, ..Commit::default() }).unwrap()
    }

    #[test]
    fn what_was_appended_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(folder.path());
        journal.append(Commit { version: 3, put: vec![doc(1, "/a"), doc(2, "/b")], gone: vec![] }).unwrap();
        journal.append(Commit { version: 4, put: vec![doc(3, "/a")], gone: vec![1] }).unwrap();
        let read = Catalogue::read(&journal.path).unwrap().unwrap();
        assert_eq!(read, journal.catalogue);
        assert_eq!((read.version, read.docs.len(), read.by_source("/a").unwrap().id), (4, 2, 3));
    }

    #[test]
    fn a_line_cut_anywhere_loses_that_line_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(folder.path());
        journal.append(Commit { version: 3, put: vec![doc(1, "/a")], gone: vec![] }).unwrap();
        let whole = journal.catalogue.clone();
        journal.append(Commit { version: 4, put: vec![doc(2, "/b")], gone: vec![] }).unwrap();
        let bytes = fs::read(&journal.path).unwrap();
        for cut in whole.length as usize..bytes.len() {
            fs::write(&journal.path, &bytes[..cut]).unwrap();
            let mut opened = Journal::open(&journal.path).unwrap().unwrap();
            assert_eq!(opened.catalogue, whole);
            opened.append(Commit { version: 4, put: vec![doc(2, "/b")], gone: vec![] }).unwrap();
            assert_eq!(Catalogue::read(&journal.path).unwrap().unwrap(), journal.catalogue);
        }
    }

    #[test]
    fn numbers_are_never_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(folder.path());
        for n in 0..200 {
            let id = journal.catalogue.fresh_id();
            let gone = if id > 1 { vec![id - 1] } else { vec![] };
            journal.append(Commit { version: n, put: vec![doc(id, "/a")], gone }).unwrap();
        }
        journal.compact().unwrap();
        let lines = fs::read_to_string(&journal.path).unwrap().lines().count();
        assert_eq!((lines, journal.catalogue.fresh_id()), (2, 201));
        assert_eq!(Journal::open(&journal.path).unwrap().unwrap().catalogue.fresh_id(), 201);
    }

    #[test]
    fn a_path_that_is_no_text_comes_back_as_it_was() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/caf\xe9.md"));
        let doc = Doc { raw: Some(hex(path.as_os_str().as_bytes())), ..doc(1, "/caf\\xe9.md") };
        assert_eq!(doc.path(), path);
    }
}
