//! A fake voice for tests: one short tone for every letter.

use std::time::Duration;

use super::{PcmSink, Tts};
use crate::{
    error::Result,
    parcel::{Pcm, Sentence, Spoken},
    turn::Turn,
};

/// Samples of tone for every letter: 20 ms at 24 kHz.
const SAMPLES_PER_LETTER: usize = 480;
const RATE: u32 = 24_000;

#[derive(Default)]
pub struct Beeper;

impl Tts for Beeper {
    fn say(&mut self, line: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        turn.alive()?;
        let count = line.text.chars().filter(|c| c.is_alphanumeric()).count() * SAMPLES_PER_LETTER;
        let tone = |i: usize| (i as f32 * 440.0 * std::f32::consts::TAU / RATE as f32).sin() * 0.2;
        out(Pcm::new((0..count).map(tone).collect::<Vec<_>>(), RATE))?;
        Ok(Spoken { samples: count, cached: false })
    }

    fn cost(&self, _: &Sentence) -> Duration {
        Duration::ZERO
    }
}
