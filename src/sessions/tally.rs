//! How much was handed to the disk and is not written, for whoever waits for the end of it.

use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How long the end of a program may wait for the disk.
pub const LAST: Duration = Duration::from_secs(2);

/// Of all clerks: handed over and not written yet.
static UNWRITTEN: AtomicUsize = AtomicUsize::new(0);

/// Handed over and not done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    exchanges: usize,
    others: usize,
}

impl Open {
    const fn count(&mut self, exchange: bool) -> &mut usize {
        if exchange { &mut self.exchanges } else { &mut self.others }
    }

    pub const fn is_empty(self) -> bool {
        self.exchanges + self.others == 0
    }

    /// In words.
    pub fn name(self) -> String {
        let many = |count, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
        match (self.exchanges, self.others) {
            (exchanges, 0) => many(exchanges, "exchange"),
            (0, others) => many(others, "other thing"),
            (exchanges, others) => format!("{} and {}", many(exchanges, "exchange"), many(others, "other thing")),
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
    pub fn add(&self, exchange: bool) {
        UNWRITTEN.fetch_add(1, Ordering::AcqRel);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner).count(exchange) += 1;
    }

    pub fn take(&self, exchange: bool) {
        UNWRITTEN.fetch_sub(1, Ordering::AcqRel);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner).count(exchange) -= 1;
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
