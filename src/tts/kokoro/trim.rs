//! Takes the silence before and after speech away, and leaves the pause that the punctuation asks for.

/// Samples looked at together: 5 ms at 24 kHz.
const FRAME: usize = 120;
/// Quieter than the loudest frame by this factor (−46 dB) is silence; breath and the end of an "s" are louder.
const QUIET: f32 = 0.005;
/// Left before the first sound, in frames: 20 ms, so that no onset is cut.
const BEFORE: usize = 4;

/// Speech with at most a breath before it and `pause` ms after it. All of it, when it is silent throughout.
pub fn trim(samples: &[f32], pause: usize) -> &[f32] {
    let power: Vec<f32> = samples.chunks(FRAME).map(|f| f.iter().map(|s| s * s).sum::<f32>() / f.len() as f32).collect();
    let loudest = power.iter().copied().fold(0.0, f32::max);
    let loud = |p: &f32| *p > loudest * QUIET * QUIET;
    let (Some(first), Some(last)) = (power.iter().position(loud), power.iter().rposition(loud)) else { return samples };
    let start = first.saturating_sub(BEFORE) * FRAME;
    let end = ((last + 1 + pause / 5) * FRAME).min(samples.len());
    &samples[start..end]
}

/// The pause after a phrase, in ms, by its last mark; the next fragment follows at once.
pub fn pause(phrase: &[char]) -> usize {
    match phrase.iter().rev().find(|c| !c.is_whitespace() && !"\"”)".contains(**c)) {
        Some('.' | '!' | '?' | '…') => 250,
        Some(',' | ';' | ':' | '—') => 120,
        _ => 40,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_around_speech_is_cut_to_the_pause() {
        let mut sound = vec![0.0; 24_000];
        sound[12_000..14_400].fill(0.5);
        let kept = trim(&sound, 100);
        assert_eq!(kept.len(), 2_400 + BEFORE * FRAME + 2_400);
        assert_eq!(kept[BEFORE * FRAME], 0.5);
    }

    #[test]
    fn silence_stays_and_pauses_follow_the_mark() {
        assert_eq!(trim(&[0.0; 500], 100).len(), 500);
        assert!(trim(&[], 100).is_empty());
        let of = |s: &str| pause(&s.chars().collect::<Vec<_>>());
        assert!(of("a.\"") > of("a, ") && of("a,") > of("a"));
    }
}
