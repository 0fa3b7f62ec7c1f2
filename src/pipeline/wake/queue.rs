//! Sound from the listener, who never waits, to the spotter, who may be slow: what is too old is dropped.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{parcel::EAR_RATE, pipeline::edges};

/// As much as it holds, in samples.
const MOST: usize = EAR_RATE as usize * edges::SPOTTED.as_secs() as usize;

/// Between the two of them.
#[derive(Default)]
pub struct Queue {
    within: Mutex<Within>,
    changed: Condvar,
}

#[derive(Default)]
struct Within {
    sound: VecDeque<f32>,
    /// Position of its first sample in what the listener heard.
    start: u64,
    wanted: bool,
    ended: bool,
}

/// What the spotter is to do.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// This sound, which may be none, from that position on.
    Sound(Vec<f32>, u64),
    /// Nobody wants anything spotted at present.
    Rest,
    End,
}

impl Queue {
    /// Sound that was captured; `start` is the position of its first sample. The oldest is dropped where there is too much.
    pub fn push(&self, samples: &[f32], start: u64) {
        let mut within = self.lock();
        if !within.wanted {
            return;
        }
        if within.start + within.sound.len() as u64 != start {
            // Nothing is made up for what is missing.
            within.sound.clear();
            within.start = start;
        }
        within.sound.extend(samples);
        let old = within.sound.len().saturating_sub(MOST);
        within.sound.drain(..old);
        within.start += old as u64;
        drop(within);
        self.changed.notify_all();
    }

    /// Whether anything is to be spotted.
    pub fn want(&self, wanted: bool) {
        let mut within = self.lock();
        within.wanted = wanted;
        within.sound.clear();
        drop(within);
        self.changed.notify_all();
    }

    /// There is nothing more to come.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// What is there once it is so many samples, or after so long.
    pub fn take(&self, enough: usize, patience: Duration) -> Next {
        self.wait(
            patience,
            |within| within.sound.len() >= enough || !within.wanted,
            |within| {
                let (start, length) = (within.start, within.sound.len() as u64);
                within.start += length;
                Next::Sound(within.sound.drain(..).collect(), start)
            },
        )
    }

    /// Waits until something is to be spotted; its sound stays here.
    pub fn awaken(&self, patience: Duration) -> Next {
        self.wait(patience, |within| within.wanted, |_| Next::Sound(Vec::new(), 0))
    }

    /// Waits for nothing but an end or a rest.
    pub fn pause(&self, time: Duration) -> Next {
        self.wait(time, |within| !within.wanted, |_| Next::Sound(Vec::new(), 0))
    }

    fn wait(&self, patience: Duration, done: impl Fn(&Within) -> bool, then: impl FnOnce(&mut Within) -> Next) -> Next {
        let deadline = Instant::now() + patience;
        let mut within = self.lock();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match () {
                () if within.ended => return Next::End,
                () if !done(&within) && !left.is_zero() => {}
                () if !within.wanted => return Next::Rest,
                () => return then(&mut within),
            }
            within = self.changed.wait_timeout(within, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Within> {
        self.within.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn the_oldest_sound_is_dropped_and_positions_stay_true() {
        let queue = Queue::default();
        queue.push(&[1.0], 0);
        queue.want(true);
        assert_eq!(queue.take(1, MOMENT), Next::Sound(vec![], 0), "what nobody wanted is not kept");
        queue.push(&vec![0.1; MOST], 100);
        queue.push(&[0.2; 50], 100 + MOST as u64);
        let Next::Sound(sound, start) = queue.take(1, MOMENT) else { panic!() };
        assert_eq!((sound.len(), start, sound[MOST - 51], sound[MOST - 50]), (MOST, 150, 0.1, 0.2));
        queue.push(&[0.3], 150 + MOST as u64);
        queue.push(&[0.4], 9_000_000);
        assert_eq!(queue.take(1, MOMENT), Next::Sound(vec![0.4], 9_000_000), "after a gap");
    }

    #[test]
    fn a_wait_ends_at_its_deadline_or_with_a_reason() {
        let queue = Queue::default();
        assert_eq!(queue.awaken(MOMENT), Next::Rest);
        queue.want(true);
        assert_eq!(queue.take(1600, MOMENT), Next::Sound(vec![], 0));
        assert_eq!(queue.pause(MOMENT), Next::Sound(vec![], 0));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.take(1600, Duration::from_secs(600)));
            queue.want(false);
            assert_eq!(waiting.join().unwrap(), Next::Rest);
        });
        queue.end();
        assert_eq!(queue.pause(Duration::from_secs(600)), Next::End);
    }
}
