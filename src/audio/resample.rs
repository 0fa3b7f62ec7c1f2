//! Samples at one rate into samples at another: a whole sound at once, or a stream whose joints cannot be heard.

use rubato::{Fft, FixedSync, Resampler, audioadapter_buffers::direct::InterleavedSlice};

use crate::{
    error::{Error, Result, Room},
    parcel::{EAR_RATE, Pcm, Utterance},
};

/// Block for whole sounds, in frames: flat to 98 % of the band.
const WHOLE: usize = 1024;

/// Block for streams, in frames: flat to 94 % of the band, and at most 16 ms of speech wait for the rest of a block.
const STREAMED: usize = 256;

/// The whole sound at another rate, in Hz: no delay, and exactly `round(samples · rate ÷ sound.rate)` samples.
pub fn to_rate(sound: &Pcm, rate: u32) -> Result<Pcm> {
    if sound.rate == rate {
        return Ok(sound.clone());
    }
    let mut stage = Stage::new(sound.rate, rate, WHOLE)?;
    let mut out = Vec::new();
    stage.push(&sound.samples, &mut out)?;
    stage.finish(&mut out)?;
    Ok(Pcm::new(out, rate))
}

/// What the recogniser and the speech detector take.
pub fn for_ear(sound: &Pcm) -> Result<Utterance> {
    Ok(Utterance::new(to_rate(sound, EAR_RATE)?.samples))
}

/// Parcels of any rate in, one continuous stream at one rate out.
pub struct Flow {
    rate: u32,
    stage: Option<Stage>,
}

impl Flow {
    /// `rate` of what comes out, in Hz.
    pub fn new(rate: u32) -> Self {
        Self { rate, stage: None }
    }

    /// Hz, of what comes out.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Appends what can be said so far; the last few milliseconds wait for the next parcel or for [`Flow::finish`].
    pub fn push(&mut self, sound: &Pcm, out: &mut Vec<f32>) -> Result<()> {
        if self.stage.as_ref().is_some_and(|s| s.from != sound.rate) {
            self.finish(out)?;
        }
        if sound.rate == self.rate {
            out.extend_from_slice(&sound.samples);
            return Ok(());
        }
        let stage = match &mut self.stage {
            Some(stage) => stage,
            empty => empty.insert(Stage::new(sound.rate, self.rate, STREAMED)?),
        };
        stage.push(&sound.samples, out)
    }

    /// Appends what is still waiting: the end of the stream.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<()> {
        self.stage.take().map_or(Ok(()), |mut stage| stage.finish(out))
    }

    /// Forgets what is still waiting.
    pub fn reset(&mut self) {
        self.stage = None;
    }
}

/// One conversion between two fixed rates, with the filter's delay taken off the front and given back at the end.
struct Stage {
    fft: Fft<f32>,
    from: u32,
    to: u32,
    /// Input that does not fill a block yet.
    waiting: Vec<f32>,
    block: Vec<f32>,
    /// Output still to be dropped: the filter's delay.
    skip: usize,
    fed: u64,
    made: u64,
}

impl Stage {
    fn new(from: u32, to: u32, block: usize) -> Result<Self> {
        let unit = from / gcd(from, to);
        // An even number of units: the filter's delay is half a block, and must be a whole number of samples.
        let block = (block as u32).div_ceil(unit.max(1)).next_multiple_of(2) as usize * unit as usize;
        let window = rubato::WindowFunction::BlackmanHarris2;
        let made = Fft::new_custom(from as usize, to as usize, block.max(1), 1, 1, window, FixedSync::Both);
        let fft = made.map_err(|e| Error::report(Room::Audio, format!("cannot resample from {from} Hz to {to} Hz: {e}")))?;
        let (skip, block) = (fft.output_delay(), vec![0.0; fft.output_frames_max()]);
        Ok(Self { fft, from, to, waiting: Vec::new(), block, skip, fed: 0, made: 0 })
    }

    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<()> {
        self.fed += samples.len() as u64;
        self.waiting.extend_from_slice(samples);
        let need = self.fft.input_frames_next();
        let mut at = 0;
        while self.waiting.len() - at >= need {
            self.convert(at, need, out)?;
            at += need;
        }
        self.waiting.drain(..at);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<f32>) -> Result<()> {
        let total = (self.fed * u64::from(self.to) * 2 + u64::from(self.from)) / (u64::from(self.from) * 2);
        let need = self.fft.input_frames_next();
        while self.made < total {
            self.waiting.resize(need, 0.0);
            self.convert(0, need, out)?;
            self.waiting.clear();
        }
        // The padding of the last block was no sound.
        out.truncate(out.len() - (self.made - total) as usize);
        Ok(())
    }

    fn convert(&mut self, at: usize, need: usize, out: &mut Vec<f32>) -> Result<()> {
        let fault = |e: &dyn std::fmt::Display| Error::report(Room::Audio, format!("resampling failed: {e}"));
        let room = self.block.len();
        let input = InterleavedSlice::new(&self.waiting[at..at + need], 1, need).map_err(|e| fault(&e))?;
        let mut output = InterleavedSlice::new_mut(&mut self.block, 1, room).map_err(|e| fault(&e))?;
        let (_, made) = self.fft.process_into_buffer(&input, &mut output, None).map_err(|e| fault(&e))?;
        let skipped = self.skip.min(made);
        self.skip -= skipped;
        self.made += (made - skipped) as u64;
        out.extend_from_slice(&self.block[skipped..made]);
        Ok(())
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::test_runner::Config as ProptestConfig;

    use super::*;

    fn tone(rate: u32, hz: f64, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| ((n as f64 * hz * std::f64::consts::TAU / f64::from(rate)).sin() * 0.5) as f32).collect()
    }

    /// The largest difference in the middle: the ends see the silence around the sound.
    fn worst(a: &[f32], b: &[f32]) -> f32 {
        let skip = a.len() / 10;
        a.iter().zip(b).skip(skip).take(a.len() - 2 * skip).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_stays_the_same_tone_in_place_at_every_rate() {
        for (from, to) in [(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (22_050, 48_000), (24_000, 44_100), (11_025, 16_000)] {
            let sound = Pcm::new(tone(from, 440.0, from as usize), from);
            let made = to_rate(&sound, to).unwrap();
            assert_eq!((made.rate, made.samples.len()), (to, to as usize), "{from} to {to}");
            let error = worst(&tone(to, 440.0, to as usize), &made.samples);
            assert!(error < 1e-3, "{from} to {to}: off by {error}");
        }
    }

    #[test]
    fn what_the_new_rate_cannot_carry_is_gone() {
        let made = to_rate(&Pcm::new(tone(48_000, 10_000.0, 48_000), 48_000), 16_000).unwrap();
        assert!(worst(&[0.0; 16_000], &made.samples) < 1e-3);
    }

    #[test]
    fn lengths_are_exact_down_to_nothing() {
        for length in [0, 1, 2, 255, 257, 5000] {
            for (from, to) in [(48_000u32, 16_000u32), (24_000, 44_100), (44_101, 16_000)] {
                let made = to_rate(&Pcm::new(vec![0.1; length], from), to).unwrap();
                let expected = (length as f64 * f64::from(to) / f64::from(from)).round() as usize;
                assert_eq!(made.samples.len(), expected, "{length} samples, {from} to {to}");
            }
        }
    }

    #[test]
    fn the_same_rate_is_the_same_sound() {
        let sound = Pcm::new(tone(16_000, 440.0, 100), 16_000);
        assert_eq!(to_rate(&sound, 16_000).unwrap(), sound);
    }

    proptest::proptest! {
        // A quarter where the build is made for speed of building.
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 256 }))]
        #[test]
        fn no_joint_can_be_found_in_a_stream(cuts in proptest::collection::vec(0usize..3000, 0..8)) {
            let sound = tone(24_000, 700.0, 3000);
            let mut cuts = cuts;
            cuts.extend([0, sound.len()]);
            cuts.sort_unstable();
            let (mut whole, mut pieces, mut flow) = (Vec::new(), Vec::new(), Flow::new(44_100));
            flow.push(&Pcm::new(sound.clone(), 24_000), &mut whole).unwrap();
            flow.finish(&mut whole).unwrap();
            for pair in cuts.windows(2) {
                flow.push(&Pcm::new(&sound[pair[0]..pair[1]], 24_000), &mut pieces).unwrap();
            }
            flow.finish(&mut pieces).unwrap();
            proptest::prop_assert_eq!(whole, pieces);
        }
    }

    #[test]
    fn a_stream_takes_a_change_of_rate() {
        let (mut out, mut flow) = (Vec::new(), Flow::new(48_000));
        for rate in [24_000, 22_050, 48_000, 24_000] {
            flow.push(&Pcm::new(tone(rate, 440.0, rate as usize), rate), &mut out).unwrap();
        }
        flow.finish(&mut out).unwrap();
        assert_eq!(out.len(), 4 * 48_000);
    }

    #[test]
    fn a_rate_of_nothing_is_an_error() {
        assert!(to_rate(&Pcm::new([0.0; 4], 0), 16_000).is_err());
    }
}
