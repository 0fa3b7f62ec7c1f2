//! Ctrl-C: noticed at once, obeyed within 200 ms.
//!
//! The first signal raises a flag that faces poll. Whoever has not ended after the grace period is ended from outside:
//! nothing in the program needs more, because nothing half-written ever stands under its final name.

use std::{
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ},
    iterator::Signals,
};

use crate::error::{Error, Kind, Result, Room};

/// What remains of the 200 ms after the face was given its chance.
const GRACE: Duration = Duration::from_millis(180);

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Run last of all, whatever ends the process.
static LAST: [OnceLock<fn()>; 8] = [const { OnceLock::new() }; 8];

/// Whether the user asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// `Err(Stopped)` once the user asked to stop.
pub fn check() -> Result<()> {
    if requested() { Err(Error::stopped()) } else { Ok(()) }
}

/// What [`leave`] does last: the terminal is given back, the sound pipes are removed, what was said
/// is on the disk. Each says so once.
pub fn before_leaving(last: fn()) {
    if LAST.iter().any(|slot| slot.get().is_some_and(|known| std::ptr::fn_addr_eq(*known, last))) {
        return;
    }
    let kept = LAST.iter().any(|slot| slot.set(last).is_ok());
    debug_assert!(kept, "more than eight things are to be done before leaving");
}

/// Ends the process now, without the destructors of the libraries in it: threads of ours may still be inside them, and a
/// library that is torn down under a thread crashes it. Nothing of ours needs them: what counts was flushed and closed.
pub fn leave(code: u8) -> ! {
    LAST.iter().filter_map(OnceLock::get).for_each(|last| last());
    let _ = io::stdout().flush();
    // SAFETY: `_exit` only ends the process; it is sound at any moment and from any thread.
    unsafe { nix::libc::_exit(code.into()) }
}

/// Starts watching; `end` is called with the exit code when the grace period is over.
pub fn watch(end: fn(u8) -> !) -> Result<()> {
    // A file that may not grow further (`ulimit -f`) is an error of that file, not the end of the program.
    let _noted = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|e| Error::report(Room::Os, format!("signals cannot be caught: {e}")))?;
    let body = move || {
        if signals.forever().next().is_some() {
            REQUESTED.store(true, Ordering::Relaxed);
            thread::sleep(GRACE);
            end(Kind::Stopped.exit_code());
        }
    };
    thread::Builder::new()
        .name("xnai-signals".into())
        .spawn(body)
        .map(|_| ())
        .map_err(|e| Error::retry(Room::Os, format!("the system gave no thread for signals: {e}")))
}
