//! A file into its sha256, computed once and remembered for as long as the file stays as it is.
//!
//! The memory is a JSON file in the cache folder. It may be deleted, damaged or written by two processes at once:
//! the worst that follows is that a file is read again.

use std::{
    collections::HashMap,
    fs::{self, File, Metadata, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result, Room},
    os::stop,
};

/// A file that has all of this unchanged has the content it had. The change time catches what `touch` can hide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Looks {
    bytes: u64,
    inode: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Looks {
    fn of(meta: &Metadata) -> Self {
        Self {
            bytes: meta.size(),
            inode: meta.ino(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    looks: Looks,
    sha256: String,
}

/// The memory of computed hashes.
#[derive(Debug)]
pub struct Hashes {
    file: PathBuf,
    known: Mutex<HashMap<PathBuf, Known>>,
}

impl Hashes {
    /// Reads the memory in a cache folder; one that is missing or damaged is empty.
    pub fn open(cache: &Path) -> Self {
        let file = cache.join("model-hashes.json");
        let known = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, known: Mutex::new(known) }
    }

    /// The hash of a file: remembered, or computed now.
    pub fn of(&self, path: &Path) -> Result<String> {
        match self.known(path) {
            Some(sha256) => Ok(sha256),
            None => self.fresh(path),
        }
    }

    /// The remembered hash, if the file still looks as it did.
    pub fn known(&self, path: &Path) -> Option<String> {
        let looks = Looks::of(&fs::metadata(path).ok()?);
        self.lock().get(path).filter(|k| k.looks == looks).map(|k| k.sha256.clone())
    }

    /// Computes the hash, whatever is remembered, and remembers it.
    pub fn fresh(&self, path: &Path) -> Result<String> {
        let (file, meta) = open_regular(path)?;
        let sha256 = digest(path, file)?;
        self.remember(path, Looks::of(&meta), &sha256);
        Ok(sha256)
    }

    /// Remembers a hash that was computed elsewhere, of the file as it is now.
    pub fn note(&self, path: &Path, sha256: &str) {
        if let Ok(meta) = fs::metadata(path) {
            self.remember(path, Looks::of(&meta), sha256);
        }
    }

    fn remember(&self, path: &Path, looks: Looks, sha256: &str) {
        self.lock().insert(path.to_owned(), Known { looks, sha256: sha256.to_owned() });
        if let Err(error) = self.save() {
            tracing::debug!(file = %self.file.display(), %error, "the hash could not be remembered");
        }
    }

    fn save(&self) -> std::io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
        let text = {
            let mut known = self.lock();
            known.retain(|path, _| path.exists());
            serde_json::to_vec_pretty(&*known)?
        };
        fresh.write_all(&text)?;
        fresh.persist(&self.file)?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Known>> {
        // A thread that panicked while inserting leaves a map that is still whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a file that has to be a regular one with something in it. Never blocks: a FIFO is refused, not waited for.
pub fn open_regular(path: &Path) -> Result<(File, Metadata)> {
    let refuse = |what: &str| Error::fetch(Room::Models, format!("{} {what}", path.display())).hint("name a model file");
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => refuse("does not exist"),
        std::io::ErrorKind::PermissionDenied => refuse("may not be read by this user"),
        _ => Error::io(Room::Models, "opening", path, &error),
    };
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits());
    let meta = fs::metadata(path).map_err(unreadable)?;
    match meta.file_type() {
        kind if kind.is_dir() => return Err(refuse("is a folder, not a model file")),
        kind if kind.is_fifo() => return Err(refuse("is a pipe, not a model file")),
        kind if !kind.is_file() => return Err(refuse("is a device or a socket, not a model file")),
        _ if meta.size() == 0 => return Err(refuse("is empty")),
        _ => {}
    }
    let file = options.open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if meta.is_file() { Ok((file, meta)) } else { Err(refuse("is no regular file")) }
}

/// The sha256 of a whole file, in lower-case hexadecimal. Ends early when the user asks to stop.
pub fn digest(path: &Path, file: File) -> Result<String> {
    digest_while(path, file, stop::check)
}

fn digest_while(path: &Path, mut file: File, may_go_on: impl Fn() -> Result<()>) -> Result<String> {
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 18];
    loop {
        may_go_on()?;
        match file.read(&mut block) {
            Ok(0) => return Ok(format!("{:x}", hash.finalize())),
            Ok(n) => hash.update(&block[..n]),
            Err(error) => return Err(Error::io(Room::Models, "reading", path, &error)),
        }
    }
}

/// The hash that a script of ours recorded beside a file it made: `FILE.sha256`, as `sha256sum` writes it.
pub fn recorded(path: &Path) -> Option<String> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".sha256");
    let mut text = String::new();
    File::open(beside).ok()?.take(4096).read_to_string(&mut text).ok()?;
    let name = path.file_name()?.to_str()?;
    text.lines().find_map(|line| {
        let (hash, file) = line.split_once(char::is_whitespace)?;
        let file = file.trim().trim_start_matches('*');
        let same = Path::new(file).file_name().is_some_and(|f| f == name);
        (same && super::registry::is_sha256(hash)).then(|| hash.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn a_hash_is_remembered_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("m.bin");
        fs::write(&file, "hello").unwrap();
        assert_eq!(Hashes::open(folder.path()).of(&file).unwrap(), HELLO);

        let later = Hashes::open(folder.path());
        assert_eq!(later.known(&file).as_deref(), Some(HELLO));
        fs::write(&file, "hellO").unwrap();
        assert_ne!(later.of(&file).unwrap(), HELLO);
    }

    #[test]
    fn reading_ends_in_the_middle_when_asked_to() {
        let big = tempfile::NamedTempFile::new().unwrap();
        big.as_file().set_len(1 << 22).unwrap();
        let asked = std::cell::Cell::new(0);
        let twice = || {
            asked.set(asked.get() + 1);
            if asked.get() > 2 { Err(Error::stopped()) } else { Ok(()) }
        };
        let error = digest_while(big.path(), big.reopen().unwrap(), twice).unwrap_err();
        assert_eq!((error.kind(), asked.get()), (crate::error::Kind::Stopped, 3));
    }

    #[test]
    fn a_damaged_memory_is_ignored_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("m.bin");
        fs::write(&file, "hello").unwrap();
        fs::write(folder.path().join("model-hashes.json"), "{\"/x\": [1,").unwrap();
        assert_eq!(Hashes::open(folder.path()).of(&file).unwrap(), HELLO);
        assert_eq!(Hashes::open(folder.path()).known(&file).as_deref(), Some(HELLO));
    }

    #[test]
    fn a_cache_that_cannot_be_written_costs_only_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("m.bin");
        fs::write(&file, "hello").unwrap();
        assert_eq!(Hashes::open(Path::new("/dev/null/cache")).of(&file).unwrap(), HELLO);
    }

    #[test]
    fn the_record_of_our_scripts_is_read_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (file, beside) = (folder.path().join("m.onnx"), folder.path().join("m.onnx.sha256"));
        assert_eq!(recorded(&file), None);
        for (text, expected) in [
            (format!("{HELLO}  m.onnx\n"), true),
            (format!("{HELLO} *models/m.onnx\n"), true),
            (format!("{HELLO}  other.onnx\n"), false),
            ("short  m.onnx\n".to_owned(), false),
        ] {
            fs::write(&beside, &text).unwrap();
            assert_eq!(recorded(&file).as_deref(), expected.then_some(HELLO), "{text}");
        }
    }
}
