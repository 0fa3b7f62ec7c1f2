//! What the caller's side, the device's side and the knobs of one speaker may all look at. Nothing here waits.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release},
    },
    time::{Duration, Instant},
};

use rtrb::Consumer;

use crate::error::Error;

/// The longest we believe what a device says it still holds: some say nonsense.
pub const LONGEST_LATENCY: Duration = Duration::from_secs(2);

/// Single values, so `Relaxed` is enough, except where noted; the samples themselves are ordered by the ring. Positions
/// count samples of the ring since the speaker was made, across devices that come and go.
pub struct Shared {
    /// Samples that were put into the ring.
    pub queued: AtomicU64,
    /// Samples that left the ring, heard or discarded.
    pub taken: AtomicU64,
    /// The position up to which samples were handed to a device that plays.
    pub heard: AtomicU64,
    /// Everything before this position is to be discarded.
    pub discard: AtomicU64,
    /// How often the device asked for samples since it was opened.
    pub asked: AtomicU64,
    /// More sound is to come: an empty ring is an underrun.
    pub expecting: AtomicBool,
    /// How often the ring was empty while more was to come, and how often the device itself ran dry.
    pub underruns: AtomicU64,
    /// From the ring to the ear, in µs, as the device said last; 0 where it does not say.
    pub latency_us: AtomicU64,
    /// When it said so: µs since `born`.
    pub filled_us: AtomicU64,
    /// Nobody hears it: the device is gone.
    pub lost: AtomicBool,
    /// Hz, of the ring and the device.
    pub rate: AtomicU32,
    /// Hz, of what was given last.
    pub given_rate: AtomicU32,
    /// Samples given since the turn began, at `given_rate`.
    pub given: AtomicU64,
    /// Where the turn's sound begins in the ring.
    pub turn_from: AtomicU64,
    held: AtomicBool,
    volume: AtomicU32,
    /// How often a hush was asked for; written after the turn was cancelled and read before it is looked at.
    hushed: AtomicU64,
    /// Up to which of these the owner has gone on; `discard` is written before it.
    answered: AtomicU64,
    /// Another device that was asked for. Never touched by the device's side.
    pub wanted: Mutex<Option<String>>,
    /// Why nobody hears it. Never touched by the device's side.
    pub trouble: Mutex<Option<Error>>,
    /// The device opened last. Never touched by the device's side.
    pub device: Mutex<Option<String>>,
    /// What the device was given, for whoever wants to compare. Never touched by the device's side.
    pub tap: Mutex<Option<Consumer<f32>>>,
    born: Instant,
}

impl Shared {
    pub fn new(volume: f32) -> Self {
        Self {
            queued: AtomicU64::default(),
            taken: AtomicU64::default(),
            heard: AtomicU64::default(),
            discard: AtomicU64::default(),
            asked: AtomicU64::default(),
            expecting: AtomicBool::default(),
            underruns: AtomicU64::default(),
            latency_us: AtomicU64::default(),
            filled_us: AtomicU64::default(),
            lost: AtomicBool::default(),
            rate: AtomicU32::new(1),
            given_rate: AtomicU32::new(1),
            given: AtomicU64::default(),
            turn_from: AtomicU64::default(),
            held: AtomicBool::default(),
            volume: AtomicU32::new(volume.clamp(0.0, 1.0).to_bits()),
            hushed: AtomicU64::default(),
            answered: AtomicU64::default(),
            wanted: Mutex::default(),
            trouble: Mutex::default(),
            device: Mutex::default(),
            tap: Mutex::default(),
            born: Instant::now(),
        }
    }

    /// A device of this name plays from now on.
    pub fn opened(&self, device: &str) {
        *self.device.lock().unwrap_or_else(PoisonError::into_inner) = Some(device.to_owned());
        self.lost.store(false, Relaxed);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The device asks for samples now, and says how long they take to be heard.
    pub fn asked_at(&self, latency: Duration) {
        self.latency_us.store(latency.min(LONGEST_LATENCY).as_micros() as u64, Relaxed);
        self.filled_us.store(self.born.elapsed().as_micros() as u64, Relaxed);
    }

    /// From the ring to the ear, as the device said last.
    pub fn latency(&self) -> Duration {
        Duration::from_micros(self.latency_us.load(Relaxed))
    }

    /// Closes the mouth at once; only the owner opens it again, by playing for a turn that is alive. Ends a hold.
    pub fn hush(&self) {
        self.hushed.fetch_add(1, Release);
        self.held.store(false, Release);
    }

    /// For the owner: read this, then ask whether the turn is alive, then [`Shared::answer`] with it.
    pub fn hushes(&self) -> u64 {
        self.hushed.load(Acquire)
    }

    /// The owner goes on after that hush: what was queued until now stays unheard.
    pub fn answer(&self, hush: u64) {
        self.discard.store(self.queued.load(Relaxed), Relaxed);
        self.answered.store(hush, Release);
    }

    pub fn answered(&self) -> u64 {
        self.answered.load(Acquire)
    }

    /// For the mouth: everything is to be discarded. Ask [`Shared::is_held`] before it: a hush ends a hold.
    pub fn is_closed(&self) -> bool {
        let hushed = self.hushed.load(Acquire);
        hushed != self.answered.load(Acquire)
    }

    pub fn hold(&self, on: bool) {
        self.held.store(on, Release);
    }

    pub fn is_held(&self) -> bool {
        self.held.load(Acquire)
    }

    pub fn set_volume(&self, volume: f32) {
        let sane = if volume.is_nan() { 1.0 } else { volume.clamp(0.0, 1.0) };
        self.volume.store(sane.to_bits(), Relaxed);
    }

    pub fn volume(&self) -> f32 {
        f32::from_bits(self.volume.load(Relaxed))
    }

    /// See [`super::Knobs::played`].
    pub fn played(&self) -> u64 {
        let rate = u64::from(self.rate.load(Relaxed)).max(1);
        let latency = self.latency_us.load(Relaxed);
        let since = (self.born.elapsed().as_micros() as u64).saturating_sub(self.filled_us.load(Relaxed));
        let on_its_way = latency.saturating_sub(since) * rate / 1_000_000;
        let heard = self.heard.load(Relaxed).saturating_sub(on_its_way).saturating_sub(self.turn_from.load(Relaxed));
        let given_rate = u64::from(self.given_rate.load(Relaxed));
        ((heard * given_rate + rate / 2) / rate).min(self.given.load(Relaxed))
    }

    /// The device that was asked for since the last call.
    pub fn take_wanted(&self) -> Option<String> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
