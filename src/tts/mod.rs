//! Sentence in, mono samples out. Never blocks on the speaker; never touches the network.

pub mod cache;
pub mod espeak;
pub mod fake;
pub mod g2p;
pub mod kokoro;
pub mod sentences;
pub mod smooth;
mod tame;
pub mod voices;
mod wav;
pub mod wyoming;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::{
    cache::{Cache, Cached, Voice},
    espeak::Espeak,
    kokoro::{Kokoro, Manner},
};
use crate::{
    error::{Error, Result, Room},
    os::paths::Paths,
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
    /// The server of the Wyoming protocol at `tts.address`.
    Wyoming,
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
    /// Of a Wyoming server: `unix:///path`, `tcp://127.0.0.1:port` or `stdio:program arguments`.
    pub address: String,
    /// Its name of the voice, or a language to choose one of; empty leaves the choice to it.
    pub wyoming_voice: String,
    /// Of a voice with several speakers.
    pub wyoming_speaker: String,
    /// How long that server may be silent, in seconds.
    pub timeout_s: u16,
    /// 1.0 is natural; 0.5 to 2.0. A Wyoming server has a speed of its own, which the protocol cannot change.
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
            address: String::new(),
            wyoming_voice: String::new(),
            wyoming_speaker: String::new(),
            timeout_s: 30,
            speed: 1.0,
            lexicon: String::new(),
            threads: 0,
            cache_mb: 32,
        }
    }
}

impl Settings {
    /// The voice of the back end that these settings name.
    pub fn spoken(&self) -> &String {
        match self.backend {
            Backend::Espeak => &self.espeak_voice,
            Backend::Wyoming => &self.wyoming_voice,
            Backend::Auto | Backend::Kokoro | Backend::Fake => &self.voice,
        }
    }

    /// Where that voice is set.
    pub fn spoken_mut(&mut self) -> &mut String {
        match self.backend {
            Backend::Espeak => &mut self.espeak_voice,
            Backend::Wyoming => &mut self.wyoming_voice,
            Backend::Auto | Backend::Kokoro | Backend::Fake => &mut self.voice,
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

/// How fast to speak: 0.5 to 2, 1 is natural.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(f32);

impl Speed {
    pub const NATURAL: Self = Self(1.0);

    pub fn get(self) -> f32 {
        self.0
    }

    /// In hundredths.
    fn percent(self) -> u16 {
        (self.0 * 100.0).round() as u16
    }
}

impl TryFrom<f32> for Speed {
    type Error = Error;

    fn try_from(speed: f32) -> Result<Self> {
        let wrong = || Error::reword(Room::Tts, format!("tts.speed is {speed}")).hint("choose one from 0.5 to 2.0");
        (0.5..=2.0).contains(&speed).then_some(Self(speed)).ok_or_else(wrong)
    }
}

/// What the user should be told once about what these settings cannot do, if anything.
pub fn note(settings: &Settings) -> Option<String> {
    let unheard = settings.backend == Backend::Wyoming && (settings.speed - 1.0).abs() > f32::EPSILON;
    unheard.then(|| "tts.speed changes nothing: the Wyoming protocol leaves the speed to the server".into())
}

/// The back end that these settings mean, given the files there are.
pub fn decide(settings: &Settings, files: &Files) -> Backend {
    match settings.backend {
        Backend::Auto if cfg!(feature = "onnx") && files.model.is_some() && !files.voices.is_empty() => Backend::Kokoro,
        Backend::Auto => Backend::Espeak,
        chosen => chosen,
    }
}

/// Opens the configured voice. `threads` is what the topology reader gives to the voice stages.
pub fn open(settings: &Settings, files: &Files, threads: usize) -> Result<Box<dyn Tts>> {
    let speed = Speed::try_from(settings.speed)?;
    let limit = (settings.cache_mb as usize) << 20;
    let keep = |engine: &str, voice: &str| (Voice { engine: engine.into(), name: voice.into(), speed: speed.percent() }, Cache::new(limit));
    match decide(settings, files) {
        Backend::Fake => Ok(Box::new(fake::Beeper)),
        Backend::Kokoro => {
            let folder = Paths::from_env().ok().map(|paths| paths.cache);
            let manner = Manner { voice: &settings.voice, speed, threads, cache: folder.as_deref() };
            let kokoro = Kokoro::open(files, &manner, || phonemes(settings))?;
            let (voice, cache) = keep(files.model.as_ref().map_or("", |m| &m.sha256), &settings.voice);
            Ok(Box::new(Cached::new(kokoro, voice, cache)))
        }
        Backend::Wyoming => {
            let (voice, cache) = keep(&settings.address, &format!("{} {}", settings.wyoming_voice, settings.wyoming_speaker));
            Ok(Box::new(Cached::new(wyoming::Remote::open(settings)?, voice, cache)))
        }
        Backend::Espeak | Backend::Auto => {
            let (voice, cache) = keep("espeak-ng", &settings.espeak_voice);
            Ok(Box::new(Cached::new(Espeak::open(&settings.espeak_voice, speed)?, voice, cache)))
        }
    }
}

/// What turns text into Kokoro's phonemes, in the accent of the voice.
fn phonemes(settings: &Settings) -> Result<Box<dyn Phonemes>> {
    let lexicon = (!settings.lexicon.is_empty()).then(|| settings.lexicon.clone().into());
    g2p::open(&g2p::Settings::of_voice(&settings.voice, lexicon))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> ModelFile {
        ModelFile { id: name.into(), path: name.into(), sha256: String::new() }
    }

    #[test]
    fn auto_is_kokoro_only_where_all_its_files_are() {
        let settings = Settings::default();
        let all = Files { model: Some(file("m")), voices: vec![file("v")] };
        let wanted = if cfg!(feature = "onnx") { Backend::Kokoro } else { Backend::Espeak };
        assert_eq!(decide(&settings, &all), wanted);
        assert_eq!(decide(&settings, &Files { voices: Vec::new(), ..all.clone() }), Backend::Espeak);
        assert_eq!(decide(&settings, &Files::default()), Backend::Espeak);
        assert_eq!(decide(&Settings { backend: Backend::Fake, ..settings }, &all), Backend::Fake);
    }

    #[test]
    fn a_speed_out_of_range_names_the_key_and_the_range() {
        for speed in [0.49, 2.01, f32::NAN, -1.0] {
            assert!(Speed::try_from(speed).unwrap_err().to_string().contains("tts.speed"));
        }
        assert_eq!(Speed::try_from(2.0).unwrap().percent(), 200);
    }
}
