//! How much was handed to the disk and is not written, for whoever waits for the end of it.

use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::os::terminal::many;

/// How long the end of a program may wait for the disk.
pub const LAST: Duration = Duration::from_secs(2);

/// Of all clerks: handed over and not written yet.
static UNWRITTEN: AtomicUsize = AtomicUsize::new(0);

/// Handed over and not done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    questions: usize,
    exchanges: usize,
    others: usize,
}

/// What is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Question,
    Exchange,
    Other,
}

impl Open {
    const fn count(&mut self, what: What) -> &mut usize {
        match what {
            What::Question => &mut self.questions,
            What::Exchange => &mut self.exchanges,
            What::Other => &mut self.others,
        }
    }

    pub const fn is_empty(self) -> bool {
        self.questions + self.exchanges + self.others == 0
    }

    /// In words. An exchange holds its question.
    pub fn name(self) -> String {
        let said = if self.exchanges > 0 { many(self.exchanges, "exchange") } else { many(self.questions, "question") };
        match (self.exchanges + self.questions, self.others) {
            (_, 0) => said,
            (0, others) => many(others, "other thing"),
            (_, others) => format!("{said} and {}", many(others, "other thing")),
        }
    }
}

/// How much was handed over and is not done, and a bell for whoever waits for the end of it.
#[derive(Default)]
pub struct Tally {
    open: Mutex<Open>,
    done: Condvar,
}

impl Tally {
    pub fn add(&self, what: What) {
        UNWRITTEN.fetch_add(1, Ordering::AcqRel);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner).count(what) += 1;
    }

    pub fn take(&self, what: What) {
        UNWRITTEN.fetch_sub(1, Ordering::AcqRel);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner).count(what) -= 1;
        self.done.notify_all();
    }

    /// What is left when everything is done, or the time is over.
    pub fn wait(&self, patience: Duration) -> Open {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (open, _) = self.done.wait_timeout_while(open, patience, |open| !open.is_empty()).unwrap_or_else(PoisonError::into_inner);
        *open
    }
}

/// Whatever ends the process comes by here: what was handed over gets its time.
pub fn settle_all() {
    let deadline = Instant::now() + LAST;
    while UNWRITTEN.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
}
