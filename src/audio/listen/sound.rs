//! The last seconds of sound, by position since the beginning.

use std::collections::VecDeque;

/// Holds what is not dropped; positions count 16 kHz samples and never begin anew.
#[derive(Default)]
pub struct Sound {
    samples: VecDeque<f32>,
    /// Position of the first sample that is held.
    start: u64,
}

impl Sound {
    pub fn push(&mut self, samples: &[f32]) {
        self.samples.extend(samples);
    }

    /// Position after the last sample.
    pub fn end(&self) -> u64 {
        self.start + self.samples.len() as u64
    }

    /// Position of the first sample that is held.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Drops everything before that position.
    pub fn forget_before(&mut self, position: u64) {
        let count = position.saturating_sub(self.start).min(self.samples.len() as u64);
        self.samples.drain(..count as usize);
        self.start += count;
    }

    /// What is held of that stretch.
    pub fn cut(&self, from: u64, to: u64) -> Vec<f32> {
        let index = |position: u64| (position.saturating_sub(self.start) as usize).min(self.samples.len());
        let (from, to) = (index(from), index(to));
        self.samples.range(from..to.max(from)).copied().collect()
    }

    /// The position in that stretch around which 80 ms are the quietest.
    pub fn quietest(&self, from: u64, to: u64) -> u64 {
        const AROUND: usize = 1280;
        let cut = self.cut(from, to);
        let energy = |at: usize| cut[at..at + AROUND].iter().map(|s| s * s).sum::<f32>();
        let places = (0..cut.len().saturating_sub(AROUND)).step_by(AROUND / 4);
        let best = places.min_by(|&a, &b| energy(a).total_cmp(&energy(b)));
        best.map_or(to, |at| from.max(self.start) + (at + AROUND / 2) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_stay_when_the_old_is_dropped() {
        let mut sound = Sound::default();
        sound.push(&[0.0, 1.0, 2.0, 3.0]);
        sound.forget_before(2);
        sound.push(&[4.0]);
        assert_eq!((sound.start(), sound.end()), (2, 5));
        assert_eq!(sound.cut(3, 5), [3.0, 4.0]);
        assert_eq!(sound.cut(0, 3), [2.0], "what is gone is left out");
        assert_eq!(sound.cut(4, 9), [4.0]);
        assert!(sound.cut(5, 3).is_empty());
        sound.forget_before(99);
        assert_eq!((sound.start(), sound.end()), (5, 5));
    }

    #[test]
    fn the_quietest_moment_is_found() {
        let mut sound = Sound::default();
        sound.push(&vec![0.5; 10_000]);
        sound.push(&vec![0.0; 1280]);
        sound.push(&vec![0.5; 10_000]);
        let at = sound.quietest(2000, 20_000);
        assert!(at.abs_diff(10_640) < 320, "{at}");
        assert_eq!(sound.quietest(0, 100), 100, "too short to choose");
    }
}
