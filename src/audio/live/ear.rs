//! The caller's side of the capturing ring: waits for samples, resamples them, notices silence and loss.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use rtrb::Consumer;

pub use super::lung::Breath;
use super::{lung::Lung, watch::Watch};
use crate::{
    audio::{
        microphone::{DeviceNews, Heard, MicState, Microphone},
        resample::Flow,
    },
    error::{Error, Result, Room},
    parcel::{EAR_RATE, Pcm},
};

/// What the reader may be late.
const BEHIND: Duration = Duration::from_secs(2);

/// Exact zeros for this long are no sound of any room.
const MUTED: Duration = Duration::from_secs(2);

/// Between two looks at the ring.
const LOOK: Duration = Duration::from_millis(5);

/// A microphone; `S` is whatever keeps its device running.
pub struct Ear<S> {
    _stream: S,
    name: String,
    ring: Consumer<f32>,
    breath: Arc<Breath>,
    rate: u32,
    flow: Flow,
    watch: Watch,
    taken: Vec<f32>,
    /// Zeros at the end of what was taken, in frames.
    zeros: u64,
    muted: bool,
    dropped: u64,
    /// Frames taken and samples made: what the resampler still holds.
    count: (u64, u64),
}

impl<S: Send> Ear<S> {
    /// `start` is given the lung, which it has to keep breathing, and what it reports to.
    pub fn open(name: &str, channels: u16, rate: u32, start: impl FnOnce(Lung, Arc<Breath>) -> Result<S>) -> Result<Self> {
        let (to, ring) = rtrb::RingBuffer::new((BEHIND.as_secs() * u64::from(rate)) as usize);
        let breath = Arc::new(Breath::default());
        let stream = start(Lung::new(to, breath.clone(), channels), breath.clone())?;
        Ok(Self {
            _stream: stream,
            name: name.to_owned(),
            ring,
            breath,
            rate,
            flow: Flow::new(EAR_RATE),
            watch: Watch::for_capturing(Instant::now()),
            taken: Vec::new(),
            zeros: 0,
            muted: false,
            dropped: 0,
            count: (0, 0),
        })
    }

    /// Moves what is there to `out`; returns how many samples that made.
    fn take(&mut self, out: &mut Vec<f32>) -> Result<usize> {
        let before = out.len();
        self.taken.resize(self.ring.slots(), 0.0);
        let (taken, _) = self.ring.pop_partial_slice(&mut self.taken);
        let trailing = taken.iter().rev().take_while(|s| **s == 0.0).count() as u64;
        self.zeros = if trailing == taken.len() as u64 { self.zeros + trailing } else { trailing };
        self.flow.push(&Pcm::new(&*taken, self.rate), out)?;
        let made = out.len() - before;
        self.count = (self.count.0 + taken.len() as u64, self.count.1 + made as u64);
        Ok(made)
    }

    fn check(&mut self) -> Result<()> {
        if self.breath.failed.load(Relaxed) || self.watch.is_lost(self.breath.calls.load(Relaxed), Instant::now()) {
            self.breath.failed.store(true, Relaxed);
            return Err(Error::reopen(Room::Audio, format!("the microphone {} went away", self.name))
                .hint("plug it in again, or name another as audio.input"));
        }
        Ok(())
    }

    fn heard(&mut self, samples: usize) -> Heard {
        let muted = self.zeros >= MUTED.as_secs() * u64::from(self.rate);
        let news = (muted != self.muted).then_some(if muted { DeviceNews::Muted } else { DeviceNews::Unmuted });
        self.muted = muted;
        let dropped = self.breath.dropped.load(Relaxed);
        let lost = dropped - std::mem::replace(&mut self.dropped, dropped);
        let held = self.count.0 as f64 / f64::from(self.rate) - self.count.1 as f64 / f64::from(EAR_RATE);
        let newest = self.breath.newest().checked_sub(Duration::from_secs_f64(held.max(0.0)));
        let at = newest.filter(|_| samples > 0).unwrap_or_else(Instant::now);
        Heard { samples, dropped: lost, at, state: if muted { MicState::Muted } else { MicState::Live }, news }
    }
}

impl<S: Send> Microphone for Ear<S> {
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard> {
        let until = Instant::now() + patience;
        loop {
            let samples = self.take(out)?;
            if samples > 0 {
                return Ok(self.heard(samples));
            }
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(self.heard(0));
            }
            thread::sleep(LOOK.min(left));
        }
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ear at so many Hz, and the lung that fills it.
    fn ear(rate: u32) -> (Ear<()>, Lung, Arc<Breath>) {
        let mut kept = None;
        let ear = Ear::open("test", 1, rate, |lung, breath| {
            kept = Some((lung, breath));
            Ok(())
        });
        let (lung, breath) = kept.unwrap();
        (ear.unwrap(), lung, breath)
    }

    fn breathe(lung: &mut Lung, samples: &[f32]) {
        lung.breathe(samples, Duration::ZERO, |s| s);
    }

    #[test]
    fn what_is_captured_is_heard_in_order_at_sixteen_kilohertz() {
        let (mut ear, mut lung, _) = ear(16_000);
        let mut out = vec![9.0];
        breathe(&mut lung, &[0.1, 0.2]);
        let heard = ear.read(&mut out, Duration::ZERO).unwrap();
        assert_eq!((heard.samples, heard.dropped, heard.state, heard.news), (2, 0, MicState::Live, None));
        assert_eq!(out, [9.0, 0.1, 0.2]);
        assert_eq!(ear.read(&mut out, Duration::ZERO).unwrap().samples, 0);
    }

    #[test]
    fn another_rate_is_resampled() {
        let (mut ear, mut lung, _) = ear(44_100);
        let mut out = Vec::new();
        for _ in 0..100 {
            breathe(&mut lung, &[0.5; 441]);
            ear.read(&mut out, Duration::ZERO).unwrap();
        }
        assert!((15_000..=16_000).contains(&out.len()), "{}", out.len());
        assert!(out[1000..].iter().all(|s| (s - 0.5).abs() < 1e-3));
    }

    #[test]
    fn zeros_for_two_seconds_are_muted_and_no_loss() {
        let (mut ear, mut lung, _) = ear(16_000);
        let mut out = Vec::new();
        let mut news = Vec::new();
        for second in 0..6 {
            breathe(&mut lung, &[if second == 4 { 0.1 } else { 0.0 }; 16_000]);
            let heard = ear.read(&mut out, Duration::ZERO).unwrap();
            news.extend(heard.news.map(|news| (second, news, heard.state)));
        }
        assert_eq!(news, [(1, DeviceNews::Muted, MicState::Muted), (4, DeviceNews::Unmuted, MicState::Live)]);
    }

    #[test]
    fn who_reads_too_late_is_told_what_was_lost_once() {
        let (mut ear, mut lung, _) = ear(16_000);
        breathe(&mut lung, &[0.1; 40_000]);
        let mut out = Vec::new();
        assert_eq!(ear.read(&mut out, Duration::ZERO).unwrap().dropped, 8000);
        breathe(&mut lung, &[0.1; 100]);
        assert_eq!(ear.read(&mut out, Duration::ZERO).unwrap().dropped, 0);
        assert_eq!(out.len(), 32_100);
    }

    #[test]
    fn a_device_that_reports_its_end_is_lost_for_good_once_all_was_read() {
        let (mut ear, mut lung, breath) = ear(16_000);
        breathe(&mut lung, &[0.1; 10]);
        breath.failed.store(true, Relaxed);
        let mut out = Vec::new();
        assert_eq!(ear.read(&mut out, Duration::ZERO).unwrap().samples, 10);
        for _ in 0..2 {
            assert_eq!(ear.read(&mut out, Duration::ZERO).unwrap_err().kind(), crate::error::Kind::Reopen);
        }
    }

    #[test]
    fn a_device_that_stops_is_lost_within_a_second() {
        let (mut ear, mut lung, _) = ear(16_000);
        breathe(&mut lung, &[0.1; 10]);
        let (mut out, start) = (Vec::new(), Instant::now());
        ear.read(&mut out, Duration::ZERO).unwrap();
        while ear.read(&mut out, Duration::from_millis(20)).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(20), "never noticed");
        }
    }
}
