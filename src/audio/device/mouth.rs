//! The device's side of the ring: called when the device wants samples, it hands them over and counts.
//!
//! Nothing here allocates, locks, logs or waits.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use cpal::{FromSample, SizedSample};
use rtrb::Consumer;

/// What both sides of the ring may look at. Single values, each written by one side, so `Relaxed` is enough; the
/// samples themselves are ordered by the ring.
#[derive(Default)]
pub(super) struct Shared {
    /// How often the device asked for samples.
    pub asked: AtomicU64,
    /// Samples that left the ring, heard or discarded.
    pub taken: AtomicU64,
    /// Everything queued before this count is to be discarded.
    pub discard: AtomicU64,
    /// More sound is to come: an empty ring is an underrun.
    pub expecting: AtomicBool,
    /// How often the ring was empty while more was to come, and how often the device itself ran dry.
    pub underruns: AtomicU64,
    /// From now to the ear, in µs, as the device says.
    pub latency_us: AtomicU64,
    /// The device reported an error that it does not survive.
    pub lost: AtomicBool,
}

pub(super) struct Mouth {
    ring: Consumer<f32>,
    shared: Arc<Shared>,
    channels: usize,
    /// Samples over which discarded sound fades out: 5 ms, too short to hear as sound and too long to be a click.
    fade: u64,
    taken: u64,
    /// Within a gap already counted.
    dry: bool,
}

impl Mouth {
    pub fn new(ring: Consumer<f32>, shared: Arc<Shared>, channels: u16, rate: u32) -> Self {
        Self { ring, shared, channels: usize::from(channels.max(1)), fade: u64::from(rate / 200), taken: 0, dry: false }
    }

    /// Fills the device's buffer: every channel the same, silence where there is nothing.
    pub fn fill<T: SizedSample + FromSample<f32>>(&mut self, out: &mut [T]) {
        let (used, frames) = (self.hush(out), out.len() / self.channels);
        let sounding = (frames - used).min(self.ring.slots());
        self.hand_over(&mut out[used * self.channels..], sounding, |_| 1.0);
        out[(used + sounding) * self.channels..].fill(T::from_sample(0.0));
        let dry = used + sounding < frames && self.shared.expecting.load(Relaxed);
        if dry && !self.dry {
            self.shared.underruns.fetch_add(1, Relaxed);
        }
        self.dry = dry;
        self.shared.taken.store(self.taken, Relaxed);
        self.shared.asked.fetch_add(1, Relaxed);
    }

    /// Fades out what is to be discarded and drops the rest of it. Returns the frames used for that.
    fn hush<T: SizedSample + FromSample<f32>>(&mut self, out: &mut [T]) -> usize {
        let doomed = self.shared.discard.load(Relaxed).saturating_sub(self.taken).min(self.ring.slots() as u64);
        if doomed == 0 {
            return 0;
        }
        let fade = doomed.min(self.fade).min((out.len() / self.channels) as u64) as usize;
        self.hand_over(out, fade, |n| 1.0 - n as f32 / fade as f32);
        let rest = doomed as usize - fade;
        if let Ok(chunk) = self.ring.read_chunk(rest) {
            chunk.commit_all();
            self.taken += rest as u64;
        }
        fade
    }

    /// Moves that many samples, which must be there, to all channels.
    fn hand_over<T: SizedSample + FromSample<f32>>(&mut self, out: &mut [T], samples: usize, gain: impl Fn(usize) -> f32) {
        let Ok(chunk) = self.ring.read_chunk(samples) else { return };
        let (first, second) = chunk.as_slices();
        for (n, (frame, sample)) in out.chunks_exact_mut(self.channels).zip(first.iter().chain(second)).enumerate() {
            frame.fill(T::from_sample(sample * gain(n)));
        }
        chunk.commit_all();
        self.taken += samples as u64;
    }
}
