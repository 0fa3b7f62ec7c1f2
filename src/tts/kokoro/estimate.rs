//! How long the network will take for a text, from how long it took so far.

use std::time::Duration;

/// Weight of the newest measurement.
const NEWEST: f32 = 0.2;
/// Shorter runs say more about the machine's mood than about its speed.
const ENOUGH: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    ms_per_phoneme: f32,
    phonemes_per_byte: f32,
    /// Nothing was measured yet.
    guessed: bool,
}

impl Default for Estimate {
    /// Two cores of 2023: real-time factor 0.4, fourteen phonemes a second.
    fn default() -> Self {
        Self { ms_per_phoneme: 28.0, phonemes_per_byte: 1.0, guessed: true }
    }
}

impl Estimate {
    /// A run over so many phonemes took so long.
    pub fn took(&mut self, phonemes: usize, time: Duration) {
        if phonemes < ENOUGH {
            return;
        }
        let weight = if self.guessed { 1.0 } else { NEWEST };
        let measured = time.as_secs_f32() * 1000.0 / phonemes as f32;
        self.ms_per_phoneme += weight * (measured - self.ms_per_phoneme);
        self.guessed = false;
    }

    /// A text of so many bytes had so many phonemes.
    pub fn read(&mut self, bytes: usize, phonemes: usize) {
        if bytes >= ENOUGH {
            self.phonemes_per_byte += NEWEST * (phonemes as f32 / bytes as f32 - self.phonemes_per_byte);
        }
    }

    pub fn cost(&self, bytes: usize) -> Duration {
        Duration::from_secs_f32((self.ms_per_phoneme * self.phonemes_per_byte * bytes as f32 / 1000.0).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_measurement_replaces_the_guess_and_the_next_ones_move_it() {
        let mut estimate = Estimate::default();
        let mut cost_after = |phonemes, ms| {
            estimate.took(phonemes, Duration::from_millis(ms));
            estimate.cost(50).as_secs_f32().mul_add(1000.0, 0.5) as u32
        };
        assert_eq!(cost_after(100, 1000), 500);
        assert_eq!(cost_after(100, 2000), 600);
        assert_eq!(cost_after(1, 9000), 600);
    }

    #[test]
    fn numbers_have_more_phonemes_than_letters_and_that_is_learnt() {
        let mut estimate = Estimate::default();
        let before = estimate.cost(40);
        estimate.read(10, 40);
        assert!(estimate.cost(40) > before);
    }
}
