//! Samples of an utterance into pieces whisper.cpp can take: long enough, short enough, and not silent.

use std::ops::Range;

use crate::parcel::EAR_RATE;

/// Below this no frame of 20 ms holds speech that anybody could hear: 16-bit noise of about ten steps.
pub const SILENCE_DB: f32 = -66.0;

const FRAME: usize = EAR_RATE as usize / 50;
/// Whisper's window is 30 s; one second is left for the padding.
const LONGEST: usize = 29 * EAR_RATE as usize;
/// A cut is looked for in this last part of a piece that is too long.
const CUT_WITHIN: usize = 4 * EAR_RATE as usize;
/// whisper.cpp ignores less than 100 ms, reads past the end of less than 200 samples, and does poorly below 1 s.
const SHORTEST: usize = EAR_RATE as usize * 11 / 10;
/// Silence put behind every piece, so that the last word is not cut off by the end of the window.
const TAIL: usize = EAR_RATE as usize / 5;

/// What is so much quieter than the loudest frame is no part of a word: soft consonants are at most 40 dB below.
const FAINT_DB: f32 = 50.0;
/// Kept around the first and last frame that are not faint.
const MARGIN: usize = 3 * EAR_RATE as usize / 10;

/// Level of the loudest 20 ms, in dB below full scale; −200 for no sound at all.
pub fn loudest_db(samples: &[f32]) -> f32 {
    samples.chunks(FRAME).map(level_db).fold(-200.0, f32::max)
}

fn level_db(frame: &[f32]) -> f32 {
    let power = power(frame);
    if power > 0.0 { 10.0 * power.log10() } else { -200.0 }
}

/// The span without the silence before and behind: it costs time, and models make words of it.
pub fn trim(samples: &[f32]) -> Range<usize> {
    let floor = (loudest_db(samples) - FAINT_DB).max(SILENCE_DB);
    let heard = |frame: &[f32]| level_db(frame) >= floor;
    let first = samples.chunks(FRAME).position(heard).unwrap_or(0) * FRAME;
    let last = samples.chunks(FRAME).rposition(heard).map_or(samples.len(), |i| (i + 1) * FRAME);
    first.saturating_sub(MARGIN)..(last + MARGIN).min(samples.len())
}

/// Mean square; what is not a number counts as silence.
fn power(frame: &[f32]) -> f32 {
    let sum: f32 = frame.iter().filter(|s| s.is_finite()).map(|s| s * s).sum();
    sum / frame.len().max(1) as f32
}

/// Spans of at most 29 s, cut where it is quietest. An utterance within the window is one span; none is no span.
pub fn pieces(samples: &[f32]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = 0;
    while samples.len() - start > LONGEST {
        let end = quietest(samples, start + LONGEST - CUT_WITHIN..start + LONGEST);
        spans.push(start..end);
        start = end;
    }
    if start < samples.len() {
        spans.push(start..samples.len());
    }
    spans
}

/// The middle of the quietest frame; at the very end if all are alike.
fn quietest(samples: &[f32], within: Range<usize>) -> usize {
    let frames = samples[within.clone()].chunks(FRAME).enumerate();
    let best = frames.min_by(|(i, a), (j, b)| power(a).total_cmp(&power(b)).then(j.cmp(i)));
    best.map_or(within.end, |(i, frame)| within.start + i * FRAME + frame.len() / 2)
}

/// Copies the samples with silence behind them; what is not a number becomes silence, what is too loud is clipped.
pub fn pad(samples: &[f32], out: &mut Vec<f32>) {
    out.clear();
    out.extend(samples.iter().map(|s| if s.is_finite() { s.clamp(-1.0, 1.0) } else { 0.0 }));
    out.resize((samples.len() + TAIL).max(SHORTEST), 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_sounds_are_padded_and_bad_samples_silenced() {
        let mut out = vec![9.0; 3];
        pad(&[0.5, f32::NAN, f32::INFINITY, -3.0], &mut out);
        assert_eq!(out.len(), SHORTEST);
        assert_eq!(out[..5], [0.5, 0.0, 0.0, -1.0, 0.0]);
        pad(&vec![0.1; LONGEST], &mut out);
        assert!(out.len() > LONGEST && out.len() <= 30 * EAR_RATE as usize);
    }

    #[test]
    fn silence_is_told_from_a_whisper() {
        assert!(loudest_db(&[]) < SILENCE_DB);
        assert!(loudest_db(&[0.0; 1000]) < SILENCE_DB);
        assert!(loudest_db(&[f32::NAN; 1000]) < SILENCE_DB);
        let mut quiet = vec![0.0; 16_000];
        quiet[8_000..8_640].fill(0.002);
        assert!(loudest_db(&quiet) > SILENCE_DB);
    }

    #[test]
    fn silence_around_the_words_is_trimmed_with_a_margin() {
        let mut samples = vec![1e-5; 10 * EAR_RATE as usize];
        samples[80_000..96_000].fill(0.2);
        assert_eq!(trim(&samples), 80_000 - MARGIN..96_000 + MARGIN);
        assert_eq!(trim(&samples[80_000..90_000]), 0..10_000);
        assert_eq!(trim(&[0.0; 500]), 0..500);
        assert_eq!(trim(&[]), 0..0);
    }

    #[test]
    fn a_long_utterance_is_cut_in_its_pause() {
        let mut samples = vec![0.3; 40 * EAR_RATE as usize];
        let pause = 27 * EAR_RATE as usize;
        samples[pause..pause + 3200].fill(0.0);
        let spans = pieces(&samples);
        assert_eq!(spans.len(), 2);
        assert!((pause..pause + 3200).contains(&spans[0].end), "{spans:?}");
        assert_eq!((spans[0].start, spans[1].start, spans[1].end), (0, spans[0].end, samples.len()));
    }

    #[test]
    fn even_noise_without_a_pause_is_cut_within_29_s() {
        let samples = vec![0.3; 100 * EAR_RATE as usize];
        let spans = pieces(&samples);
        assert!(spans.iter().all(|s| !s.is_empty() && s.len() <= LONGEST), "{spans:?}");
        assert_eq!(spans.iter().map(|s| s.len()).sum::<usize>(), samples.len());
        assert!(pieces(&[]).is_empty());
    }
}
