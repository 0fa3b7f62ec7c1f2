//! The device's side of the capturing ring: called with what was captured, it mixes it to mono and counts.
//!
//! Nothing here allocates, locks, logs or waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rtrb::Producer;

/// What both sides of the ring may look at; single values, so `Relaxed` is enough.
pub struct Breath {
    /// How often the device brought samples.
    pub calls: AtomicU64,
    /// Frames that found no room, because nobody read for 2 s: the newest are dropped.
    pub dropped: AtomicU64,
    /// When the newest sample was captured: µs since `born`.
    newest_us: AtomicU64,
    /// The device reported an error that it does not survive.
    pub failed: AtomicBool,
    born: Instant,
}

impl Default for Breath {
    fn default() -> Self {
        Self {
            calls: AtomicU64::default(),
            dropped: AtomicU64::default(),
            newest_us: AtomicU64::default(),
            failed: AtomicBool::default(),
            born: Instant::now(),
        }
    }
}

impl Breath {
    pub fn newest(&self) -> Instant {
        self.born + Duration::from_micros(self.newest_us.load(Relaxed))
    }
}

pub struct Lung {
    ring: Producer<f32>,
    breath: Arc<Breath>,
    channels: usize,
}

impl Lung {
    pub fn new(ring: Producer<f32>, breath: Arc<Breath>, channels: u16) -> Self {
        Self { ring, breath, channels: usize::from(channels.max(1)) }
    }

    /// Takes what the device captured, the newest sample `age` ago.
    pub fn breathe<T: Copy>(&mut self, captured: &[T], age: Duration, form: impl Fn(T) -> f32) {
        let frames = captured.chunks_exact(self.channels);
        let (count, room) = (frames.len(), self.ring.slots());
        let share = 1.0 / self.channels as f32;
        if let Ok(chunk) = self.ring.write_chunk_uninit(count.min(room)) {
            chunk.fill_from_iter(frames.map(|frame| frame.iter().map(|s| form(*s)).sum::<f32>() * share));
        }
        self.breath.dropped.fetch_add(count.saturating_sub(room) as u64, Relaxed);
        let now = self.breath.born.elapsed().saturating_sub(age);
        self.breath.newest_us.store(now.as_micros() as u64, Relaxed);
        self.breath.calls.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lung(channels: u16, room: usize) -> (rtrb::Consumer<f32>, Arc<Breath>, Lung) {
        let (to, from) = rtrb::RingBuffer::new(room);
        let breath = Arc::new(Breath::default());
        (from, breath.clone(), Lung::new(to, breath, channels))
    }

    #[test]
    fn all_channels_become_one() {
        let (mut ring, breath, mut lung) = lung(2, 10);
        lung.breathe(&[0.5f32, 0.25, -1.0, 1.0], Duration::ZERO, |s| s);
        assert_eq!([ring.pop(), ring.pop()], [Ok(0.375), Ok(0.0)]);
        assert!(ring.pop().is_err());
        assert_eq!(breath.calls.load(Relaxed), 1);
    }

    #[test]
    fn one_channel_is_left_as_it_is() {
        let (mut ring, _, mut lung) = lung(1, 10);
        lung.breathe(&[i16::MIN, 1], Duration::ZERO, |s| f32::from(s) / 32_768.0);
        assert_eq!([ring.pop(), ring.pop()], [Ok(-1.0), Ok(1.0 / 32_768.0)]);
    }

    #[test]
    fn without_room_the_newest_are_dropped_and_counted() {
        let (mut ring, breath, mut lung) = lung(1, 3);
        lung.breathe(&[1.0f32, 2.0], Duration::ZERO, |s| s);
        lung.breathe(&[3.0f32, 4.0, 5.0], Duration::ZERO, |s| s);
        assert_eq!(breath.dropped.load(Relaxed), 2);
        assert_eq!([ring.pop(), ring.pop(), ring.pop()], [Ok(1.0), Ok(2.0), Ok(3.0)]);
        lung.breathe(&[6.0f32], Duration::ZERO, |s| s);
        assert_eq!((ring.pop(), breath.dropped.load(Relaxed)), (Ok(6.0), 2));
    }
}
