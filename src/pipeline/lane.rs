//! Sound from the voice to the speaker, in the order spoken, at most [`SOUND`](super::edges::SOUND) of it at a time.
//!
//! The samples lie in a pipe on tmpfs, where other programs of the same user may listen in; beside it a queue says which
//! of them belong to which turn. The voice waits when the pipe is full and leaves as soon as its turn is superseded.

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
    audio::{
        Knobs,
        pipe::{Full, Name, Place, Reader, Writer},
    },
    error::{Error, Result, Room},
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

/// What the queue knows of a load: of sound only how many samples of the pipe it is, and their rate.
enum Entry {
    Mark(u32),
    Sound(usize, u32),
    End,
}

/// A pipe and what its samples are. Both change under one lock, so that they always agree.
struct Queue {
    entries: VecDeque<(Turn, Entry)>,
    writer: Writer,
    reader: Reader,
    closed: bool,
}

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

/// The rate that a pipe is made for, in Hz: Kokoro's. Sound of another rate says so.
const RATE: u32 = 24_000;

impl Lane {
    /// A lane whose pipe lies in this place.
    pub fn open(place: &Place) -> Result<Self> {
        let writer = Writer::create(place, Name::Tts, RATE, edges::SOUND)?;
        let reader = writer.reader()?;
        Ok(Self {
            queue: Mutex::new(Queue { entries: VecDeque::new(), writer, reader, closed: false }),
            changed: Condvar::new(),
            knobs: OnceLock::new(),
            rate: AtomicU32::new(RATE),
            held: AtomicBool::new(false),
        })
    }

    /// Queues sound, cut into short parcels; waits while the pipe is full.
    pub fn push(&self, sound: &Pcm, turn: &Turn) -> Result<()> {
        self.rate.store(sound.rate, Relaxed);
        let parcel = (f64::from(sound.rate) * edges::SOUND_PARCEL.as_secs_f64()) as usize;
        for samples in sound.samples.chunks(parcel.max(1)) {
            let mut left = samples;
            while !left.is_empty() {
                let taken = self.change(turn, |queue| queue.take(left, sound.rate, turn))?;
                left = &left[taken..];
            }
        }
        Ok(())
    }

    /// Marks the beginning of a fragment.
    pub fn mark(&self, index: u32, turn: &Turn) -> Result<()> {
        self.change(turn, |queue| Ok(queue.put(turn, Entry::Mark(index)))).map(drop)
    }

    /// Marks the end of a turn's sound.
    pub fn end(&self, turn: &Turn) -> Result<()> {
        self.change(turn, |queue| Ok(queue.put(turn, Entry::End))).map(drop)
    }

    /// Changes the queue; waits and tries again as long as nothing of it was taken.
    fn change(&self, turn: &Turn, change: impl Fn(&mut Queue) -> Result<usize>) -> Result<usize> {
        let mut queue = self.lock();
        loop {
            turn.alive()?;
            if queue.closed {
                return Err(Error::stopped());
            }
            match change(&mut queue)? {
                0 => queue = self.changed.wait_timeout(queue, edges::PATIENCE).unwrap_or_else(PoisonError::into_inner).0,
                taken => {
                    self.changed.notify_all();
                    return Ok(taken);
                }
            }
        }
    }

    /// The next load; `None` once the lane is closed and empty. Loads of superseded turns are dropped here.
    pub fn pop(&self) -> Option<(Turn, Result<Load>)> {
        let mut queue = self.lock();
        loop {
            while let Some((turn, entry)) = queue.entries.pop_front() {
                let load = queue.load(entry);
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
        // A hush ends a hold of the device; ours lasts until its order.
        knobs.hold(self.held.load(Relaxed));
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

impl Queue {
    /// Takes as many samples as there is room for; none while sound of another rate waits.
    fn take(&mut self, samples: &[f32], rate: u32, turn: &Turn) -> Result<usize> {
        if self.writer.rate() != rate && !self.writer.set_rate(rate)? {
            return Ok(0);
        }
        let taken = self.writer.write(samples, Full::DropNewest)?;
        if taken > 0 {
            self.put(turn, Entry::Sound(taken, rate));
        }
        Ok(taken)
    }

    fn put(&mut self, turn: &Turn, entry: Entry) -> usize {
        self.entries.push_back((turn.clone(), entry));
        1
    }

    /// What an entry stands for; its samples are in the pipe since it is in the queue.
    fn load(&mut self, entry: Entry) -> Result<Load> {
        let (count, rate) = match entry {
            Entry::Mark(index) => return Ok(Load::Mark(index)),
            Entry::End => return Ok(Load::End),
            Entry::Sound(count, rate) => (count, rate),
        };
        let mut samples = Vec::with_capacity(count);
        while samples.len() < count {
            let most = count - samples.len();
            if self.reader.read(&mut samples, most, Duration::ZERO)?.samples == 0 {
                return Err(Error::report(Room::Pipeline, "sound was lost between the voice and the speaker")
                    .hint("please report this, with the log"));
            }
        }
        Ok(Load::Sound(Pcm::new(samples, rate)))
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;
    use crate::turn::Session;

    fn lane() -> Lane {
        Lane::open(&Place::memory()).unwrap()
    }

    fn seconds(n: usize) -> Pcm {
        Pcm::new(vec![0.1; n * RATE as usize], RATE)
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let (lane, turn) = (lane(), Session::new().turn());
        lane.push(&Pcm::new((0..1000).map(|i| i as f32 / 1000.0).collect::<Vec<_>>(), 8000), &turn).unwrap();
        lane.end(&turn).unwrap();
        let mut heard = Vec::new();
        while let Some((_, Ok(Load::Sound(sound)))) = lane.pop() {
            heard.extend_from_slice(&sound.samples);
        }
        assert_eq!(heard, (0..1000).map(|i| i as f32 / 1000.0).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_lane_holds_the_voice_until_its_turn_is_superseded() {
        let (lane, turn) = (Arc::new(lane()), Session::new().turn());
        let (voice_lane, voice_turn) = (lane.clone(), turn.clone());
        let voice = thread::spawn(move || voice_lane.push(&seconds(10), &voice_turn));
        let full = edges::SOUND.as_secs() * u64::from(RATE);
        while lane.lock().writer.queued() < full {
            thread::yield_now();
        }
        assert_eq!(lane.lock().writer.queued(), full);
        turn.cancel();
        assert!(voice.join().unwrap().unwrap_err().is_stale());
    }

    #[test]
    fn stale_sound_is_never_handed_out() {
        let (lane, session) = (lane(), Session::new());
        let (old, new) = (session.turn(), session.turn());
        lane.push(&seconds(1), &old).unwrap();
        old.cancel();
        lane.push(&seconds(1), &new).unwrap();
        assert_eq!(lane.pop().unwrap().0.id(), new.id());
    }

    #[test]
    fn a_closed_lane_ends_both_sides() {
        let (lane, turn) = (lane(), Session::new().turn());
        lane.close();
        assert!(lane.pop().is_none());
        assert!(lane.push(&seconds(1), &turn).is_err());
    }
}
