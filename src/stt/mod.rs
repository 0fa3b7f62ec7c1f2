//! Utterance in, transcript out.

pub mod fake;
#[cfg(feature = "whisper")]
pub mod whisper;
#[cfg(not(feature = "whisper"))]
#[path = "absent.rs"]
pub mod whisper;

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    parcel::{ModelFile, Transcript, Utterance},
    turn::Turn,
};

/// Hears. One caller at a time; cancelled through the turn.
pub trait Stt: Send {
    /// Transcribes a whole utterance. An empty text means that nothing was said.
    fn transcribe(&mut self, speech: &Utterance, turn: &Turn) -> Result<Transcript>;

    /// Transcribes what was said so far, for the screen; may be cheaper and worse than [`Stt::transcribe`].
    fn partial(&mut self, so_far: &Utterance, turn: &Turn) -> Result<Transcript> {
        self.transcribe(so_far, turn)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    #[default]
    Whisper,
    Fake,
}

/// `[stt]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub backend: Backend,
    /// Registry id, path, or `auto`: the best one installed.
    pub model: String,
    /// ISO 639-1 code, or `auto` with a multilingual model.
    pub language: String,
    /// Text that whisper takes as having come before: sets style and spelling.
    pub initial_prompt: String,
    /// Names and terms it should know; appended to the initial prompt.
    pub words: Vec<String>,
    /// 0: the number of physical cores given to the voice stages.
    pub threads: u8,
    /// Forces this many tokens and switches retries and checks off; 0 is off. For models with made-up weights.
    pub force_tokens: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backend: Backend::Whisper,
            model: "auto".into(),
            language: "en".into(),
            initial_prompt: String::new(),
            words: Vec::new(),
            threads: 0,
            force_tokens: 0,
        }
    }
}

/// Opens the configured ear. `threads` is what the topology reader gives to the voice stages.
pub fn open(settings: &Settings, model: Option<&ModelFile>, threads: usize) -> Result<Box<dyn Stt>> {
    match settings.backend {
        Backend::Whisper => whisper::open(settings, model, threads),
        Backend::Fake => Ok(Box::new(fake::Scripted::default())),
    }
}

/// What the small model is.
pub const SMALL: &str = "the small speech model understands clear synthetic English voices only, not people";

/// What the user should be told once about this model, if anything: our small one does not understand people.
pub fn note(model: &ModelFile) -> Option<String> {
    let name = model.path.file_name().unwrap_or_default().to_string_lossy();
    let small = model.id.contains("nano") || name.starts_with("ggml-nano");
    small.then(|| format!("{SMALL}: `xnai models pull tiny` gets one that does"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_small_model_comes_with_a_note() {
        let model = |id: &str, path: &str| ModelFile { id: id.into(), path: path.into(), sha256: String::new() };
        let note = note(&model("ear", "/models/nano/ggml-nano.en-q8_0.bin"));
        assert!(note.is_some_and(|n| n.contains("synthetic") && n.contains("xnai models pull tiny")));
        assert!(super::note(&model("whisper-tiny.en", "/models/ggml-tiny.en.bin")).is_none());
    }
}
