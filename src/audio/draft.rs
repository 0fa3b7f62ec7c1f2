//! A file that has no name until it is whole: killed at any moment, it leaves nothing behind.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Seek, SeekFrom, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{OpenOptionsExt, PermissionsExt},
    },
    path::Path,
    process,
};

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, AtFlags},
    libc::O_TMPFILE,
    unistd::linkat,
};
use tempfile::NamedTempFile;

/// As any new file: the umask takes from it what the user wants taken.
const MODE: u32 = 0o666;

pub enum Draft {
    /// In no folder: the system forgets it with the last descriptor (`open(2)`, O_TMPFILE).
    Unnamed(File),
    /// Where the file system cannot do that; removed when dropped.
    Named(NamedTempFile),
}

impl Draft {
    /// Begins a file that can be given a name in this folder.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        let unnamed = OpenOptions::new().read(true).write(true).mode(MODE).custom_flags(O_TMPFILE).open(folder);
        match unnamed.map_err(|e| (e.raw_os_error().map(Errno::from_raw), e)) {
            Ok(file) => Ok(Self::Unnamed(file)),
            // What kernels and file systems answer that do not know O_TMPFILE.
            Err((Some(Errno::EOPNOTSUPP | Errno::EISDIR | Errno::EINVAL | Errno::ENOENT), _)) => {
                let mut builder = tempfile::Builder::new();
                builder.prefix(".xnai-").suffix(".wav").permissions(Permissions::from_mode(MODE));
                builder.tempfile_in(folder).map(Self::Named)
            }
            Err((_, error)) => Err(error),
        }
    }

    /// Gives the file its name; whatever had it before is replaced in one step.
    pub fn persist(self, target: &Path) -> io::Result<()> {
        match self {
            Self::Named(file) => file.persist(target).map(|_| ()).map_err(|e| e.error),
            Self::Unnamed(file) => {
                // A link cannot replace a file, a rename can: linked beside the target first.
                let beside = target.with_file_name(format!(".xnai-{}-{}.wav", process::id(), file.as_raw_fd()));
                let own = format!("/proc/self/fd/{}", file.as_raw_fd());
                linkat(AT_FDCWD, own.as_str(), AT_FDCWD, &beside, AtFlags::AT_SYMLINK_FOLLOW)?;
                fs::rename(&beside, target).inspect_err(|_| drop(fs::remove_file(&beside)))
            }
        }
    }

    pub fn file(&self) -> &File {
        match self {
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Seek for Draft {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file().seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_in_the_folder_before_the_name_and_one_file_after() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.wav");
        fs::write(&target, "old").unwrap();
        let mut draft = Draft::in_folder(folder.path()).unwrap();
        draft.write_all(b"new").unwrap();
        if matches!(draft, Draft::Unnamed(_)) {
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
        draft.persist(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
