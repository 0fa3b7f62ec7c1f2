//! What libraries print to stderr while the screen is up goes into a file: it would be written across the picture.

use std::{
    fs::{File, OpenOptions},
    io::{IsTerminal, stderr},
    os::{
        fd::{AsRawFd, IntoRawFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
    sync::atomic::{AtomicI32, Ordering},
};

/// The real stderr, put aside; −1: nothing is put aside.
static ASIDE: AtomicI32 = AtomicI32::new(-1);

/// Puts stderr aside, if it is the terminal. What cannot be done leaves it as it was.
pub fn begin(folder: &Path) {
    if !stderr().is_terminal() || ASIDE.load(Ordering::Relaxed) >= 0 {
        return;
    }
    let Some(file) = file(folder) else { return };
    let Ok(aside) = nix::unistd::dup(stderr()) else { return };
    if nix::unistd::dup2_stderr(&file).is_ok() {
        // Closed on exec: no child of ours should hold the terminal.
        let _ = nix::fcntl::fcntl(&aside, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC));
        ASIDE.store(aside.into_raw_fd(), Ordering::Relaxed);
    }
}

fn file(folder: &Path) -> Option<File> {
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    open.open(folder.join("stderr.log")).or_else(|_| OpenOptions::new().write(true).open("/dev/null")).ok()
}

/// Puts it back. Nothing here allocates or locks: a signal handler calls it too.
pub fn end() {
    let aside = ASIDE.swap(-1, Ordering::Relaxed);
    if aside >= 0 {
        // SAFETY: both are open descriptors of ours: `aside` was made by `begin` and is closed only here, once.
        unsafe {
            nix::libc::dup2(aside, stderr().as_raw_fd());
            nix::libc::close(aside);
        }
    }
}
