//! The fake microphone: what its script says at what time of the clock, and a speaker that it hears as well.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{CLOCK_RATE, Clock, Recording};
use crate::{
    audio::{Heard, MicState, Microphone, live::Reopening},
    error::{Error, Result, Room},
    parcel::EAR_RATE,
};

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

    /// One for a conversation, like [`super::super::open_live_microphone`]'s: unplugged it is lost, and comes back.
    pub fn open_live(clock: &Clock) -> (Box<dyn Microphone>, Script) {
        let (microphone, script) = Self::open(clock);
        let open = move |_: &str| -> Result<Box<dyn Microphone>> {
            let Self { clock, script, .. } = &microphone;
            let read = clock.now();
            if script.lock().unplugged {
                Err(unplugged())
            } else {
                Ok(Box::new(Self { clock: clock.clone(), script: script.clone(), read }))
            }
        };
        (Box::new(Reopening::new(Arc::new(open), "fake microphone")), script)
    }
}

fn unplugged() -> Error {
    Error::reopen(Room::Audio, "the fake microphone was unplugged")
}

impl Microphone for FakeMicrophone {
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard> {
        self.clock.wait(self.read + 1, patience);
        let now = self.clock.now();
        let mut page = self.script.lock();
        if page.unplugged {
            self.read = now;
            return Err(unplugged());
        }
        let count = (now - self.read) / STEP;
        let from = self.read / STEP;
        out.extend((from..from + count).map(|at| page.sample(at)));
        self.read += count * STEP;
        page.read = self.read;
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
    /// Up to where it was read, on the clock.
    read: u64,
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

    /// Up to where it was read, on the clock.
    pub fn read(&self) -> u64 {
        self.lock().read
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
