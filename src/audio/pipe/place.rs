//! Where the pipes lie: a folder on tmpfs that only its user may enter, or, failing that, nowhere but in memory.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, AtFlags, OFlag, openat, posix_fallocate},
    libc,
    sys::{
        stat::{Mode, fstatat},
        statfs::{TMPFS_MAGIC, fstatfs},
    },
    unistd::{Uid, UnlinkatFlags, linkat, unlinkat},
};

use crate::{
    error::{Error, Result, Room},
    os::paths::Paths,
};

/// Where sound between the stages lies on this machine, and if not on tmpfs, why not.
#[derive(Clone)]
pub struct Place {
    path: PathBuf,
    folder: Result<Arc<Folder>, String>,
}

/// Looks at the runtime folder, and makes it if it is missing. Never an error: without tmpfs there is memory.
pub fn place(paths: &Paths) -> Place {
    let path = paths.runtime.clone();
    Place { folder: Folder::open(&path).map(Arc::new), path }
}

impl Place {
    /// No folder at all: sound stays in the program's own memory.
    pub fn memory() -> Self {
        Self { path: PathBuf::new(), folder: Err("this program keeps its sound to itself".into()) }
    }

    /// The folder, whether or not it can be used.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why sound stays in the program's own memory, where `xnai pipe` cannot reach it; none if it does not.
    pub fn why_not(&self) -> Option<&str> {
        self.folder.as_ref().err().map(String::as_str)
    }

    pub(super) fn folder(&self) -> Option<&Arc<Folder>> {
        self.folder.as_ref().ok()
    }

    /// The folder, for whoever looks for the pipe of another process.
    pub(super) fn shared(&self) -> Result<&Arc<Folder>> {
        self.folder.as_ref().map_err(|why| {
            let message = format!("no sound pipe can be reached: {why}");
            Error::reopen(Room::Audio, message).hint("set XDG_RUNTIME_DIR to a folder of yours on tmpfs")
        })
    }
}

/// An open folder: its files are reached through the descriptor, wherever its path leads by now.
pub struct Folder {
    handle: File,
}

impl Folder {
    fn open(path: &Path) -> Result<Self, String> {
        let why = |what: &str| format!("{} {what}", path.display());
        let failed = |doing: &str, e: &io::Error| format!("{} cannot be {doing}: {}", path.display(), words(e));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| failed("made", &e))?;
        let options = OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).clone();
        let handle = options.open(path).map_err(|e| match e.raw_os_error() {
            Some(libc::ENOTDIR | libc::ELOOP) => why("is a link or a file, and no folder"),
            _ => failed("opened", &e),
        })?;
        let facts = handle.metadata().map_err(|e| failed("examined", &e))?;
        if facts.uid() != Uid::effective().as_raw() {
            return Err(why("belongs to another user"));
        }
        if facts.mode() & 0o777 != 0o700 {
            handle.set_permissions(fs::Permissions::from_mode(0o700)).map_err(|e| failed("closed to other users", &e))?;
        }
        match fstatfs(&handle).map(|facts| facts.filesystem_type()) {
            Ok(TMPFS_MAGIC) => Ok(Self { handle }),
            Ok(_) => Err(why("is not on tmpfs")),
            Err(e) => Err(failed("examined", &e.into())),
        }
    }

    /// A file of zeros without a name, with all its memory: what is written later finds room.
    pub fn unnamed(&self, bytes: usize) -> Result<File> {
        let fault = |e: Errno| match e {
            Errno::ENOSPC | Errno::EDQUOT | Errno::ENOMEM => {
                let message = format!("no room on tmpfs for a sound pipe of {} kB", bytes >> 10);
                Error::make_room(Room::Audio, message).hint("remove files from XDG_RUNTIME_DIR")
            }
            e => Error::report(Room::Audio, format!("a sound pipe cannot be made: {}", e.desc())),
        };
        let flags = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
        let file = File::from(openat(&self.handle, ".", flags, Mode::S_IRUSR | Mode::S_IWUSR).map_err(fault)?);
        // Whatever the umask took or left.
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(|e| fault(Errno::from_raw(e.raw_os_error().unwrap_or(0))))?;
        posix_fallocate(&file, 0, libc::off_t::try_from(bytes).unwrap_or(libc::off_t::MAX)).map_err(fault)?;
        Ok(file)
    }

    /// Gives it a name; false if there is already such a file.
    pub fn name(&self, file: &File, name: &str) -> Result<bool> {
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(AT_FDCWD, own.as_str(), &self.handle, name, AtFlags::AT_SYMLINK_FOLLOW) {
            Ok(()) => Ok(true),
            Err(Errno::EEXIST) => Ok(false),
            Err(e) => Err(Error::report(Room::Audio, format!("the sound pipe {name} cannot be made: {}", e.desc())).hint("mount /proc")),
        }
    }

    /// Opens a file of this user that no other may open; a link is none.
    pub fn open_file(&self, name: &str) -> Result<File> {
        let refuse = |what: &str| Error::reopen(Room::Audio, format!("the sound pipe {name} {what}"));
        let flags = OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = openat(&self.handle, name, flags, Mode::empty());
        let file = File::from(opened.map_err(|e| refuse(&format!("cannot be opened: {}", e.desc().to_lowercase())))?);
        let facts = file.metadata().map_err(|e| refuse(&format!("cannot be examined: {e}")))?;
        if !facts.is_file() || facts.uid() != Uid::effective().as_raw() || facts.mode() & 0o077 != 0 {
            return Err(refuse("is not a private file of yours").hint("remove it"));
        }
        Ok(file)
    }

    /// Removes the name, if it is still the name of this file.
    pub fn remove(&self, name: &str, file: &File) {
        let same = |facts: nix::sys::stat::FileStat| file.metadata().is_ok_and(|own| own.ino() == facts.st_ino);
        if fstatat(&self.handle, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(same) {
            // Nobody can be helped by hearing that it is gone already.
            let _ = unlinkat(&self.handle, name, UnlinkatFlags::NoRemoveDir);
        }
    }

    /// Names of all files in it.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(format!("/proc/self/fd/{}", self.handle.as_raw_fd())).into_iter().flatten();
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }
}

/// "permission denied", without the number behind it.
fn words(error: &io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
