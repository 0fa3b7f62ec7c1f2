//! Long audio into utterances: speech found frame by frame, split where nobody speaks, silence left out.

use std::{ops::Range, time::Duration};

use earshot::Detector;

use super::{Settings, wav::sane};
use crate::parcel::{EAR_RATE, Utterance};

/// Samples in one frame: 16 ms at 16 kHz.
pub const FRAME: usize = 256;

/// Speech that began lasts until the probability falls this far below the threshold: words fade.
const HYSTERESIS: f32 = 0.15;

/// Every word has a frame this far above the threshold; the onset of a noise hovers just above it for 150 ms.
const SURE: f32 = 0.2;

/// Frames. A shorter gap (96 ms) is the closure of a `t` or `k`, not a pause.
const SHORTEST_PAUSE: usize = 6;

/// Tells speech from everything else, one frame after the other.
pub struct Vad(Box<Detector>);

impl Vad {
    pub fn new() -> Self {
        Self(Box::default())
    }

    /// Probability that this frame is speech, 0..1. A frame shorter than [`FRAME`] is filled up with silence.
    pub fn probability(&mut self, frame: &[f32]) -> f32 {
        let mut whole = [0.0; FRAME];
        for (to, from) in whole.iter_mut().zip(frame) {
            *to = sane(*from);
        }
        self.0.predict_f32(&whole)
    }
}

impl Default for Vad {
    fn default() -> Self {
        Self::new()
    }
}

/// An utterance, and where it was in the sound that it was taken from.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// From the start of the whole sound.
    pub at: Duration,
    pub speech: Utterance,
}

/// Whether anybody speaks at all.
pub fn has_speech(sound: &Utterance, settings: &Settings) -> bool {
    !runs(&sound.samples, settings).is_empty()
}

/// The stretches in which somebody speaks, in order, none longer than `max_utterance_s`; empty if nobody does.
///
/// A pause of `pause_ms` always splits. What is still too long is split at the longest pause in its second half, else
/// at its last pause, and only where it has none at its quietest moment.
pub fn split(sound: &Utterance, settings: &Settings) -> Vec<Heard> {
    let pad = frames(settings.pad_ms);
    let most = frames(settings.max_utterance_s.clamp(2, 29) * 1000).saturating_sub(2 * pad).max(frames(1000));
    let mut spans: Vec<Range<usize>> = Vec::new();
    for group in grouped(runs(&sound.samples, settings), frames(settings.pause_ms)) {
        spans.extend(shortened(group, most, &sound.samples));
    }
    let end = sound.samples.len();
    let cut = |n: usize| {
        // The padding never reaches into the neighbour's: a gap is shared out.
        let before = if n == 0 { spans[n].start } else { (spans[n].start - spans[n - 1].end) / 2 };
        let after = spans.get(n + 1).map_or(usize::MAX, |next| (next.start - spans[n].end) / 2);
        let from = (spans[n].start - pad.min(before)) * FRAME;
        let to = ((spans[n].end + pad.min(after)) * FRAME).min(end);
        Heard { at: Utterance::new(&sound.samples[..from]).duration(), speech: Utterance::new(&sound.samples[from..to]) }
    };
    (0..spans.len()).map(cut).collect()
}

/// Whole frames in so many ms.
fn frames(ms: u32) -> usize {
    (ms as usize * EAR_RATE as usize).div_ceil(1000 * FRAME)
}

/// Stretches of speech, in frames, with real pauses between them.
fn runs(samples: &[f32], settings: &Settings) -> Vec<Range<usize>> {
    let mut vad = Vad::new();
    let (start, stop) = (settings.speech_threshold, (settings.speech_threshold - HYSTERESIS).max(0.05));
    let mut runs: Vec<(Range<usize>, f32)> = Vec::new();
    let mut speaking = false;
    for (n, frame) in samples.chunks(FRAME).enumerate() {
        let sure = vad.probability(frame);
        speaking = sure >= if speaking { stop } else { start };
        match runs.last_mut() {
            _ if !speaking => {}
            Some((run, best)) if n - run.end < SHORTEST_PAUSE => (run.end, *best) = (n + 1, best.max(sure)),
            _ => runs.push((n..n + 1, sure)),
        }
    }
    let sure = (settings.speech_threshold + SURE).min(0.9);
    let long = |run: &Range<usize>| run.len() >= frames(settings.min_speech_ms);
    runs.into_iter().filter(|(run, best)| long(run) && *best >= sure).map(|(run, _)| run).collect()
}

/// Runs that belong to one utterance: no pause between them reaches `pause` frames.
fn grouped(runs: Vec<Range<usize>>, pause: usize) -> Vec<Vec<Range<usize>>> {
    let mut groups: Vec<Vec<Range<usize>>> = Vec::new();
    for run in runs {
        match groups.last_mut().and_then(|group| group.last().map(|last| last.end)) {
            Some(end) if run.start - end < pause => groups.last_mut().into_iter().for_each(|group| group.push(run.clone())),
            _ => groups.push(vec![run]),
        }
    }
    groups
}

/// One utterance as stretches of at most `most` frames.
fn shortened(mut group: Vec<Range<usize>>, most: usize, samples: &[f32]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    while let (Some(first), Some(last)) = (group.first(), group.last()) {
        let start = first.start;
        if last.end - start <= most {
            spans.push(start..last.end);
            break;
        }
        let kept = best_pause(&group, start, most).unwrap_or_else(|| {
            let at = quietest(samples, start + most / 2..start + most);
            let end = group[0].end;
            group[0].end = at;
            group.insert(1, at..end);
            1
        });
        spans.push(start..group[kept - 1].end);
        group.drain(..kept);
    }
    spans
}

/// How many runs to keep before the pause where this utterance is best split.
fn best_pause(group: &[Range<usize>], start: usize, most: usize) -> Option<usize> {
    let pauses = || (1..group.len()).filter(|&n| group[n - 1].end - start <= most);
    let late = pauses().filter(|&n| group[n - 1].end - start >= most / 2);
    late.max_by_key(|&n| group[n].start - group[n - 1].end).or_else(|| pauses().next_back())
}

/// The frame, out of these, around which 80 ms are the quietest.
fn quietest(samples: &[f32], among: Range<usize>) -> usize {
    let energy = |n: usize| {
        let around = n.saturating_sub(2) * FRAME..((n + 3) * FRAME).min(samples.len());
        samples.get(around).unwrap_or_default().iter().map(|s| s * s).sum::<f32>()
    };
    among.clone().min_by(|&a, &b| energy(a).total_cmp(&energy(b))).unwrap_or(among.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_noise_and_nothing_are_no_speech() {
        let mut seed = 1u32;
        let noise = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 * 0.2 - 0.1
        });
        let settings = Settings::default();
        for sound in [vec![], vec![0.0; 100], vec![0.0; 32_000], noise.take(32_000).collect()] {
            assert!(!has_speech(&Utterance::new(sound.clone()), &settings), "{} samples", sound.len());
            assert!(split(&Utterance::new(sound), &settings).is_empty());
        }
    }

    #[test]
    fn samples_that_are_no_numbers_do_no_harm() {
        let mut vad = Vad::new();
        for bad in [f32::NAN, f32::INFINITY, -1e30] {
            assert!((0.0..=1.0).contains(&vad.probability(&[bad; FRAME])));
        }
    }

    fn spans(of: &[(usize, usize)]) -> Vec<Range<usize>> {
        of.iter().map(|&(from, to)| from..to).collect()
    }

    #[test]
    fn an_utterance_that_fits_is_left_whole() {
        assert_eq!(shortened(spans(&[(10, 20), (30, 60)]), 60, &[]), spans(&[(10, 60)]));
    }

    #[test]
    fn a_long_one_is_split_at_the_longest_pause_of_its_second_half() {
        // Pauses of 30 frames (too early), 8, 20 and 10.
        let group = vec![0..10, 40..60, 68..75, 95..100, 110..190];
        assert_eq!(shortened(group, 100, &[]), [0..75, 95..190]);
    }

    #[test]
    fn an_early_pause_is_better_than_the_middle_of_a_word() {
        assert_eq!(shortened(vec![0..10, 20..120], 100, &[]), [0..10, 20..120]);
    }

    #[test]
    fn without_any_pause_the_quietest_moment_is_taken() {
        let mut samples = vec![0.5; 150 * FRAME];
        samples[78 * FRAME..83 * FRAME].fill(0.01);
        assert_eq!(shortened(spans(&[(0, 150)]), 100, &samples), spans(&[(0, 80), (80, 150)]));
    }

    #[test]
    fn a_pause_always_splits_from_its_length_on() {
        assert_eq!(grouped(spans(&[(0, 10), (19, 30), (40, 50)]), 10), [spans(&[(0, 10), (19, 30)]), spans(&[(40, 50)])]);
    }
}
