//! The data that moves between rooms. Plain values: no engine's type, no thread, no lock.
//!
//! Sound is `f32` in −1..1, one channel. Speech going in is 16 kHz; speech coming out has the voice's own rate.

use std::{fmt, ops::Range, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize, Serializer};

/// Sample rate of every [`Utterance`], in Hz: what Whisper and the voice activity detector take.
pub const EAR_RATE: u32 = 16_000;

/// One stretch of speech to be transcribed: mono, 16 kHz.
#[derive(Clone, Default, PartialEq)]
pub struct Utterance {
    pub samples: Arc<[f32]>,
    /// Where it began in the recording that it was taken from.
    pub at: Duration,
}

/// Its length and place: nobody reads half a million samples.
impl fmt::Debug for Utterance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Utterance({:?} at {:?})", self.duration(), self.at)
    }
}

impl Utterance {
    pub fn new(samples: impl Into<Arc<[f32]>>) -> Self {
        Self { samples: samples.into(), at: Duration::ZERO }
    }

    #[must_use]
    pub fn at(self, at: Duration) -> Self {
        Self { at, ..self }
    }

    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(EAR_RATE))
    }
}

/// What was said. An empty text is an answer: nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Transcript {
    pub text: String,
    pub segments: Vec<Segment>,
    /// Mean token probability, 0..1.
    pub confidence: f32,
    /// Probability that there was no speech, 0..1.
    pub no_speech: f32,
    /// ISO 639-1 code.
    pub language: String,
}

impl Transcript {
    /// One transcript out of those of the parts of a recording: texts joined, times counted from its start, confidence and no-speech probability weighted by length.
    pub fn joined(parts: Vec<Self>, speech: &[Utterance]) -> Self {
        let mut whole = Self::default();
        let total: f32 = speech.iter().map(|part| part.samples.len() as f32).sum();
        for (part, heard) in parts.into_iter().zip(speech) {
            let offset_ms = heard.at.as_millis() as u64;
            let weight = heard.samples.len() as f32 / total.max(1.0);
            whole.confidence += part.confidence * weight;
            whole.no_speech += part.no_speech * weight;
            whole.language = if whole.language.is_empty() { part.language } else { whole.language };
            let gap = if whole.text.is_empty() || part.text.is_empty() { "" } else { " " };
            whole.text = whole.text + gap + part.text.trim();
            whole.segments.extend(part.segments.into_iter().map(|s| Segment {
                start_ms: s.start_ms + offset_ms,
                end_ms: s.end_ms + offset_ms,
                ..s
            }));
        }
        whole
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    pub text: String,
    /// From the start of the utterance, in ms.
    pub start_ms: u64,
    pub end_ms: u64,
}

/// A question to the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    pub text: String,
    /// At most this many passages.
    pub limit: usize,
    pub filter: Filter,
}

/// Which documents may answer; an empty filter means all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Exact source, as `xnai sources` prints it.
    pub source: Option<String>,
    /// Glob over the source's path: `notes/**/*.md`.
    pub path: Option<String>,
    /// Document type: `md`, `txt`, `html`.
    pub kind: Option<String>,
    pub tag: Option<String>,
    /// Modified on or after, `YYYY-MM-DD`.
    pub after: Option<String>,
    /// Modified before, `YYYY-MM-DD`.
    pub before: Option<String>,
}

/// A piece of a document that may hold the answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Passage {
    pub source: String,
    pub title: String,
    /// Bytes of the document's extracted text.
    #[serde(serialize_with = "pair")]
    pub span: Range<usize>,
    pub text: String,
    /// Fused rank score: orders passages, means nothing by itself.
    pub score: f32,
    pub evidence: Evidence,
}

/// A span as `[first, beyond the last]`.
pub fn pair<S: Serializer>(span: &Range<usize>, serializer: S) -> Result<S::Ok, S::Error> {
    [span.start, span.end].serialize(serializer)
}

/// Why a passage was returned; what "nothing found" is decided from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// Cosine of question and passage; absent without an embedder.
    pub cosine: Option<f32>,
    /// BM25 score; absent when no word matched.
    pub bm25: Option<f32>,
    /// Share of the question's rare words (weighted by rarity) that the passage holds, 0..1.
    pub coverage: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Passages {
    /// Best first.
    pub list: Vec<Passage>,
    /// Whether the best ones bear on the question at all; if not, the list holds near misses.
    pub found: bool,
    /// Said once to the user: "no embedder: words only", "demo documents".
    pub notes: Vec<String>,
}

/// Everything the model is told for one answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// The fixed prefix: who it is and how it answers. Stays in the KV cache from turn to turn.
    pub system: String,
    pub history: Vec<Exchange>,
    pub passages: Passages,
    pub question: String,
    pub sampling: Sampling,
}

/// One earlier question and the answer that was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    pub question: String,
    pub answer: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// 0 is greedy.
    pub temperature: f32,
    pub top_k: u32,
    pub top_p: f32,
    pub min_p: f32,
    pub repeat_penalty: f32,
    pub seed: u32,
    pub max_tokens: u32,
    pub stop: Vec<String>,
    /// Generates exactly `max_tokens`, whatever the model says. For measuring models with made-up weights.
    pub force_length: bool,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.3,
            top_k: 40,
            top_p: 0.95,
            min_p: 0.05,
            repeat_penalty: 1.1,
            seed: 1,
            max_tokens: 256,
            stop: Vec::new(),
            force_length: false,
        }
    }
}

/// A piece of the answer as it is written: whole UTF-8 characters, not necessarily whole words.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub text: String,
}

/// How writing ended, with the counters of the turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Finish {
    pub reason: FinishReason,
    /// Prompt tokens decoded this turn.
    pub prefilled: u32,
    /// Prompt tokens found in the KV cache.
    pub restored: u32,
    pub generated: u32,
    /// Speculated tokens and how many of them held.
    pub drafted: u32,
    pub accepted: u32,
    /// Bytes of the KV cache.
    pub kv_bytes: u64,
    /// Fall-backs that the writer took, to be said once.
    #[serde(skip)]
    pub notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    #[default]
    Stop,
    Length,
}

/// A fragment to be spoken: a sentence, or a clause where the first sound should come sooner.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    pub text: String,
    /// Position in the answer, from 0.
    pub index: u32,
}

/// Sound to be played: mono.
#[derive(Clone, Debug, PartialEq)]
pub struct Pcm {
    pub samples: Arc<[f32]>,
    /// Hz.
    pub rate: u32,
}

impl Pcm {
    pub fn new(samples: impl Into<Arc<[f32]>>, rate: u32) -> Self {
        Self { samples: samples.into(), rate }
    }

    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate.max(1)))
    }
}

/// What became of a sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    pub samples: usize,
    /// Taken from the cache instead of synthesised.
    pub cached: bool,
}

/// A model file that may be handed to an engine: found, and checked against its pin or trusted by the user.
///
/// Only `models` makes these (and tests of engines, for files they made themselves).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelFile {
    /// Registry id, or the file name for a file of the user's.
    pub id: String,
    pub path: PathBuf,
    /// Lower-case hex.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str, confidence: f32) -> Transcript {
        let segments = vec![Segment { text: text.into(), start_ms: 10, end_ms: 500 }];
        Transcript { text: text.into(), segments, confidence, language: "en".into(), ..Transcript::default() }
    }

    #[test]
    fn parts_join_into_one_transcript() {
        let later = Duration::from_millis(2500);
        let speech = [Utterance::new(vec![0.0; 16_000]), Utterance::new(vec![0.0; 48_000]).at(later)];
        let whole = Transcript::joined(vec![part(" How long", 0.5), part(" is it? ", 0.9)], &speech);
        assert_eq!(whole.text, "How long is it?");
        assert_eq!((whole.segments[1].start_ms, whole.segments[1].end_ms), (2510, 3000));
        assert!((whole.confidence - 0.8).abs() < 1e-6);
    }
}
