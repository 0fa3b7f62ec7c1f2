//! The terminal, borrowed: taken in one place, and given back on every way out.
//!
//! The ways out: the guard is dropped (quit, error), a panic (hook), a signal that asks us to end (`os::stop` calls
//! [`give_back`] last of all), a crash inside a library (handlers of our own that give back and let the crash go on).
//! Against SIGKILL nothing helps.

use std::{
    io::{self, Write},
    panic,
    path::Path,
    sync::{
        Once, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use nix::{
    libc,
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction},
};
use ratatui::crossterm::terminal::{enable_raw_mode, supports_keyboard_enhancement};

use super::quiet;
use crate::{
    error::{Error, Result, Room},
    os::stop,
};

/// Alternate screen, bracketed paste.
const HELLO: &str = "\x1b[?1049h\x1b[?2004h";
/// Buttons and wheel, with coordinates beyond column 223; not every movement.
const MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
/// All of it off, attributes reset, the main screen, the cursor shown.
const GOODBYE: &[u8] = b"\x1b[?2004l\x1b[?1006l\x1b[?1000l\x1b[0m\x1b[?1049l\x1b[?25h";
/// Kitty protocol: escape codes without doubt, press and release, shifted letters as such (1 + 2 + 4).
const KEYS_BEGIN: &str = "\x1b[>7u";
const KEYS_END: &[u8] = b"\x1b[<1u";
/// As above, and for every key that prints (8), or not.
const EVERY_KEY: [&str; 2] = ["\x1b[=7u", "\x1b[=15u"];

static TAKEN: AtomicBool = AtomicBool::new(false);
static KEYS: AtomicBool = AtomicBool::new(false);
/// As it was before.
static BEFORE: OnceLock<libc::termios> = OnceLock::new();

/// The terminal is ours as long as this lives.
pub struct Guard {
    /// It reports that a key was let go.
    pub releases: bool,
    mouse: bool,
    every_key: bool,
}

impl Guard {
    /// Takes the terminal. `log` is the folder for what libraries print meanwhile.
    pub fn take(mouse: bool, log: &Path) -> Result<Self> {
        remember().map_err(|e| refused("asked about its modes", &e))?;
        hook_panics();
        stop::before_leaving(give_back);
        // A shell that got the terminal back before us must not stop us while we put it in order.
        ignore(Signal::SIGTTOU);
        catch_crashes();
        TAKEN.store(true, Ordering::SeqCst);
        let mut guard = Self { releases: false, mouse, every_key: false };
        quiet::begin(log);
        enable_raw_mode().map_err(|e| refused("switched to single keys", &e))?;
        // Asked before anybody reads keys: the answer comes as if it were typed.
        guard.releases = supports_keyboard_enhancement().unwrap_or(false);
        guard.greet().map_err(|e| refused("drawn on", &e))?;
        Ok(guard)
    }

    fn greet(&mut self) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(HELLO.as_bytes())?;
        if self.mouse {
            out.write_all(MOUSE.as_bytes())?;
        }
        if self.releases {
            out.write_all(KEYS_BEGIN.as_bytes())?;
            KEYS.store(true, Ordering::SeqCst);
        }
        self.every_key = false;
        out.flush()
    }

    /// Asks for the release of keys that print, or no longer.
    pub fn every_key(&mut self, wanted: bool) -> io::Result<()> {
        if !self.releases || wanted == self.every_key {
            return Ok(());
        }
        self.every_key = wanted;
        io::stdout().write_all(EVERY_KEY[usize::from(wanted)].as_bytes())?;
        io::stdout().flush()
    }

    /// Gives it back, stops until the shell goes on with us, and takes it again.
    pub fn suspend(&mut self, log: &Path) -> Result<()> {
        give_back();
        // The whole group: whoever started us waits as well.
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(0), Signal::SIGTSTP)
            .map_err(|e| Error::report(Room::Os, format!("this cannot be suspended: {e}")))?;
        TAKEN.store(true, Ordering::SeqCst);
        quiet::begin(log);
        raw_again().and_then(|()| self.greet()).map_err(|e| refused("taken again", &e))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn refused(doing: &str, error: &io::Error) -> Error {
    Error::replace(Room::Os, format!("the terminal cannot be {doing}: {error}")).hint("ask with --once, or use another terminal")
}

/// Gives the terminal back; only the first call does anything. Nothing here allocates or locks: a signal handler calls it.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // SAFETY: `write`, `tcflush` and `tcsetattr` are async-signal-safe, and are given live buffers with their lengths.
    unsafe {
        if KEYS.swap(false, Ordering::SeqCst) {
            libc::write(libc::STDOUT_FILENO, KEYS_END.as_ptr().cast(), KEYS_END.len());
        }
        libc::write(libc::STDOUT_FILENO, GOODBYE.as_ptr().cast(), GOODBYE.len());
        if let Some(before) = BEFORE.get() {
            // Releases of keys that were still on their way would be typed into the shell.
            libc::tcflush(libc::STDIN_FILENO, libc::TCIFLUSH);
            libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, before);
        }
    }
    quiet::end();
}

fn remember() -> io::Result<()> {
    let before = modes()?;
    let _ = BEFORE.set(before);
    Ok(())
}

fn modes() -> io::Result<libc::termios> {
    // SAFETY: termios is plain numbers, for which zeros are a value; `tcgetattr` fills it or fails.
    let mut modes: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live termios of ours.
    match unsafe { libc::tcgetattr(libc::STDIN_FILENO, &raw mut modes) } {
        0 => Ok(modes),
        _ => Err(io::Error::last_os_error()),
    }
}

/// crossterm believes that it is still in raw mode and would do nothing.
fn raw_again() -> io::Result<()> {
    let mut modes = modes()?;
    // SAFETY: the pointers are to a live termios of ours.
    match unsafe {
        libc::cfmakeraw(&raw mut modes);
        libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &raw const modes)
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A panic of the screen gives the terminal back before it is told; one of an engine costs its turn alone (the pipeline
/// catches it) and must not be written across the picture: it goes to the log.
fn hook_panics() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let screen = thread::current().id();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if TAKEN.load(Ordering::SeqCst) && thread::current().id() != screen {
                let place = info.location().map(ToString::to_string).unwrap_or_default();
                tracing::error!(thread = thread::current().name().unwrap_or_default(), place, "panicked: {info}");
                return;
            }
            give_back();
            before(info);
        }));
    });
}

fn ignore(signal: Signal) {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: ignoring a signal runs no code of ours.
    let _ = unsafe { sigaction(signal, &action) };
}

/// The faults that a library of another language ends a process with. Not SIGBUS: a truncated pipe of sound is caught there.
const CRASHES: [Signal; 4] = [Signal::SIGABRT, Signal::SIGSEGV, Signal::SIGILL, Signal::SIGFPE];

/// What handled each of them before.
static EARLIER: [OnceLock<SigAction>; 4] = [const { OnceLock::new() }; 4];

fn catch_crashes() {
    // On the alternate stack: the fault may be a full stack.
    let action = SigAction::new(SigHandler::SigAction(crashed), SaFlags::SA_ONSTACK, SigSet::empty());
    for (signal, earlier) in CRASHES.into_iter().zip(&EARLIER) {
        if earlier.get().is_some() {
            continue;
        }
        // SAFETY: `crashed` calls nothing that is not async-signal-safe.
        if let Ok(before) = unsafe { sigaction(signal, &action) } {
            let _ = earlier.set(before);
        }
    }
}

/// Gives the terminal back, then lets the crash be handled as if we had not been there.
extern "C" fn crashed(number: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    give_back();
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the system hands every handler of this kind a siginfo.
    let is_fault = unsafe { (*info).si_code } > 0;
    for (signal, earlier) in CRASHES.into_iter().zip(&EARLIER).filter(|(signal, _)| *signal as libc::c_int == number) {
        // A fault happens again as soon as this returns, and meets who handled it before (Rust tells a full stack so).
        // What was only sent, by `abort` or another process, does not.
        let next = earlier.get().filter(|_| is_fault).unwrap_or(&default);
        // SAFETY: what is installed was installed before, or is the default; sigaction and raise are async-signal-safe.
        unsafe {
            let _ = sigaction(signal, next);
            if !is_fault {
                libc::raise(number);
            }
        }
    }
}
