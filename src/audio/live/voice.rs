//! The caller's side of the playing ring: resampling, and waiting for room and for the ear.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use rtrb::Producer;

use super::{knobs::Knobs, mouth::Mouth, shared::Shared};
use crate::{
    audio::{Speaker, resample::Flow},
    error::Result,
    parcel::Pcm,
    turn::Turn,
};

/// How far the voice may run ahead of the ear.
const AHEAD: Duration = Duration::from_secs(3);

/// What a reader of the reference may be late.
const TAP: Duration = Duration::from_secs(1);

/// Between two looks at the ring.
pub const LOOK: Duration = Duration::from_millis(5);

/// What keeps the mouth at the other end of the ring going.
pub trait Drive: Send {
    /// Called around every wait: begins to play, notices that a device is gone.
    fn look(&mut self, shared: &Shared) -> Result<()>;

    /// Waits a moment.
    fn pause(&mut self, moment: Duration) {
        thread::sleep(moment);
    }
}

/// Both ends of a ring for sound at this rate, in Hz.
pub fn ring(rate: u32, volume: f32) -> (Producer<f32>, Mouth, Arc<Shared>) {
    let size = |time: Duration| (time.as_secs() * u64::from(rate)) as usize;
    let shared = Arc::new(Shared::new(volume));
    let (ring, out) = rtrb::RingBuffer::new(size(AHEAD));
    let (tap, tapped) = rtrb::RingBuffer::new(size(TAP));
    shared.rate.store(rate, Relaxed);
    *shared.tap.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(tapped);
    (ring, Mouth::new(out, tap, shared.clone()), shared)
}

/// A speaker, whatever is at the other end.
pub struct Voice<D> {
    drive: D,
    ring: Producer<f32>,
    shared: Arc<Shared>,
    flow: Flow,
    /// Resampled, on its way into the ring.
    ready: Vec<f32>,
    /// The next `play` begins a turn's sound.
    fresh: bool,
}

impl<D: Drive> Voice<D> {
    pub fn new(drive: D, ring: Producer<f32>, shared: Arc<Shared>) -> Self {
        let flow = Flow::new(shared.rate.load(Relaxed));
        Self { drive, ring, shared, flow, ready: Vec::new(), fresh: true }
    }

    /// Goes on after a hush from another thread, if this turn is alive; notices a device with another rate.
    fn open(&mut self, turn: &Turn) -> Result<()> {
        // In this order: who hushes cancels the turn first, so a turn that is alive now is not the one that was hushed.
        let hushes = self.shared.hushes();
        turn.alive()?;
        if hushes != self.shared.answered() {
            self.forget();
            self.shared.answer(hushes);
        }
        let rate = self.shared.rate.load(Relaxed);
        if rate != self.flow.rate() {
            self.flow = Flow::new(rate);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.flow.reset();
        self.ready.clear();
        self.fresh = true;
    }

    /// Moves `ready` into the ring, waiting for room.
    fn queue(&mut self, turn: &Turn) -> Result<()> {
        let ready = std::mem::take(&mut self.ready);
        let mut rest = ready.as_slice();
        while !rest.is_empty() {
            turn.alive()?;
            let (taken, left) = self.ring.push_partial_slice(rest);
            self.shared.queued.fetch_add(taken.len() as u64, Relaxed);
            rest = left;
            self.drive.look(&self.shared)?;
            if !rest.is_empty() {
                self.drive.pause(LOOK);
            }
        }
        self.ready = ready;
        self.ready.clear();
        Ok(())
    }

    /// Waits until the device has taken all, and then as long as it says that takes to be heard.
    fn wait_until_heard(&mut self, turn: &Turn) -> Result<()> {
        let queued = self.shared.queued.load(Relaxed);
        while self.shared.taken.load(Relaxed) < queued {
            turn.alive()?;
            self.drive.look(&self.shared)?;
            self.drive.pause(LOOK);
        }
        let until = Instant::now() + self.shared.latency();
        while Instant::now() < until {
            turn.alive()?;
            self.drive.pause(LOOK.min(until.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }
}

impl<D: Drive> Speaker for Voice<D> {
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()> {
        self.open(turn)?;
        if std::mem::take(&mut self.fresh) {
            self.begin_turn();
            self.fresh = false;
        }
        self.shared.given_rate.store(sound.rate, Relaxed);
        self.shared.given.fetch_add(sound.samples.len() as u64, Relaxed);
        self.flow.push(sound, &mut self.ready)?;
        self.shared.expecting.store(true, Relaxed);
        self.queue(turn)
    }

    fn drain(&mut self, turn: &Turn) -> Result<()> {
        self.open(turn)?;
        self.flow.finish(&mut self.ready)?;
        self.queue(turn)?;
        // From here on an empty ring is the end and no underrun.
        self.shared.expecting.store(false, Relaxed);
        self.wait_until_heard(turn)
    }

    fn hush(&mut self) {
        self.shared.expecting.store(false, Relaxed);
        self.shared.discard.store(self.shared.queued.load(Relaxed), Relaxed);
        self.forget();
    }

    fn underruns(&self) -> u64 {
        self.shared.underruns.load(Relaxed)
    }

    fn begin_turn(&mut self) {
        self.shared.given.store(0, Relaxed);
        self.shared.turn_from.store(self.shared.queued.load(Relaxed) + self.ready.len() as u64, Relaxed);
    }

    fn knobs(&self) -> Knobs {
        Knobs(self.shared.clone())
    }
}
