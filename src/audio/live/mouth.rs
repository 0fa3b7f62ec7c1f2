//! The device's side of the playing ring: called when the device wants samples, it hands them over and counts.
//!
//! Nothing here allocates, locks, logs or waits.

use std::sync::{
    Arc,
    atomic::Ordering::{Relaxed, Release},
};

use rtrb::{Consumer, Producer};

use super::shared::Shared;

/// Frames worked on at once.
const BLOCK: usize = 256;

pub struct Mouth {
    ring: Consumer<f32>,
    /// What was handed over, silence included, for whoever wants to compare; full when nobody does.
    tap: Producer<f32>,
    shared: Arc<Shared>,
    channels: usize,
    /// Samples over which sound fades out and in: 5 ms, too short to hear as sound and too long to be a click.
    fade: usize,
    taken: u64,
    /// Within a gap already counted.
    dry: bool,
    /// The last sample handed over was sound.
    sounded: bool,
    /// 0 while held, 1 otherwise, and on the way in between.
    opening: f32,
    volume: f32,
    /// Nobody hears what it hands over.
    deaf: bool,
    line: Box<[f32; BLOCK]>,
}

impl Mouth {
    pub fn new(ring: Consumer<f32>, tap: Producer<f32>, shared: Arc<Shared>) -> Self {
        let (taken, volume) = (shared.taken.load(Relaxed), shared.volume());
        let fade = (shared.rate.load(Relaxed) / 200).max(1) as usize;
        let line = Box::new([0.0; BLOCK]);
        Self { ring, tap, shared, channels: 1, fade, taken, dry: false, sounded: false, opening: 1.0, volume, deaf: false, line }
    }

    /// Before a device with this form plays it.
    #[must_use]
    pub fn for_device(mut self, channels: u16, rate: u32) -> Self {
        (self.channels, self.fade, self.deaf) = (usize::from(channels.max(1)), (rate / 200).max(1) as usize, false);
        self
    }

    /// While there is no device: it goes on at the same pace, and nothing counts as heard.
    pub fn for_nobody(&mut self) {
        (self.channels, self.deaf) = (1, true);
    }

    /// Discards all there is: it has another rate than what comes.
    pub fn empty(&mut self) {
        self.skip(self.ring.slots());
        self.shared.taken.store(self.taken, Release);
    }

    /// Fills the device's buffer: every channel the same, silence where there is nothing.
    pub fn fill<T: Copy>(&mut self, out: &mut [T], form: impl Fn(f32) -> T) {
        let mut dry = false;
        for frames in out.chunks_mut(BLOCK * self.channels) {
            let count = frames.len() / self.channels;
            let sounding = self.speak(count);
            dry |= sounding < count && self.shared.expecting.load(Relaxed) && !self.shared.is_held();
            for (frame, sample) in frames.chunks_mut(self.channels).zip(self.line.iter()) {
                frame.fill(form(*sample));
            }
            if !self.deaf {
                let _ = self.tap.push_partial_slice(&self.line[..count]);
            }
        }
        if dry && !self.dry && !self.deaf {
            self.shared.underruns.fetch_add(1, Relaxed);
        }
        self.dry = dry;
        self.shared.taken.store(self.taken, Release);
        self.shared.asked.fetch_add(1, Relaxed);
    }

    /// Puts so many samples on the line; returns how many of them are sound.
    fn speak(&mut self, count: usize) -> usize {
        self.line[..count].fill(0.0);
        // The order matters: a hush ends a hold.
        let held = self.shared.is_held();
        if held && !self.sounded {
            // There is nothing to fade out.
            self.opening = 0.0;
        }
        let closed = self.shared.is_closed();
        let fading = self.hush(count, closed);
        let there = if closed { 0 } else { (count - fading).min(self.ring.slots()) };
        let sounding = if held { there.min((self.opening * self.fade as f32).ceil() as usize) } else { there };
        self.hand_over(fading, sounding, held, |_| 1.0);
        self.sounded = fading + sounding == count;
        if !self.sounded {
            // After silence sound begins as it is; only what was held comes back with a fade.
            self.opening = if held { 0.0 } else { 1.0 };
            self.volume = self.shared.volume();
        }
        fading + sounding
    }

    /// Fades out what is to be discarded and drops the rest of it. Returns the samples used for that.
    fn hush(&mut self, count: usize, closed: bool) -> usize {
        let doomed = match closed {
            true => self.ring.slots() as u64,
            false => self.shared.discard.load(Relaxed).saturating_sub(self.taken).min(self.ring.slots() as u64),
        } as usize;
        // What nobody has heard the beginning of needs no fade, and nobody hears it.
        let fade = if self.sounded { doomed.min(self.fade).min(count) } else { 0 };
        self.hand_over(0, fade, false, |n| 1.0 - n as f32 / fade as f32);
        self.skip(doomed - fade);
        if doomed > 0 {
            self.opening = 1.0;
        }
        fade
    }

    fn skip(&mut self, count: usize) {
        if let Ok(chunk) = self.ring.read_chunk(count) {
            chunk.commit_all();
            self.taken += count as u64;
        }
    }

    /// Moves that many samples, which must be there, to the line from `at` on; to silence while `closing`.
    fn hand_over(&mut self, at: usize, count: usize, closing: bool, gain: impl Fn(usize) -> f32) {
        let Ok(chunk) = self.ring.read_chunk(count) else { return };
        let (first, second) = chunk.as_slices();
        let (step, volume) = (1.0 / self.fade as f32, self.shared.volume());
        for (n, (to, sample)) in self.line[at..].iter_mut().zip(first.iter().chain(second)).enumerate() {
            self.opening = (self.opening + if closing { -step } else { step }).clamp(0.0, 1.0);
            self.volume += (volume - self.volume).clamp(-step, step);
            *to = sample * gain(n) * self.opening * self.volume;
        }
        chunk.commit_all();
        self.taken += count as u64;
        if !self.deaf && count > 0 {
            self.shared.heard.store(self.taken, Relaxed);
        }
    }
}

#[cfg(test)]
#[path = "mouth_tests.rs"]
mod tests;
