//! Paths that were named into the files they mean: folders are walked, what version control ignores is left out.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use ignore::WalkBuilder;

use super::extract::Skip;
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// Larger files are data, not documents. In bytes.
pub const LARGEST: u64 = 64 << 20;

/// What one path on the command line leads to.
#[derive(Debug, Default)]
pub struct Found {
    /// Absolute, folders resolved, in order.
    pub files: BTreeSet<PathBuf>,
    /// Folders that were walked: what is known below them and was not found again is gone.
    pub folders: Vec<PathBuf>,
    /// What could not be looked at, and why.
    pub unread: Vec<(PathBuf, String)>,
}

/// Walks every path. One that does not exist is an error: nothing is taken from a list with a slip in it.
pub fn walk(paths: &[PathBuf], turn: &Turn) -> Result<Found> {
    let mut found = Found::default();
    for path in paths {
        let whole = path.canonicalize().map_err(|e| {
            let error = Error::io(Room::Rag, "reading", path, &e);
            if e.kind() == io::ErrorKind::NotFound {
                error.hint("look at its name; if it was indexed and is gone for good, run `xnai forget PATH`")
            } else {
                error
            }
        })?;
        if whole.is_dir() {
            folder(&whole, &mut found, turn)?;
            found.folders.push(whole);
        } else {
            found.files.insert(whole);
        }
    }
    Ok(found)
}

fn folder(root: &Path, found: &mut Found, turn: &Turn) -> Result<()> {
    // Links are followed: loops are noticed and reported by the walker.
    let walker = WalkBuilder::new(root).follow_links(true).require_git(false).build();
    for entry in walker {
        turn.alive()?;
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|t| t.is_dir()) => {}
            Ok(entry) => drop(found.files.insert(entry.into_path())),
            Err(error) => {
                let path = path_of(&error).unwrap_or(root).to_owned();
                found.unread.push((path, reason(&error)));
            }
        }
    }
    Ok(())
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Loop { ancestor, .. } => format!("it is a link back to {}", ancestor.display()),
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => reason(err),
        ignore::Error::Io(io) => plain(io),
        other => other.to_string(),
    }
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "no permission to read it".into(),
        io::ErrorKind::NotFound => "it leads nowhere".into(),
        _ => error.to_string().split(" (os error").next().unwrap_or("it cannot be read").to_lowercase(),
    }
}

/// A path as people read it; bytes that are no text are written `\xE9`.
pub fn source(path: &Path) -> String {
    let chunk = |c: std::str::Utf8Chunk<'_>| {
        let bad: String = c.invalid().iter().map(|b| format!("\\x{b:02X}")).collect();
        c.valid().to_owned() + &bad
    };
    path.as_os_str().as_bytes().utf8_chunks().map(chunk).collect()
}

/// Why a file is not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It can be looked at, and is nothing for us: forget what was known of it.
    Unfit(Skip),
    /// It cannot be looked at now: keep what is known of it.
    Unread(Skip),
}

/// A file's bytes and when it was last changed, in seconds since 1970.
pub struct Content {
    pub bytes: Vec<u8>,
    pub modified: i64,
}

/// Reads a regular file of bearable size; never blocks on a pipe.
pub fn read(path: &Path) -> std::result::Result<Content, Refusal> {
    let unread = |e: io::Error| Refusal::Unread(Skip(plain(&e)));
    let unfit = |why: String| Refusal::Unfit(Skip(why));
    // Without O_NONBLOCK opening a pipe waits for its writer, perhaps for ever.
    let file = fs::OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path).map_err(unread)?;
    let about = file.metadata().map_err(unread)?;
    if !about.is_file() {
        return Err(unfit("it is no regular file".into()));
    }
    if about.len() > LARGEST {
        return Err(unfit(format!("it is larger than {} MB", LARGEST >> 20)));
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    // A file may grow while it is read: one byte more than the limit proves it.
    io::Read::read_to_end(&mut io::Read::take(file, LARGEST + 1), &mut bytes).map_err(unread)?;
    if bytes.len() as u64 > LARGEST {
        return Err(unfit(format!("it is larger than {} MB", LARGEST >> 20)));
    }
    let modified = about.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).map_or(0, |d| d.as_secs() as i64);
    Ok(Content { bytes, modified })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::turn::Session;

    fn names(found: &Found) -> Vec<String> {
        found.files.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn ignored_and_hidden_files_are_left_out_and_loops_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        for name in ["a.md", "b.txt", "draft.md", ".secret.md", "sub/c.md"] {
            fs::write(at(name), "text").unwrap();
        }
        fs::write(at(".gitignore"), "draft.md\n").unwrap();
        symlink(folder.path(), at("sub/back")).unwrap();
        let found = walk(&[folder.path().into()], &Session::new().turn()).unwrap();
        assert_eq!(names(&found), ["a.md", "b.txt", "c.md"]);
        assert!(found.unread.iter().any(|(path, why)| path.ends_with("sub/back") && why.contains("link back")), "{:?}", found.unread);
    }

    #[test]
    fn a_path_that_does_not_exist_is_a_sentence() {
        let error = walk(&["/no/such/file.md".into()], &Session::new().turn()).unwrap_err();
        assert!(error.to_string().contains("/no/such/file.md") && error.to_string().contains("xnai forget"), "{error}");
    }

    #[test]
    fn pipes_folders_and_giants_are_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.md");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(matches!(read(&pipe), Err(Refusal::Unfit(_))));
        assert!(matches!(read(folder.path()), Err(Refusal::Unfit(_))));
        let giant = folder.path().join("giant.txt");
        fs::File::create(&giant).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(matches!(read(&giant), Err(Refusal::Unfit(Skip(why))) if why.contains("64 MB")));
        assert!(matches!(read(&folder.path().join("gone")), Err(Refusal::Unread(_))));
    }
}
