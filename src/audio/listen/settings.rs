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
    /// Without the key, only what follows this phrase is heard at all; empty: no phrase. Takes the place of `wake`.
    pub wake_phrase: String,
    /// Of the Wyoming server that spots it: `unix:///path`, `tcp://127.0.0.1:port` or `stdio:program arguments`. Empty:
    /// PocketSphinx, where it is installed. With an address and no phrase: whatever phrases the server knows.
    pub wake_address: String,
    /// How long after the phrase a question may begin, in seconds.
    pub wake_window_s: u16,
    /// How easily PocketSphinx takes something for the phrase: 0.0 (never) to 1.0 (always).
    pub wake_sensitivity: f32,
    /// How long the spotter may be silent when it is asked for a sign of life, in seconds.
    pub wake_timeout_s: u16,
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
            wake_phrase: String::new(),
            wake_address: String::new(),
            wake_window_s: 8,
            wake_sensitivity: 0.4,
            wake_timeout_s: 15,
            backchannels: Vec::new(),
        }
    }
}
