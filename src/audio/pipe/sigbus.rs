//! A file that is cut off under a mapping: the signal that would end the program becomes a mark on the mapping.
//!
//! Touching a mapped page that the file no longer has raises SIGBUS. The handler here puts fresh zero pages in place of
//! the whole mapping and marks it broken, so that the access goes on and whoever looks at the mark stops. Faults
//! elsewhere go where they went before: to the handler that was there, or to the end of the process.

use std::{
    mem,
    sync::{
        OnceLock,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
};

use nix::libc;

use crate::error::{Error, Result, Room};

/// More pipes than a process ever has: three for each of many pipelines in a test.
const MOST: usize = 512;

struct Entry {
    /// Address of the mapping; 0: free; 1: being taken.
    start: AtomicUsize,
    bytes: AtomicUsize,
    broken: AtomicBool,
}

static ENTRIES: [Entry; MOST] =
    [const { Entry { start: AtomicUsize::new(0), bytes: AtomicUsize::new(0), broken: AtomicBool::new(false) } }; MOST];

/// What handled SIGBUS before; `None` inside if our own handler could not be installed.
static BEFORE: OnceLock<Option<libc::sigaction>> = OnceLock::new();

/// Watches one mapping for as long as it lives. Must be dropped before the mapping is.
pub struct Guard(&'static Entry);

impl Guard {
    /// `start` is where a mapping of `bytes` begins, both multiples of the page size.
    pub fn watch(start: usize, bytes: usize) -> Result<Self> {
        let full = || Error::retry(Room::Audio, "the process has too many sound pipes open").hint("close some");
        if BEFORE.get_or_init(install).is_none() {
            return Err(Error::report(Room::Audio, "the system refuses a handler for SIGBUS"));
        }
        let entry = ENTRIES.iter().find(|e| e.start.compare_exchange(0, 1, Acquire, Relaxed).is_ok()).ok_or_else(full)?;
        entry.bytes.store(bytes, Relaxed);
        entry.broken.store(false, Relaxed);
        entry.start.store(start, Release);
        Ok(Self(entry))
    }

    /// The file no longer holds what is mapped; what is read since then are zeros.
    pub fn broken(&self) -> bool {
        self.0.broken.load(Relaxed)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.start.store(0, Release);
    }
}

fn install() -> Option<libc::sigaction> {
    // SAFETY: all zeros is a valid sigaction (no handler, no flags, empty mask).
    let mut ours: libc::sigaction = unsafe { mem::zeroed() };
    ours.sa_sigaction = caught as *const () as usize;
    // On the alternative stack, where the runtime of Rust expects its own handler of stack overflows to be.
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: as above.
    let mut before: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: both structures live through the call, and `caught` has the form that SA_SIGINFO asks for.
    let done = unsafe { libc::sigaction(libc::SIGBUS, &raw const ours, &raw mut before) } == 0;
    done.then_some(before)
}

/// Only loads and stores of atomics, and two system calls: all that a signal handler may do.
extern "C" fn caught(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo_t, and for SIGBUS it holds the address.
    let address = unsafe { (*info).si_addr() } as usize;
    let hit = |entry: &&Entry| {
        let start = entry.start.load(Acquire);
        start > 1 && (start..start + entry.bytes.load(Relaxed)).contains(&address)
    };
    match ENTRIES.iter().find(hit) {
        Some(entry) if replace(entry) => entry.broken.store(true, Relaxed),
        _ => pass_on(signal, info, context),
    }
}

/// Fresh zero pages in place of the mapping.
fn replace(entry: &Entry) -> bool {
    let (start, bytes) = (entry.start.load(Relaxed) as *mut libc::c_void, entry.bytes.load(Relaxed));
    let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the range is exactly one mapping that its guard's owner keeps alive, and nobody holds a reference into it
    // but to atomics, for which any value is valid. It is unmapped later like the one it replaces.
    unsafe { libc::mmap(start, bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) == start }
}

/// As if we were not here.
fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let before = BEFORE.get().copied().flatten();
    let handler = before.map_or(libc::SIG_DFL, |before| before.sa_sigaction);
    if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
        // SAFETY: returning to the faulting instruction raises the signal again, and then it ends the process.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        return;
    }
    if before.is_some_and(|before| before.sa_flags & libc::SA_SIGINFO != 0) {
        // SAFETY: it was installed with SA_SIGINFO, so this is the form of the function behind the address.
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = unsafe { mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: as above, without SA_SIGINFO.
        let handler: extern "C" fn(libc::c_int) = unsafe { mem::transmute(handler) };
        handler(signal);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        env,
        os::unix::process::ExitStatusExt,
        process::{Command, Stdio},
    };

    use memmap2::MmapRaw;

    use super::*;

    const ORDER: &str = "XNAI_TEST_SIGBUS";

    /// The last byte of a file of two pages that was cut to one.
    fn touch_what_is_gone(guarded: bool) -> (u8, bool) {
        let file = tempfile::tempfile().unwrap();
        file.set_len(8192).unwrap();
        let map = MmapRaw::map_raw(&file).unwrap();
        let guard = Guard::watch(if guarded { map.as_ptr() as usize } else { 4096 }, 8192).unwrap();
        // SAFETY: mapped and writable.
        unsafe { map.as_mut_ptr().add(8191).write_volatile(7) };
        file.set_len(4096).unwrap();
        // SAFETY: mapped; that the file is shorter is what is tried.
        let found = unsafe { map.as_ptr().add(8191).read_volatile() };
        (found, guard.broken())
    }

    #[test]
    fn what_is_gone_reads_as_zeros_and_is_marked() {
        assert_eq!(touch_what_is_gone(true), (0, true));
        assert_eq!(touch_what_is_gone(true), (0, true), "as often as it happens");
    }

    #[test]
    fn a_fault_elsewhere_still_ends_the_process() {
        if env::var_os(ORDER).is_some() {
            touch_what_is_gone(false);
            return;
        }
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "audio::pipe::sigbus::tests::a_fault_elsewhere_still_ends_the_process"]).env(ORDER, "1");
        let status = child.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGBUS));
    }
}
