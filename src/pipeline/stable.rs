//! Partial transcripts into words that will not change any more, and the sound that still has to be decoded.
//!
//! Two consecutive partials that begin with the same words agree on them: those are stable. A whole segment that is
//! stable, and over for a while, is not decoded again: at the end only the sound after it is.

use std::time::Duration;

use crate::parcel::{EAR_RATE, Segment, Transcript, Utterance};

/// A segment this far from the end of what was heard is not changed by what follows.
const SETTLED: Duration = Duration::from_millis(1000);

/// Taken again before the tail: the recogniser's borders between segments are good to some tens of ms.
const OVERLAP: Duration = Duration::from_millis(100);

#[derive(Clone, Debug, Default)]
pub struct Stable {
    last: Vec<String>,
    /// How many words of `last` are stable.
    stable: usize,
    segments: Vec<Segment>,
    /// Segments that were the same twice.
    settled: Vec<Segment>,
    confidence: f32,
    language: String,
    /// Cut off before the tail that is being decoded.
    offset: Duration,
}

impl Stable {
    /// Takes the next partial transcript of the same utterance.
    pub fn push(&mut self, partial: &Transcript) {
        let words: Vec<String> = partial.text.split_whitespace().map(str::to_owned).collect();
        self.stable = self.last.iter().zip(&words).take_while(|(a, b)| same(a, b)).count();
        // Ended where the first of the two ended: what came since may be the beginning of a word that neither knows.
        self.settled = self.segments.iter().zip(&partial.segments).take_while(|(a, b)| a.text == b.text).map(|(a, _)| a.clone()).collect();
        self.segments = partial.segments.clone();
        self.last = words;
        (self.confidence, self.language) = (partial.confidence, partial.language.clone());
    }

    /// Stable words, and the rest of the last partial.
    pub fn text(&self) -> (String, String) {
        (self.last[..self.stable].join(" "), self.last[self.stable..].join(" "))
    }

    /// What has to be decoded of the whole utterance, now that it is there: all, or what follows the settled segments.
    pub fn rest(&mut self, speech: Utterance) -> Vec<Utterance> {
        let length = speech.duration();
        let settled = |segment: &Segment| Duration::from_millis(segment.end_ms) + SETTLED <= length;
        self.settled.truncate(self.settled.iter().take_while(|segment| settled(segment)).count());
        let end = self.settled.last().map_or(Duration::ZERO, |segment| Duration::from_millis(segment.end_ms));
        self.offset = end.saturating_sub(OVERLAP);
        if self.offset.is_zero() {
            self.settled.clear();
            return vec![speech];
        }
        let from = (self.offset.as_secs_f64() * f64::from(EAR_RATE)) as usize;
        vec![Utterance::new(&speech.samples[from.min(speech.samples.len())..]).at(speech.at)]
    }

    /// The settled words and those of the tail as one transcript.
    pub fn joined(&mut self, tail: Transcript) -> Transcript {
        if self.settled.is_empty() {
            return tail;
        }
        let head = std::mem::take(&mut self.settled);
        let text = head.iter().map(|segment| segment.text.trim()).chain([tail.text.trim()]).collect::<Vec<_>>().join(" ");
        let offset = self.offset.as_millis() as u64;
        let shifted = tail.segments.into_iter().map(|s| Segment { start_ms: s.start_ms + offset, end_ms: s.end_ms + offset, ..s });
        Transcript {
            text: text.trim().to_owned(),
            segments: head.into_iter().chain(shifted).collect(),
            confidence: self.confidence.min(tail.confidence),
            no_speech: tail.no_speech,
            language: self.language.clone(),
        }
    }
}

/// Whether two words are the same, whatever follows them: punctuation comes and goes with the next word.
fn same(a: &str, b: &str) -> bool {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    bare(a) == bare(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partial(segments: &[(&str, u64)]) -> Transcript {
        let mut start_ms = 0;
        let segments: Vec<Segment> = segments
            .iter()
            .map(|&(text, end_ms)| Segment { text: text.into(), start_ms: std::mem::replace(&mut start_ms, end_ms), end_ms })
            .collect();
        let text = segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(" ");
        Transcript { text, segments, confidence: 0.9, language: "en".into(), ..Transcript::default() }
    }

    #[test]
    fn words_are_stable_when_two_partials_agree() {
        let mut stable = Stable::default();
        let table = [
            ("how", "", "how"),
            ("how long", "how", "long"),
            ("how long is the re", "how long", "is the re"),
            ("How long, is the refund", "How long, is the", "refund"),
            ("Howl on", "", "Howl on"),
        ];
        for (text, settled, rest) in table {
            stable.push(&partial(&[(text, 1000)]));
            assert_eq!(stable.text(), (settled.to_owned(), rest.to_owned()));
        }
    }

    #[test]
    fn only_what_follows_a_settled_segment_is_decoded_again() {
        let mut stable = Stable::default();
        stable.push(&partial(&[("Tell me about bread.", 3000), ("How lo", 4000)]));
        stable.push(&partial(&[("Tell me about bread.", 3000), ("How long does", 5000)]));
        let rest = stable.rest(Utterance::new(vec![0.0; 6 * 16_000]));
        assert_eq!(rest[0].samples.len(), 16_000 * 31 / 10);
        let whole = stable.joined(partial(&[("How long does it take?", 3100)]));
        assert_eq!(whole.text, "Tell me about bread. How long does it take?");
        assert_eq!(whole.segments[1].end_ms, 6000);
    }

    #[test]
    fn what_came_between_two_partials_that_agree_is_decoded_again() {
        let mut stable = Stable::default();
        stable.push(&partial(&[("Tell me about bread.", 3000)]));
        stable.push(&partial(&[("Tell me about bread.", 3400)]));
        assert_eq!(stable.rest(Utterance::new(vec![0.0; 6 * 16_000]))[0].samples.len(), 16_000 * 31 / 10);
    }

    #[test]
    fn a_short_utterance_is_decoded_whole() {
        let mut stable = Stable::default();
        stable.push(&partial(&[("How long", 1000)]));
        stable.push(&partial(&[("How long", 1000), ("is it", 1400)]));
        assert_eq!(stable.rest(Utterance::new(vec![0.0; 24_000]))[0].samples.len(), 24_000);
        assert_eq!(stable.joined(partial(&[("How long is it?", 1500)])).text, "How long is it?");
    }
}
