//! `[listen]` of the configuration: what counts as speech, and when an utterance begins and ends.

use serde::{Deserialize, Serialize};

/// `[listen]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which detector: `auto` (Silero when its file is installed), `earshot`, `silero`.
    pub vad: String,
    /// Probability above which a frame begins speech, 0.0 to 1.0.
    pub threshold: f32,
    /// Probability below which a frame ends it.
    pub neg_threshold: f32,
    /// Kept before the first frame of speech, in ms.
    pub preroll_ms: u32,
    /// Gaps up to this, in ms, are still speech; as much is kept after the last frame of it.
    pub hangover_ms: u32,
    /// Less speech than this, in ms, is a click or a cough and no utterance.
    pub min_speech_ms: u32,
    /// Silence after which the work on an utterance begins, in ms.
    pub soft_pause_ms: u32,
    /// Silence after that, in ms, in which speech still belongs to the same utterance.
    pub grace_ms: u32,
    /// Longest stretch handed to the recogniser at once, in seconds.
    pub max_utterance_s: u32,
    /// Longest question, in seconds: its parts are transcribed while it goes on.
    pub max_question_s: u32,
    /// Kept after the talk key was released, in ms: people let go while they still speak.
    pub release_ms: u32,
    /// Without the key, only speech that begins with this name is answered; empty: all speech.
    pub wake: String,
    /// Sounds of assent that do not interrupt an answer, besides the well-known ones.
    pub backchannels: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            vad: "auto".into(),
            threshold: 0.5,
            neg_threshold: 0.35,
            preroll_ms: 300,
            hangover_ms: 200,
            min_speech_ms: 100,
            soft_pause_ms: 500,
            grace_ms: 700,
            max_utterance_s: 28,
            max_question_s: 120,
            release_ms: 200,
            wake: String::new(),
            backchannels: Vec::new(),
        }
    }
}
