//! Sound from the voice to the speaker, in the order spoken, at most [`SOUND`](super::edges::SOUND) of it at a time.
//!
//! The voice waits when the lane is full and leaves as soon as its turn is superseded. In-process stand-in for the
//! tmpfs pipe of the live stages, with the same meaning: push, pop, discard.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use super::edges;
use crate::{
    audio::Knobs,
    error::{Error, Result},
    parcel::Pcm,
    turn::Turn,
};

/// What travels: sound, and marks within it.
#[derive(Clone, Debug)]
pub enum Load {
    /// A fragment begins here; its index.
    Mark(u32),
    Sound(Pcm),
    /// The turn has no more sound.
    End,
}

#[derive(Default)]
struct Queue {
    loads: VecDeque<(Turn, Load)>,
    /// Microseconds of sound queued.
    held_us: u64,
    closed: bool,
}

#[derive(Default)]
pub struct Lane {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Of the speaker at the end of the lane, once it is open.
    knobs: OnceLock<Knobs>,
    /// Of the sound last put in, in Hz.
    rate: AtomicU32,
    /// What was asked of the speaker before it was open.
    held: AtomicBool,
}

impl Lane {
    /// Queues sound, cut into short parcels; waits while the lane is full.
    pub fn push(&self, sound: &Pcm, turn: &Turn) -> Result<()> {
        self.rate.store(sound.rate, Relaxed);
        let parcel = (f64::from(sound.rate) * edges::SOUND_PARCEL.as_secs_f64()) as usize;
        for samples in sound.samples.chunks(parcel.max(1)) {
            self.put(turn, Load::Sound(Pcm::new(samples, sound.rate)))?;
        }
        Ok(())
    }

    /// Marks the beginning of a fragment.
    pub fn mark(&self, index: u32, turn: &Turn) -> Result<()> {
        self.put(turn, Load::Mark(index))
    }

    /// Marks the end of a turn's sound.
    pub fn end(&self, turn: &Turn) -> Result<()> {
        self.put(turn, Load::End)
    }

    fn put(&self, turn: &Turn, load: Load) -> Result<()> {
        let limit = edges::SOUND.as_micros() as u64;
        let mut queue = self.lock();
        while queue.held_us >= limit && !queue.closed {
            turn.alive()?;
            queue = self.changed.wait_timeout(queue, edges::PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        turn.alive()?;
        if queue.closed {
            return Err(Error::stopped());
        }
        queue.held_us += length_us(&load);
        queue.loads.push_back((turn.clone(), load));
        self.changed.notify_all();
        Ok(())
    }

    /// The next load; `None` once the lane is closed and empty. Loads of superseded turns are dropped here.
    pub fn pop(&self) -> Option<(Turn, Load)> {
        let mut queue = self.lock();
        loop {
            while let Some((turn, load)) = queue.loads.pop_front() {
                queue.held_us -= length_us(&load);
                self.changed.notify_all();
                if !turn.is_stale() {
                    return Some((turn, load));
                }
            }
            if queue.closed {
                return None;
            }
            queue = self.changed.wait_timeout(queue, edges::PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The speaker is open.
    pub fn attach(&self, knobs: Knobs) {
        knobs.hold(self.held.load(Relaxed));
        let _ = self.knobs.set(knobs);
    }

    pub fn knobs(&self) -> Option<&Knobs> {
        self.knobs.get()
    }

    /// Keeps the sound back, or lets it go on.
    pub fn hold(&self, on: bool) {
        self.held.store(on, Relaxed);
        if let Some(knobs) = self.knobs.get() {
            knobs.hold(on);
        }
    }

    /// Discards what the speaker holds of a cancelled turn; returns how much of the turn was heard.
    pub fn hush(&self) -> Duration {
        let Some(knobs) = self.knobs.get() else { return Duration::ZERO };
        knobs.hush();
        Duration::from_secs_f64(knobs.played() as f64 / f64::from(self.rate.load(Relaxed).max(1)))
    }

    /// No more sound will come; wakes both ends.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A panic elsewhere leaves the queue whole: every change above is a single push or pop.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn length_us(load: &Load) -> u64 {
    match load {
        Load::Sound(sound) => sound.duration().as_micros() as u64,
        Load::Mark(_) | Load::End => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;
    use crate::turn::Session;

    fn seconds(n: usize) -> Pcm {
        Pcm::new(vec![0.1; n * 8000], 8000)
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let (lane, turn) = (Lane::default(), Session::new().turn());
        lane.push(&Pcm::new((0..1000).map(|i| i as f32).collect::<Vec<_>>(), 8000), &turn).unwrap();
        lane.end(&turn).unwrap();
        let mut heard = Vec::new();
        while let Some((_, Load::Sound(sound))) = lane.pop() {
            heard.extend_from_slice(&sound.samples);
        }
        assert_eq!(heard, (0..1000).map(|i| i as f32).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_lane_holds_the_voice_until_its_turn_is_superseded() {
        let (lane, turn) = (Arc::new(Lane::default()), Session::new().turn());
        let (voice_lane, voice_turn) = (lane.clone(), turn.clone());
        let voice = thread::spawn(move || voice_lane.push(&seconds(10), &voice_turn));
        while lane.lock().held_us < edges::SOUND.as_micros() as u64 {
            thread::yield_now();
        }
        assert!(lane.lock().held_us <= (edges::SOUND + edges::SOUND_PARCEL).as_micros() as u64);
        turn.cancel();
        assert!(voice.join().unwrap().unwrap_err().is_stale());
    }

    #[test]
    fn stale_sound_is_never_handed_out() {
        let (lane, session) = (Lane::default(), Session::new());
        let (old, new) = (session.turn(), session.turn());
        lane.push(&seconds(1), &old).unwrap();
        old.cancel();
        lane.push(&seconds(1), &new).unwrap();
        assert_eq!(lane.pop().unwrap().0.id(), new.id());
    }

    #[test]
    fn a_closed_lane_ends_both_sides() {
        let (lane, turn) = (Lane::default(), Session::new().turn());
        lane.close();
        assert!(lane.pop().is_none());
        assert!(lane.push(&seconds(1), &turn).is_err());
    }
}
