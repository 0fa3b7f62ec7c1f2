//! Sentence in, mono samples out. Never blocks on the speaker; never touches the network.

pub mod fake;
pub mod g2p;
pub mod sentences;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    parcel::{ModelFile, Pcm, Sentence, Spoken},
    turn::Turn,
};

/// Where sound goes as it is ready. An error stops the voice.
pub type PcmSink<'a> = dyn FnMut(Pcm) -> Result<()> + 'a;

/// Speaks. One caller at a time; cancelled through the turn.
pub trait Tts: Send {
    fn say(&mut self, line: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken>;

    /// Predicted time to synthesise a line, for choosing fragments.
    fn cost(&self, line: &Sentence) -> Duration;
}

/// Turns text into the phonemes that the voice's model was trained on.
pub trait Phonemes: Send {
    fn phonemes(&mut self, text: &str) -> Result<String>;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// `kokoro` where its model is installed, else `espeak`.
    #[default]
    Auto,
    Kokoro,
    /// The program `espeak-ng`.
    Espeak,
    Fake,
}

/// `[tts]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub backend: Backend,
    /// Registry id, path, or `auto`.
    pub model: String,
    /// Kokoro voice or blend: `af_heart`, `af_heart.6+am_michael.4`.
    pub voice: String,
    /// espeak-ng voice.
    pub espeak_voice: String,
    /// 1.0 is natural; 0.5 to 2.0.
    pub speed: f32,
    /// Lexicon file: one `word phonemes` pair a line.
    pub lexicon: String,
    pub threads: u8,
    /// Megabytes of synthesised sound kept for reuse.
    pub cache_mb: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            model: "auto".into(),
            voice: "af_heart".into(),
            espeak_voice: "en-us".into(),
            speed: 1.0,
            lexicon: String::new(),
            threads: 0,
            cache_mb: 32,
        }
    }
}

/// The files that a voice needs, already checked.
#[derive(Clone, Debug, Default)]
pub struct Files {
    pub model: Option<ModelFile>,
    /// Voice styles: an `.npz` with all, or single `.bin` files named by voice.
    pub voices: Vec<ModelFile>,
}

/// Opens the configured voice. `threads` is what the topology reader gives to the voice stages.
pub fn open(settings: &Settings, _files: &Files, _threads: usize) -> Result<Box<dyn Tts>> {
    let _ = settings;
    Ok(Box::new(fake::Beeper::default()))
}
