//! Opens what can be gone, again and again, and closes what may hang, on threads of their own: neither holds up anybody.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use crate::error::{Error, Result, Room};

/// After the first failure; doubled with each further one.
const FIRST: Duration = Duration::from_millis(50);

/// Just lost, it may be back any moment, and has to be in use again within 2 s of that.
const SOON: Duration = Duration::from_millis(500);

/// For so long.
const FRESH: Duration = Duration::from_secs(10);

/// Later: an attempt costs a few ms, and the 2 s still hold.
const LONGEST: Duration = Duration::from_secs(1);

/// One that is lost sooner after it was opened could be opened and not used: that counts as one more failure.
const LASTING: Duration = Duration::from_millis(500);

/// How long the device before is waited for: two cannot be open at once everywhere. Then it is left behind.
const CLOSING: Duration = Duration::from_millis(500);

/// An attempt that takes longer is told of: a sound server that accepts and does not answer can take half a minute, or
/// for ever.
const LONG: Duration = Duration::from_secs(3);

const SILENT: &str = "the sound device does not answer";

/// Whether it is news that a device cannot be had for this reason. Every attempt may fail for another one: the first is
/// told, and once more that it is there and hangs, which needs another remedy.
pub fn is_news(before: Option<&Error>, now: &Error) -> bool {
    before.is_none_or(|before| now.message() == SILENT && before.message() != SILENT)
}

/// Attempts that may hang at once, each on a thread of its own: those that were given up, and the one at hand. Whatever
/// is wanted next has to wait for one of them; with ALSA it would anyway, where one opening locks out all others.
const MOST: usize = 3;

/// One attempt at a time, with growing pauses between them.
pub struct Opening<T> {
    running: Option<Receiver<Result<T>>>,
    due: Instant,
    pause: Duration,
    /// When the first attempt was due.
    since: Instant,
    /// When the device was opened, until it is left.
    opened: Option<Instant>,
    /// The one before did not last.
    fleeting: bool,
    closing: Option<Closing>,
    /// When the attempt at hand was first wanted, and whether it was told that it takes long.
    wanted: Option<Instant>,
    told: bool,
    /// Held by every attempt that is not over, given up or not.
    busy: Arc<()>,
}

/// A device on its way out.
struct Closing {
    /// Nobody at the other end: it is closed.
    closed: Receiver<()>,
    until: Instant,
}

impl Closing {
    fn is_over(&self, now: Instant) -> bool {
        now >= self.until || matches!(self.closed.try_recv(), Err(TryRecvError::Disconnected))
    }
}

impl<T: Send + 'static> Opening<T> {
    pub fn new(now: Instant) -> Self {
        let (running, opened, closing, wanted) = (None, None, None, None);
        let (fleeting, told, busy) = (false, false, Arc::default());
        Self { running, due: now, pause: FIRST, since: now, opened, fleeting, closing, wanted, told, busy }
    }

    /// Forgets the attempt at hand and the failures before it. What that attempt opens is closed where it was opened.
    pub fn anew(&mut self, now: Instant) {
        *self = Self { closing: self.closing.take(), busy: self.busy.clone(), ..Self::new(now) };
    }

    /// Closes a device on a thread of its own. The next attempt begins when that is done, or has taken too long; after a
    /// pause where the device did not last.
    pub fn leave<G: Send + 'static>(&mut self, gone: G, now: Instant) {
        let (open, closed) = sync_channel::<()>(0);
        let body = move || {
            drop(gone);
            drop(open);
        };
        // Without a thread to be had it is closed here: the closure is dropped where it is refused.
        let _ = thread::Builder::new().name("xnai-closing".into()).spawn(body);
        match self.opened.take() {
            Some(opened) if now < opened + LASTING => {
                self.fleeting = true;
                self.wait(now);
            }
            _ => self.anew(now),
        }
        self.closing = Some(Closing { closed, until: now + CLOSING });
    }

    /// Begins the next attempt when it is due; says how one ended, once. One that takes long is an error before that,
    /// once, and goes on.
    pub fn poll(&mut self, now: Instant, attempt: impl FnOnce() -> Result<T> + Send + 'static) -> Option<Result<T>> {
        self.closing.take_if(|closing| closing.is_over(now));
        let Some(running) = &self.running else {
            if now >= self.due && self.closing.is_none() {
                self.wanted.get_or_insert(now);
                self.running = self.begin(now, attempt);
            }
            return self.late(now);
        };
        let ended = match running.try_recv() {
            Err(TryRecvError::Empty) => return self.late(now),
            Ok(ended) => ended,
            Err(TryRecvError::Disconnected) => Err(Error::report(Room::Audio, "opening a sound device met a fault of ours")),
        };
        self.running = None;
        match &ended {
            Ok(_) => self.open(now),
            Err(_) => self.wait(now),
        }
        Some(ended)
    }

    fn open(&mut self, now: Instant) {
        if !self.fleeting {
            // What is back after a long time and lost at once may be back for good at the next attempt.
            (self.pause, self.since) = (FIRST, now);
        }
        (self.opened, self.wanted, self.told) = (Some(now), None, false);
    }

    fn late(&mut self, now: Instant) -> Option<Result<T>> {
        let late = self.wanted.is_some_and(|wanted| now >= wanted + LONG);
        if !late || std::mem::replace(&mut self.told, true) {
            return None;
        }
        let error = Error::reopen(Room::Audio, SILENT);
        Some(Err(error.hint("wait for it, start the sound server again, or choose another device")))
    }

    fn begin(&mut self, now: Instant, attempt: impl FnOnce() -> Result<T> + Send + 'static) -> Option<Receiver<Result<T>>> {
        let busy = Some(self.busy.clone()).filter(|busy| Arc::strong_count(busy) <= MOST + 1)?;
        // Without room: it is handed over or comes back. Nobody may want it any more; then it is closed on that thread.
        let (tell, told) = sync_channel(0);
        let body = move || {
            drop(tell.send(attempt()));
            drop(busy);
        };
        match thread::Builder::new().name("xnai-opening".into()).spawn(body) {
            Ok(_) => Some(told),
            Err(_) => {
                self.wait(now);
                None
            }
        }
    }

    fn wait(&mut self, now: Instant) {
        let longest = if now.saturating_duration_since(self.since) < FRESH { SOON } else { LONGEST };
        self.due = now + self.pause.min(longest);
        self.pause = (self.pause * 2).min(LONGEST);
        (self.wanted, self.told) = (None, false);
    }
}

#[cfg(test)]
#[path = "opening_tests.rs"]
mod tests;
