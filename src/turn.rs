//! "Am I stale?" in one atomic load: every parcel carries its turn, and every stage asks it.
//!
//! A turn is one question and its answer. Speech that resumes within the grace period makes a new revision of the
//! same turn. Each turn has a cancel flag of its own, so that one client never cancels another. Nothing is recalled:
//! a stage that meets a stale parcel drops it and counts it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::error::{Error, Result};

/// Session, sequence number and revision: unique within the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TurnId {
    pub session: u64,
    pub sequence: u64,
    pub revision: u32,
}

impl TurnId {
    /// No turn at all: sessions are counted from 1.
    pub const NONE: Self = Self { session: 0, sequence: 0, revision: 0 };
}

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.session, self.sequence, self.revision)
    }
}

/// A cheap handle on one turn; clones share the flag.
#[derive(Clone, Debug)]
pub struct Turn {
    id: TurnId,
    fate: Arc<Fate>,
}

#[derive(Debug, Default)]
struct Fate {
    stale: AtomicBool,
    changed: Notify,
}

impl Turn {
    fn new(id: TurnId) -> Self {
        Self { id, fate: Arc::default() }
    }

    pub fn id(&self) -> TurnId {
        self.id
    }

    /// `Err(Stale)` once the turn was superseded. Ask at every natural pause.
    pub fn alive(&self) -> Result<()> {
        if self.is_stale() { Err(Error::stale()) } else { Ok(()) }
    }

    pub fn is_stale(&self) -> bool {
        self.fate.stale.load(Ordering::Relaxed)
    }

    /// Supersedes this turn: every stage drops its parcels from now on. Idempotent.
    pub fn cancel(&self) {
        self.fate.stale.store(true, Ordering::Relaxed);
        self.fate.changed.notify_waiters();
    }

    /// Completes when the turn is superseded, for async code.
    pub async fn cancelled(&self) {
        let changed = self.fate.changed.notified();
        tokio::pin!(changed);
        // Registered before the flag is read: a cancel in between is not lost.
        changed.as_mut().enable();
        if !self.is_stale() {
            changed.await;
        }
    }

    /// A part of this turn's work that can be given up by itself: the same id, a flag of its own. Whoever makes one
    /// gives it up with the turn.
    pub fn part(&self) -> Self {
        Self::new(self.id)
    }

    /// The same turn, heard further: a new revision with a flag of its own. The caller cancels the old one.
    pub fn revised(&self) -> Self {
        Self::new(TurnId { revision: self.id.revision + 1, ..self.id })
    }
}

/// Hands out the turns of one session: one user at one face.
#[derive(Debug)]
pub struct Session {
    id: u64,
    next: AtomicU64,
}

impl Session {
    pub fn new() -> Self {
        static SESSIONS: AtomicU64 = AtomicU64::new(1);
        Self { id: SESSIONS.fetch_add(1, Ordering::Relaxed), next: AtomicU64::new(1) }
    }

    pub fn turn(&self) -> Turn {
        Turn::new(TurnId { session: self.id, sequence: self.next.fetch_add(1, Ordering::Relaxed), revision: 0 })
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_one_turn_leaves_the_next_alive() {
        let session = Session::new();
        let (first, second) = (session.turn(), session.turn());
        first.cancel();
        assert!(first.alive().is_err_and(|e| e.is_stale()));
        assert!(second.alive().is_ok());
    }

    #[test]
    fn a_revision_has_its_own_fate() {
        let turn = Session::new().turn();
        let revised = turn.revised();
        turn.cancel();
        assert!(!revised.is_stale());
        assert_eq!(revised.id(), TurnId { revision: 1, ..turn.id() });
    }

    #[test]
    fn async_code_wakes_on_cancel_before_and_after() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let turn = Session::new().turn();
        let other = turn.clone();
        let canceller = std::thread::spawn(move || other.cancel());
        runtime.block_on(turn.cancelled());
        canceller.join().unwrap();
        runtime.block_on(turn.cancelled());
    }
}
