//! A microphone and a speaker of no hardware, on one clock that counts samples: what was said and heard, to the sample.
//!
//! The speaker drives the real ring and mouth; only the device's calls come from the clock. The clock runs by itself at
//! any speed, or is moved by hand.

mod microphone;

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

pub use self::microphone::{FakeMicrophone, Script};
use super::{
    Speaker,
    live::{Drive, Mouth, Shared, Voice, ring},
};
use crate::error::{Error, Result, Room};

/// Samples per second of the clock.
pub const CLOCK_RATE: u32 = 48_000;

/// A device's period: 10 ms of the clock.
pub const PERIOD: u64 = CLOCK_RATE as u64 / 100;

/// Shared by what is made from it; clones are the same clock.
#[derive(Clone)]
pub struct Clock(Arc<Works>);

struct Works {
    face: Mutex<Face>,
    moved: Condvar,
}

#[derive(Default)]
struct Face {
    /// Samples since the beginning; a multiple of [`PERIOD`].
    now: u64,
    speakers: Vec<Arc<Mutex<Playing>>>,
}

impl Clock {
    /// Moves only by [`Clock::advance`].
    pub fn by_hand() -> Self {
        Self(Arc::new(Works { face: Mutex::default(), moved: Condvar::new() }))
    }

    /// Runs by itself until the last handle is gone: `speed` 1.0 is real time, 10.0 ten times as fast. A machine that is
    /// too busy for it makes it slower, never jumpy: every period is played.
    pub fn paced(speed: f64) -> Self {
        let clock = Self::by_hand();
        let works = Arc::downgrade(&clock.0);
        let period = Duration::from_secs_f64(PERIOD as f64 / f64::from(CLOCK_RATE) / speed.max(0.001));
        let body = move || run(&works, period);
        // Without a thread to be had the clock stands still, and whoever waits for it runs into a deadline.
        let _ = thread::Builder::new().name("xnai-fake-clock".into()).spawn(body);
        clock
    }

    /// In samples of [`CLOCK_RATE`].
    pub fn now(&self) -> u64 {
        self.lock().now
    }

    /// Moves on by so many samples, rounded up to whole periods.
    pub fn advance(&self, samples: u64) {
        (0..samples.div_ceil(PERIOD)).for_each(|_| self.0.tick());
    }

    /// Waits until the clock shows at least this; false when it does not within `patience`.
    pub fn wait(&self, until: u64, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut face = self.lock();
        while face.now < until {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            face = self.0.moved.wait_timeout(face, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Face> {
        self.0.face.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Works {
    /// One period passes: every speaker's device asks for it.
    fn tick(&self) {
        let mut face = self.face.lock().unwrap_or_else(PoisonError::into_inner);
        for speaker in &face.speakers {
            let mut speaker = speaker.lock().unwrap_or_else(PoisonError::into_inner);
            speaker.period();
        }
        face.now += PERIOD;
        self.moved.notify_all();
    }
}

fn run(works: &Weak<Works>, period: Duration) {
    let mut due = Instant::now();
    while let Some(works) = works.upgrade() {
        works.tick();
        drop(works);
        due += period;
        match due.checked_duration_since(Instant::now()) {
            Some(left) => thread::sleep(left),
            // Late: go on from here.
            None => due = Instant::now(),
        }
    }
}

/// Makes speakers whose sound is recorded.
pub struct FakeSpeaker;

impl FakeSpeaker {
    /// A speaker at this rate, which must divide [`CLOCK_RATE`], and what it is heard to play. At the rate of what is
    /// played to it every sample comes out as it went in.
    pub fn open(clock: &Clock, rate: u32) -> (Box<dyn Speaker>, Recording) {
        let rate = (1..=CLOCK_RATE).rev().find(|r| CLOCK_RATE.is_multiple_of(*r) && *r <= rate).unwrap_or(CLOCK_RATE);
        let (to, mouth, shared) = ring(rate, 1.0);
        let step = CLOCK_RATE / rate;
        let (start, plugged) = (clock.now(), Arc::new(AtomicBool::new(true)));
        let period = vec![0.0; PERIOD.div_ceil(u64::from(step)) as usize];
        let mouth = mouth.for_device(1, rate);
        shared.opened("fake speaker");
        let playing = Playing { mouth, period, heard: Vec::new(), plugged: plugged.clone(), shared: shared.clone() };
        let playing = Arc::new(Mutex::new(playing));
        clock.lock().speakers.push(playing.clone());
        let voice = Voice::new(Plug { plugged: plugged.clone(), clock: clock.clone(), playing: playing.clone() }, to, shared.clone());
        (Box::new(voice), Recording { playing, start, step, plugged, shared })
    }
}

/// The device's side.
struct Playing {
    mouth: Mouth,
    period: Vec<f32>,
    heard: Vec<f32>,
    plugged: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl Playing {
    /// Another device is the same one under another name.
    fn period(&mut self) {
        self.shared.take_wanted().iter().for_each(|name| self.shared.opened(name));
        match self.plugged.load(Relaxed) {
            true => self.mouth.fill(&mut self.period, |s| s),
            false => self.period.fill(0.0),
        }
        self.heard.extend_from_slice(&self.period);
    }
}

/// The owner's hold on the device.
struct Plug {
    plugged: Arc<AtomicBool>,
    clock: Clock,
    playing: Arc<Mutex<Playing>>,
}

impl Drive for Plug {
    fn look(&mut self, _shared: &Shared) -> Result<()> {
        match self.plugged.load(Relaxed) {
            true => Ok(()),
            false => Err(Error::reopen(Room::Audio, "the fake speaker was unplugged")),
        }
    }

    /// A period of the clock, or a moment where it stands still.
    fn pause(&mut self, moment: Duration) {
        let next = self.clock.now() + 1;
        self.clock.wait(next, moment);
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.clock.lock().speakers.retain(|other| !Arc::ptr_eq(other, &self.playing));
    }
}

/// What a [`FakeSpeaker`] was heard to play; outlives it.
#[derive(Clone)]
pub struct Recording {
    playing: Arc<Mutex<Playing>>,
    /// On the clock, where it begins.
    start: u64,
    /// Samples of the clock to one of the recording.
    step: u32,
    plugged: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl Recording {
    /// Samples that the speaker was given since it was opened, heard or still to be heard.
    pub fn given(&self) -> u64 {
        self.shared.queued.load(Relaxed)
    }

    /// All of it until now, silence included. Sample `n` was heard at [`Recording::at`]`(n)`.
    pub fn samples(&self) -> Vec<f32> {
        self.lock().heard.clone()
    }

    /// What was heard between two times of the clock.
    pub fn between(&self, from: u64, to: u64) -> Vec<f32> {
        let index = |at: u64| (at.saturating_sub(self.start) / u64::from(self.step)) as usize;
        let playing = self.lock();
        let end = index(to).min(playing.heard.len());
        playing.heard[index(from).min(end)..end].to_vec()
    }

    /// When sample `n` was heard, on the clock.
    pub fn at(&self, n: usize) -> u64 {
        self.start + n as u64 * u64::from(self.step)
    }

    /// Hz.
    pub fn rate(&self) -> u32 {
        CLOCK_RATE / self.step
    }

    /// Forgets what was heard before this time of the clock was reached by later calls: for long runs.
    pub fn clear(&mut self) {
        let mut playing = self.lock();
        let count = playing.heard.len() as u64;
        playing.heard.clear();
        drop(playing);
        self.start += count * u64::from(self.step);
    }

    /// Pulls the plug: from now on `play` is an error of the kind `Reopen`.
    pub fn unplug(&self) {
        self.plugged.store(false, Relaxed);
    }

    pub fn plug(&self) {
        self.plugged.store(true, Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Playing> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "fake_tests.rs"]
mod tests;
