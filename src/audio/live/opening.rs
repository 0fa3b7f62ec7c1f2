//! Opens what can be gone, again and again, and closes what may hang, on threads of their own: neither holds up anybody.

use std::{
    sync::mpsc::{Receiver, TryRecvError, sync_channel},
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

/// How long the device before is waited for: two cannot be open at once everywhere. Then it is left behind.
const CLOSING: Duration = Duration::from_millis(500);

/// One attempt at a time, with growing pauses between them.
pub struct Opening<T> {
    running: Option<Receiver<Result<T>>>,
    due: Instant,
    pause: Duration,
    /// When the first attempt was due.
    since: Instant,
    closing: Option<Closing>,
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
        Self { running: None, due: now, pause: FIRST, since: now, closing: None }
    }

    /// Forgets the attempt at hand and the failures before it.
    pub fn anew(&mut self, now: Instant) {
        *self = Self { closing: self.closing.take(), ..Self::new(now) };
    }

    /// Closes a device on a thread of its own, and begins anew when that is done, or has taken too long.
    pub fn leave<G: Send + 'static>(&mut self, gone: G, now: Instant) {
        let (open, closed) = sync_channel::<()>(0);
        let body = move || {
            drop(gone);
            drop(open);
        };
        // Without a thread to be had it is closed here: the closure is dropped where it is refused.
        let _ = thread::Builder::new().name("xnai-closing".into()).spawn(body);
        self.anew(now);
        self.closing = Some(Closing { closed, until: now + CLOSING });
    }

    /// Begins the next attempt when it is due; says how one ended, once.
    pub fn poll(&mut self, now: Instant, attempt: impl FnOnce() -> Result<T> + Send + 'static) -> Option<Result<T>> {
        self.closing.take_if(|closing| closing.is_over(now));
        let Some(running) = &self.running else {
            if now >= self.due && self.closing.is_none() {
                self.running = self.begin(now, attempt);
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
            Ok(_) => self.anew(now),
            Err(_) => self.wait(now),
        }
        Some(ended)
    }

    fn begin(&mut self, now: Instant, attempt: impl FnOnce() -> Result<T> + Send + 'static) -> Option<Receiver<Result<T>>> {
        let (tell, told) = sync_channel(1);
        // Nobody may want to know any more; then what was opened is closed here.
        let body = move || drop(tell.send(attempt()));
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
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    };

    use super::*;

    /// Asks until it says something, while the clock stands still.
    fn ended<T: Send + 'static>(
        opening: &mut Opening<T>,
        now: Instant,
        attempt: impl Fn() -> Result<T> + Send + Clone + 'static,
    ) -> Result<T> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            assert!(Instant::now() < deadline, "the attempt never ended");
            if let Some(ended) = opening.poll(now, attempt.clone()) {
                return ended;
            }
            thread::sleep(Duration::from_micros(100));
        }
    }

    /// When attempts begin, in ms after the loss, on a clock of our own, until so long after it.
    fn attempts(seconds: u64) -> Vec<u64> {
        let (start, mut begun) = (Instant::now(), Vec::new());
        let mut opening = Opening::<()>::new(start);
        for ms in 0..seconds * 1000 {
            let now = start + Duration::from_millis(ms);
            if now >= opening.due {
                begun.push(ms);
                let _ = ended(&mut opening, now, || Err(Error::reopen(Room::Audio, "gone")));
            }
        }
        begun
    }

    #[test]
    fn p3_what_comes_back_is_tried_within_half_a_second_and_later_within_one() {
        let begun = attempts(30);
        assert_eq!(begun[..6], [0, 50, 150, 350, 750, 1250]);
        for pair in begun.windows(2) {
            let most = if pair[0] < 10_000 { 500 } else { 1000 };
            assert!(pair[1] - pair[0] <= most, "{pair:?}");
        }
        assert!(begun.len() < 60, "{} attempts in half a minute", begun.len());
    }

    #[test]
    fn it_goes_on_until_it_works() {
        let (tries, start) = (Arc::new(AtomicU32::new(0)), Instant::now());
        let mut opening = Opening::new(start);
        let attempt = move || if tries.fetch_add(1, Relaxed) < 3 { Err(Error::reopen(Room::Audio, "gone")) } else { Ok(7) };
        let outcomes: Vec<_> = (0..4u32).map(|n| ended(&mut opening, start + Duration::from_secs(n.into()), attempt.clone())).collect();
        assert!(outcomes[..3].iter().all(Result::is_err) && outcomes[3] == Ok(7), "{outcomes:?}");
    }

    #[test]
    fn an_attempt_that_hangs_holds_up_nobody() {
        let (_keep, never) = sync_channel::<()>(0);
        let now = Instant::now();
        let mut opening = Opening::<()>::new(now);
        assert!(opening.poll(now, move || never.recv().map_err(|_| Error::stopped())).is_none());
        for _ in 0..10 {
            assert!(opening.poll(now, || Ok(())).is_none());
        }
        opening.anew(now);
        ended(&mut opening, now, || Ok(())).unwrap();
    }

    /// Dropped, it waits until it may.
    struct Slow(Receiver<()>);

    impl Drop for Slow {
        fn drop(&mut self) {
            let _ = self.0.recv();
        }
    }

    #[test]
    fn what_closes_is_waited_for_and_what_hangs_is_left_behind() {
        let now = Instant::now();
        let (let_go, hangs) = sync_channel(0);
        let mut opening = Opening::<u8>::new(now);
        opening.leave(Slow(hangs), now);
        let soon = now + CLOSING - Duration::from_millis(1);
        for _ in 0..100 {
            assert!(opening.poll(soon, || Ok(1)).is_none() && opening.running.is_none(), "two are open at once");
        }
        assert_eq!(ended(&mut opening, now + CLOSING, || Ok(1)), Ok(1));
        drop(let_go);
        // One that closes is waited for no longer than it takes: the clock stands still here.
        opening.leave((), now);
        assert_eq!(ended(&mut opening, now, || Ok(2)), Ok(2));
    }
}
