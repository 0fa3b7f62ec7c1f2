//! Lets every fragment begin and end at rest, so that joints do not click, whatever the voice: a fade of 3 ms where it does not.

use std::time::Duration;

use super::{PcmSink, Tts};
use crate::{
    error::Result,
    parcel::{Pcm, Sentence, Spoken},
    turn::Turn,
};

/// Too short to be missed and too long to be a click.
const FADE_MS: usize = 3;

/// Nearer to zero than this (−60 dB) is rest.
const REST: f32 = 0.001;

/// A voice whose fragments fit together. As many samples as the voice itself makes; only the last 3 ms come by themselves.
pub struct Smooth(pub Box<dyn Tts>);

impl Tts for Smooth {
    fn say(&mut self, line: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        let mut edges = Edges::default();
        let spoken = self.0.say(line, turn, &mut |sound| edges.push(&sound, out));
        // What was said before a voice failed is heard to its end.
        let rest = edges.finish(out);
        spoken.and_then(|spoken| rest.map(|()| spoken))
    }

    fn cost(&self, line: &Sentence) -> Duration {
        self.0.cost(line)
    }
}

/// A fragment on its way: its end is kept back until it is known to be the end.
#[derive(Default)]
struct Edges {
    rate: u32,
    /// Samples over which a fade goes.
    fade: usize,
    /// Samples that came so far.
    came: usize,
    /// It did not begin at rest.
    rough: bool,
    kept: Vec<f32>,
}

impl Edges {
    fn push(&mut self, sound: &Pcm, out: &mut PcmSink<'_>) -> Result<()> {
        if sound.rate != self.rate {
            self.finish(out)?;
            *self = Self { rate: sound.rate, fade: sound.rate as usize * FADE_MS / 1000, ..Self::default() };
        }
        if self.came == 0 {
            self.rough = sound.samples.first().is_some_and(|s| s.abs() > REST);
        }
        for sample in sound.samples.iter() {
            let gain = if self.rough && self.came < self.fade { self.came as f32 / self.fade as f32 } else { 1.0 };
            self.kept.push(sample * gain);
            self.came += 1;
        }
        let ready = self.kept.len().saturating_sub(self.fade);
        self.emit(ready, out)
    }

    fn finish(&mut self, out: &mut PcmSink<'_>) -> Result<()> {
        if self.kept.last().is_some_and(|s| s.abs() > REST) {
            let length = self.kept.len() as f32;
            self.kept.iter_mut().rev().enumerate().for_each(|(n, s)| *s *= n as f32 / length);
        }
        self.emit(self.kept.len(), out)
    }

    fn emit(&mut self, count: usize, out: &mut PcmSink<'_>) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let ready: Vec<f32> = self.kept.drain(..count).collect();
        out(Pcm::new(ready, self.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::Session;

    /// Hands on its samples in parcels of so many.
    struct Voice(Vec<f32>, usize);

    impl Tts for Voice {
        fn say(&mut self, _: &Sentence, _: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
            self.0.chunks(self.1).try_for_each(|samples| out(Pcm::new(samples, 1000)))?;
            Ok(Spoken { samples: self.0.len(), cached: false })
        }

        fn cost(&self, _: &Sentence) -> Duration {
            Duration::ZERO
        }
    }

    fn smooth(samples: &[f32], parcel: usize) -> Vec<f32> {
        let (mut heard, line) = (Vec::new(), Sentence { text: String::new(), index: 0 });
        let spoken = Smooth(Box::new(Voice(samples.to_vec(), parcel))).say(&line, &Session::new().turn(), &mut |pcm| {
            heard.extend_from_slice(&pcm.samples);
            Ok(())
        });
        assert_eq!(spoken.unwrap().samples, heard.len());
        heard
    }

    #[test]
    fn what_is_off_zero_begins_and_ends_with_a_fade_however_it_is_cut() {
        let (low, high) = (0.5 / 3.0, 1.0 / 3.0);
        let expected = [0.0, low, high, 0.5, 0.5, high, low, 0.0];
        for parcel in 1..=8 {
            let heard = smooth(&[0.5; 8], parcel);
            assert!(heard.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{parcel}: {heard:?}");
        }
        assert_eq!(smooth(&[0.5], 1), [0.0], "shorter than a fade");
        assert!(smooth(&[], 1).is_empty());
    }

    #[test]
    fn what_begins_and_ends_at_rest_is_left_as_it_is() {
        let sound = [0.0, 0.9, -0.9, 0.9, -0.9, 0.9, 0.0005];
        assert_eq!(smooth(&sound, 2), sound);
    }
}
