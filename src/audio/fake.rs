//! A microphone and a speaker of no hardware, on one clock that counts samples: what was said and heard, to the sample.
//!
//! The speaker drives the real ring and mouth; only the device's calls come from the clock. The clock runs by itself at
//! any speed, or is moved by hand.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    Heard, MicState, Microphone, Speaker,
    live::{Drive, Mouth, Shared, Voice, ring},
};
use crate::{
    error::{Error, Result, Room},
    parcel::EAR_RATE,
};

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
        let playing = Arc::new(Mutex::new(Playing { mouth, period, heard: Vec::new(), plugged: plugged.clone() }));
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
}

impl Playing {
    fn period(&mut self) {
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

/// A microphone that hears what its [`Script`] says, and silence otherwise.
pub struct FakeMicrophone {
    clock: Clock,
    script: Script,
    /// Up to where it was read, on the clock.
    read: u64,
}

impl FakeMicrophone {
    pub fn open(clock: &Clock) -> (Self, Script) {
        let script = Script(Arc::default());
        (Self { clock: clock.clone(), script: script.clone(), read: clock.now() }, script)
    }
}

impl Microphone for FakeMicrophone {
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard> {
        self.clock.wait(self.read + 1, patience);
        let now = self.clock.now();
        let mut page = self.script.lock();
        if page.unplugged {
            self.read = now;
            return Err(Error::reopen(Room::Audio, "the fake microphone was unplugged"));
        }
        let count = (now - self.read) / STEP;
        let from = self.read / STEP;
        out.extend((from..from + count).map(|at| page.sample(at)));
        self.read += count * STEP;
        Ok(Heard { samples: count as usize, dropped: 0, at: Instant::now(), state: MicState::Live, news: None })
    }

    fn name(&self) -> String {
        "fake microphone".into()
    }
}

/// Samples of the clock to one of the microphone.
const STEP: u64 = (CLOCK_RATE / EAR_RATE) as u64;

/// What a [`FakeMicrophone`] is going to hear; clones are the same script.
#[derive(Clone)]
pub struct Script(Arc<Mutex<Page>>);

#[derive(Default)]
struct Page {
    /// Sounds by the time they begin, in samples of the microphone, in order and without overlap.
    lines: VecDeque<(u64, Arc<[f32]>)>,
    /// A speaker that it hears as well: how loud, and how much later in samples of the clock.
    echo: Option<(Recording, f32, u64)>,
    unplugged: bool,
}

impl Script {
    /// Heard from this time of the clock on, 16 kHz; later where another sound lasts longer. What of it lies in the past
    /// is not heard. Returns when it will be over, on the clock.
    pub fn say_at(&self, at: u64, samples: impl Into<Arc<[f32]>>) -> u64 {
        let (samples, mut page) = (samples.into(), self.lock());
        let free = page.lines.back().map_or(0, |(at, line)| at + line.len() as u64);
        let at = (at / STEP).max(free);
        let end = at + samples.len() as u64;
        page.lines.push_back((at, samples));
        end * STEP
    }

    /// From now on it hears this speaker too, so much louder (1.0 is as loud) and so much later.
    pub fn hear_speaker(&self, speaker: &Recording, gain: f32, delay: Duration) {
        let delay = (delay.as_secs_f64() * f64::from(CLOCK_RATE)) as u64;
        self.lock().echo = Some((speaker.clone(), gain, delay));
    }

    /// From now on reading is an error of the kind `Reopen`.
    pub fn unplug(&self) {
        self.lock().unplugged = true;
    }

    pub fn plug(&self) {
        self.lock().unplugged = false;
    }

    fn lock(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    fn sample(&mut self, at: u64) -> f32 {
        while self.lines.front().is_some_and(|(start, line)| start + line.len() as u64 <= at) {
            self.lines.pop_front();
        }
        let said = self.lines.front().filter(|(start, _)| *start <= at).map_or(0.0, |(start, line)| line[(at - start) as usize]);
        said + self.echo.as_ref().map_or(0.0, |(speaker, gain, delay)| gain * speaker.sample_at((at * STEP).checked_sub(*delay)))
    }
}

impl Recording {
    /// The sample heard at that time, for an echo.
    fn sample_at(&self, at: Option<u64>) -> f32 {
        let index = at.and_then(|at| at.checked_sub(self.start)).map(|at| (at / u64::from(self.step)) as usize);
        index.and_then(|n| self.lock().heard.get(n).copied()).unwrap_or(0.0)
    }
}

#[cfg(test)]
#[path = "fake_tests.rs"]
mod tests;
