//! Opens what can be gone, again and again, on a thread of its own: a sound server that hangs holds up nobody.

use std::{
    sync::mpsc::{Receiver, TryRecvError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use crate::error::{Error, Result, Room};

/// After the first failure; doubled with each further one.
const FIRST: Duration = Duration::from_millis(100);

/// So that what comes back is in use again within 2 s.
const LONGEST: Duration = Duration::from_secs(1);

/// One attempt at a time, with growing pauses between them.
pub struct Opening<T> {
    running: Option<Receiver<Result<T>>>,
    due: Instant,
    pause: Duration,
}

impl<T: Send + 'static> Opening<T> {
    pub fn new() -> Self {
        Self { running: None, due: Instant::now(), pause: FIRST }
    }

    /// Forgets the attempt at hand and the failures before it.
    pub fn anew(&mut self) {
        *self = Self::new();
    }

    /// Begins the next attempt when it is due; says how one ended, once.
    pub fn poll(&mut self, attempt: impl FnOnce() -> Result<T> + Send + 'static) -> Option<Result<T>> {
        let Some(running) = &self.running else {
            if Instant::now() >= self.due {
                self.running = self.begin(attempt);
            }
            return None;
        };
        let ended = match running.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Ok(ended) => ended,
            Err(TryRecvError::Disconnected) => Err(Error::report(Room::Audio, "opening a sound device met a fault of ours")),
        };
        self.running = None;
        match &ended {
            Ok(_) => self.pause = FIRST,
            Err(_) => self.wait(),
        }
        Some(ended)
    }

    fn begin(&mut self, attempt: impl FnOnce() -> Result<T> + Send + 'static) -> Option<Receiver<Result<T>>> {
        let (tell, told) = sync_channel(1);
        // Nobody may want to know any more; then what was opened is closed here.
        let body = move || drop(tell.send(attempt()));
        match thread::Builder::new().name("xnai-opening".into()).spawn(body) {
            Ok(_) => Some(told),
            Err(_) => {
                self.wait();
                None
            }
        }
    }

    fn wait(&mut self) {
        self.due = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST);
    }
}

/// Closes what may take its time to close, on a thread of its own.
pub fn close<T: Send + 'static>(gone: T) {
    // Without a thread to be had it is closed here: the closure is dropped where it is refused.
    let _ = thread::Builder::new().name("xnai-closing".into()).spawn(move || drop(gone));
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    };

    use super::*;

    #[test]
    fn it_goes_on_until_it_works_with_growing_pauses() {
        let (tries, mut opening) = (Arc::new(AtomicU32::new(0)), Opening::new());
        let (mut failures, start) = (0, Instant::now());
        loop {
            let tries = tries.clone();
            match opening.poll(move || if tries.fetch_add(1, Relaxed) < 3 { Err(Error::reopen(Room::Audio, "gone")) } else { Ok(7) }) {
                Some(Ok(seven)) => break assert_eq!(seven, 7),
                Some(Err(_)) => failures += 1,
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
        assert_eq!(failures, 3);
        assert!(start.elapsed() >= Duration::from_millis(700), "100 + 200 + 400 ms of pauses");
    }

    #[test]
    fn an_attempt_that_hangs_holds_up_nobody() {
        let (_keep, never) = sync_channel::<()>(0);
        let mut opening = Opening::<()>::new();
        assert!(opening.poll(move || never.recv().map_err(|_| Error::stopped())).is_none());
        for _ in 0..10 {
            assert!(opening.poll(|| Ok(())).is_none());
        }
        opening.anew();
        let deadline = Instant::now() + Duration::from_secs(20);
        while opening.poll(|| Ok(())).is_none() {
            assert!(Instant::now() < deadline);
        }
    }
}
