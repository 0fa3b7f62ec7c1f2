//! Kokoro: phonemes and a voice in, 24 kHz samples out.

mod estimate;
#[cfg(feature = "onnx")]
mod network;
#[cfg(not(feature = "onnx"))]
#[path = "kokoro/absent.rs"]
mod network;
mod phrases;
#[cfg(test)]
mod tests;
mod trim;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use tracing::debug;

use self::estimate::Estimate;
use super::{Files, PcmSink, Phonemes, Speed, Tts, g2p::vocab, voices};
use crate::{
    error::{Error, Result, Room},
    parcel::{Pcm, Sentence, Spoken},
    turn::Turn,
};

/// Hz.
pub const RATE: u32 = 24_000;

/// The neural network itself: what differs between the published files is behind this.
trait Network: Send {
    /// Samples for one phrase; stops early when the turn goes stale.
    fn run(&mut self, phrase: Phrase<'_>, turn: &Turn) -> Result<Vec<f32>>;
}

/// What one run of the network is given.
#[cfg_attr(not(feature = "onnx"), allow(dead_code, reason = "only a network reads it, and this build has none"))]
struct Phrase<'a> {
    /// Padded at both ends.
    tokens: Vec<i64>,
    style: &'a [f32],
    speed: f32,
}

/// How a voice is to sound.
#[derive(Clone, Debug)]
pub struct Manner<'a> {
    /// A voice, or a blend of several.
    pub voice: &'a str,
    pub speed: Speed,
    pub threads: usize,
    /// Folder for the optimised model, which saves most of the time that loading takes; without it nothing is kept.
    pub cache: Option<&'a Path>,
}

pub struct Kokoro {
    network: Box<dyn Network>,
    phonemes: Box<dyn Phonemes>,
    style: voices::Style,
    speed: Speed,
    estimate: Estimate,
}

impl Kokoro {
    /// Opens the model and the voice, and meanwhile what makes phonemes, which must speak the language of the voice.
    pub fn open(files: &Files, manner: &Manner<'_>, phonemes: impl FnOnce() -> Result<Box<dyn Phonemes>> + Send) -> Result<Self> {
        let missing =
            || Error::fetch(Room::Tts, "no Kokoro model is installed").hint("run `xnai models pull tiny`, or set tts.backend = \"espeak\"");
        let model = files.model.as_ref().ok_or_else(missing)?;
        let style = voices::load(&files.voices, manner.voice)?;
        let failed = |what: &str| Error::report(Room::Tts, format!("the thread that loads the phonemes {what}"));
        thread::scope(|scope| {
            let words = thread::Builder::new().name("voice-words".into()).spawn_scoped(scope, phonemes);
            let words = words.map_err(|e| failed(&format!("cannot be started: {e}")))?;
            let network = network::open(model, manner)?;
            let phonemes = words.join().map_err(|_| failed("panicked"))??;
            Ok(Self::with(network, phonemes, style, manner.speed))
        })
    }

    fn with(network: Box<dyn Network>, phonemes: Box<dyn Phonemes>, style: voices::Style, speed: Speed) -> Self {
        Self { network, phonemes, style, speed, estimate: Estimate::default() }
    }

    /// The symbols of a text that the model knows.
    fn symbols(&mut self, text: &str) -> Result<Vec<char>> {
        let all = self.phonemes.phonemes(text)?;
        let known: Vec<char> = all.chars().filter(|&c| vocab::id(c).is_some()).collect();
        let dropped = all.chars().count() - known.len();
        if dropped > 0 {
            debug!(dropped, "phonemes that the model does not know");
        }
        Ok(known)
    }

    fn phrase(&mut self, symbols: &[char], turn: &Turn) -> Result<Pcm> {
        let started = Instant::now();
        let tokens = std::iter::once(0).chain(symbols.iter().filter_map(|&c| vocab::id(c))).chain([0]).collect();
        let phrase = Phrase { tokens, style: self.style.row(symbols.len()), speed: self.speed.get() };
        let mut samples = self.network.run(phrase, turn)?;
        if !samples.iter().all(|s| s.is_finite()) {
            return Err(Error::fetch(Room::Tts, "the Kokoro model gave numbers that are no sound").hint("choose another tts.model"));
        }
        samples.iter_mut().for_each(|s| *s = s.clamp(-1.0, 1.0));
        self.estimate.took(symbols.len(), started.elapsed());
        Ok(Pcm::new(trim::trim(&samples, trim::pause(symbols)), RATE))
    }
}

impl Tts for Kokoro {
    fn say(&mut self, line: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        turn.alive()?;
        let symbols = self.symbols(&line.text)?;
        self.estimate.read(line.text.len(), symbols.len());
        let mut spoken = Spoken::default();
        for symbols in phrases::split(&symbols) {
            turn.alive()?;
            let pcm = self.phrase(symbols, turn)?;
            spoken.samples += pcm.samples.len();
            out(pcm)?;
        }
        Ok(spoken)
    }

    fn cost(&self, line: &Sentence) -> Duration {
        self.estimate.cost(line.text.len())
    }
}
