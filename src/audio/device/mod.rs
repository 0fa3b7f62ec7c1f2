//! Samples into sound: a ring that the device empties, with resampling, volume and waiting on the caller's side.
//!
//! The device's thread ([`mouth`]) takes samples out of the ring and counts; it never allocates, locks, logs or waits.
//! A device that went away is noticed by the error it reports, or because it stops asking for samples: some never say.

mod choose;
mod mouth;
mod quiet;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use cpal::traits::StreamTrait;
use rtrb::Producer;

pub(super) use choose::list;
use mouth::{Mouth, Shared};

use super::{DeviceInfo, Settings, Speaker, resample::Flow};
use crate::{
    error::{Error, Result, Room},
    parcel::Pcm,
    turn::Turn,
};

/// How far the voice may run ahead of the ear.
const AHEAD: Duration = Duration::from_secs(3);

/// A device that asked for nothing this long is gone: they all ask several times in 100 ms.
const LOST: Duration = Duration::from_millis(500);

/// A device may take its time to begin: a Bluetooth speaker wakes up, a sound server is started, PulseAudio's null sink
/// first waits for the up to 2 s of silence that it ran ahead while nobody played.
const BEGIN: Duration = Duration::from_secs(5);

/// Asked no more often than this, a device has only filled its buffer (two to four periods) and has not begun to play.
const FILLING: u64 = 8;

/// Between two looks at the ring.
const LOOK: Duration = Duration::from_millis(5);

/// The longest we wait for what the device says it still holds: some say nonsense.
const LONGEST_LATENCY: Duration = Duration::from_secs(2);

pub(super) fn open(settings: &Settings) -> Result<Box<dyn Speaker>> {
    let choice = choose::choose(&settings.output)?;
    let shared = Arc::new(Shared::default());
    let rate = choice.rate();
    let (ring, out) = rtrb::RingBuffer::new((AHEAD.as_secs() * u64::from(rate)) as usize);
    let stream = choice.stream(shared.clone(), Mouth::new(out, shared.clone(), choice.channels(), rate))?;
    let name = choice.name();
    let volume = settings.volume.clamp(0.0, 1.0);
    Ok(Box::new(Device { stream, name, ring, shared, flow: Flow::new(rate), ready: Vec::new(), volume, queued: 0, begun: false }))
}

struct Device {
    stream: cpal::Stream,
    name: String,
    ring: Producer<f32>,
    shared: Arc<Shared>,
    flow: Flow,
    /// Resampled, on its way into the ring.
    ready: Vec<f32>,
    volume: f32,
    /// Samples put into the ring since opening.
    queued: u64,
    /// The device is asked for sound only once there is some.
    begun: bool,
}

impl Device {
    /// Moves `ready` into the ring, waiting for room.
    fn queue(&mut self, turn: &Turn) -> Result<()> {
        let ready = std::mem::take(&mut self.ready);
        let mut rest = ready.as_slice();
        let mut watch = self.watch();
        while !rest.is_empty() {
            turn.alive()?;
            let (taken, left) = self.ring.push_partial_slice(rest);
            self.queued += taken.len() as u64;
            rest = left;
            self.begin()?;
            watch.look(&self.shared, &self.name)?;
            if !rest.is_empty() {
                thread::sleep(LOOK);
            }
        }
        self.ready = ready;
        self.ready.clear();
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        if !self.begun {
            self.stream.play().map_err(|e| choose::fault(&self.name, &e))?;
            self.begun = true;
        }
        Ok(())
    }

    fn watch(&self) -> Watch {
        Watch { asked: self.shared.asked.load(Relaxed), since: Instant::now() }
    }

    /// Waits until the device has taken all, and then as long as it says that takes to be heard.
    fn wait_until_heard(&mut self, turn: &Turn) -> Result<()> {
        let mut watch = self.watch();
        while self.shared.taken.load(Relaxed) < self.queued {
            turn.alive()?;
            watch.look(&self.shared, &self.name)?;
            thread::sleep(LOOK);
        }
        let latency = Duration::from_micros(self.shared.latency_us.load(Relaxed)).min(LONGEST_LATENCY);
        let until = Instant::now() + latency;
        while Instant::now() < until {
            turn.alive()?;
            thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }
}

impl Speaker for Device {
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()> {
        turn.alive()?;
        let from = self.ready.len();
        self.flow.push(sound, &mut self.ready)?;
        self.ready[from..].iter_mut().for_each(|s| *s *= self.volume);
        self.shared.expecting.store(true, Relaxed);
        self.queue(turn)
    }

    fn drain(&mut self, turn: &Turn) -> Result<()> {
        turn.alive()?;
        let from = self.ready.len();
        self.flow.finish(&mut self.ready)?;
        self.ready[from..].iter_mut().for_each(|s| *s *= self.volume);
        self.queue(turn)?;
        // From here on an empty ring is the end and no underrun.
        self.shared.expecting.store(false, Relaxed);
        if self.begun { self.wait_until_heard(turn) } else { Ok(()) }
    }

    fn hush(&mut self) {
        self.shared.expecting.store(false, Relaxed);
        self.shared.discard.store(self.queued, Relaxed);
        self.flow.reset();
        self.ready.clear();
    }

    fn underruns(&self) -> u64 {
        self.shared.underruns.load(Relaxed)
    }
}

/// Notices that the device stopped asking for samples.
struct Watch {
    asked: u64,
    since: Instant,
}

impl Watch {
    fn look(&mut self, shared: &Shared, name: &str) -> Result<()> {
        let asked = shared.asked.load(Relaxed);
        if asked != self.asked {
            *self = Watch { asked, since: Instant::now() };
        }
        let patience = if asked <= FILLING { BEGIN } else { LOST };
        let silent = self.since.elapsed();
        if shared.lost.load(Relaxed) || silent > patience {
            tracing::warn!(device = name, reported = shared.lost.load(Relaxed), asked, silent_ms = silent.as_millis() as u64, "lost");
            return Err(Error::reopen(Room::Audio, format!("the sound device {name} went away"))
                .hint("plug it in again, or name another as audio.output"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
