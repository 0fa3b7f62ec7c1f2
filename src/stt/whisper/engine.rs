//! One piece of sound in, words with their probabilities out: the file that drives whisper-rs.
//!
//! What the crate (0.16) does not guard against is guarded here: the abort callback is set raw, because the safe
//! setter's closure is never called ([`callbacks`]); the prompt goes in as tokens and the language is set once, because
//! both setters leak a string per call ([`setup`]); the crate's logging hook is not used, because it also replaces
//! llama.cpp's log.

use std::{ffi::c_int, path::Path};

use whisper_rs::{FullParams, WhisperContext, WhisperContextParameters, WhisperError, WhisperState, get_lang_str};

use super::{
    callbacks::{self, Force},
    log, setup,
};
use crate::{
    error::{Error, Result, Room},
    parcel::Segment,
    stt::Settings,
    turn::Turn,
};

/// Asks for the model's whole window of 30 s.
pub const FULL_CONTEXT: usize = 0;
/// Samples that one position of the encoder covers: 20 ms.
const PER_POSITION: usize = 320;
/// Positions below which stock models, which never saw a shorter window in training, begin to loop: about 10 s.
const STOCK_FLOOR: usize = 512;
/// Ours was trained on cut windows: 2 s.
const SMALL_FLOOR: usize = 100;
/// Width of the smallest stock model; ours is narrower.
const STOCK_WIDTH: c_int = 384;
/// Positions kept behind the sound.
const MARGIN: usize = 16;
/// Tokens that whisper.cpp can write for one window; asking for more is asking for this.
const MOST_TOKENS: u32 = 200;

/// The model with its one state, which is used again for every run.
pub struct Engine {
    state: WhisperState,
    params: FullParams<'static, 'static>,
    prompt: Vec<c_int>,
    window: usize,
    floor: usize,
    /// The model gives no timestamps: distilled ones were not taught any.
    timeless: bool,
    /// The configured language, or "" while it has to be detected.
    language: String,
    eot: c_int,
    sot: c_int,
    no_speech: usize,
    threads: usize,
    force: Option<Force>,
}

/// What to run the model on.
pub struct Job<'a> {
    pub samples: &'a [f32],
    /// Encoder positions of 20 ms, or [`FULL_CONTEXT`].
    pub context: usize,
}

/// What one run wrote.
#[derive(Debug, Default)]
pub struct Heard {
    pub text: String,
    pub segments: Vec<Segment>,
    /// Tokens of words: no special ones.
    pub tokens: u32,
    /// Sum of their probabilities.
    pub probability: f64,
    /// Sum of their natural log-probabilities.
    pub logprob: f64,
    /// Probability that there was no speech, 0..1.
    pub no_speech: f32,
    pub language: String,
}

impl Engine {
    pub fn load(path: &Path, settings: &Settings, threads: usize) -> Result<Self> {
        log::to_tracing();
        log::last_error();
        let refused = |e: WhisperError| {
            let why = log::last_error();
            let why = if why.is_empty() { e.to_string() } else { why };
            Error::fetch(Room::Stt, format!("the speech model {} cannot be loaded: {why}", path.display())).hint("run `xnai models verify`")
        };
        let context = WhisperContext::new_with_params(path, WhisperContextParameters::default()).map_err(refused)?;
        let state = context.create_state().map_err(refused)?;
        let timeless = context.model_n_text_layer() == 2 && context.n_vocab() != LARGE_V3_VOCABULARY;
        let language = setup::language(&settings.language, context.is_multilingual())?;
        let force = (settings.force_tokens > 0).then(|| Force {
            tokens: settings.force_tokens.min(MOST_TOKENS) as c_int,
            vocabulary: context.n_vocab() as usize,
            eot: context.token_eot() as usize,
        });
        let mut params = setup::params(threads, timeless || force.is_some());
        if language != "en" {
            // Leaks these few bytes once per engine; every run works on a clone that shares them.
            params.set_language((!language.is_empty()).then_some(language.as_str()).map(setup::leak));
        }
        Ok(Self {
            prompt: setup::prompt(&context, settings)?,
            window: context.n_audio_ctx() as usize,
            floor: if context.model_n_audio_state() < STOCK_WIDTH { SMALL_FLOOR } else { STOCK_FLOOR },
            eot: context.token_eot(),
            sot: context.token_sot(),
            no_speech: context.token_nosp() as usize,
            threads,
            state,
            params,
            timeless,
            language,
            force,
        })
    }

    /// The configured language; "" while it is detected anew for every piece.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Encoder positions for so many samples: the encoder's cost grows with them, not with the sound.
    pub fn context_for(&self, samples: usize) -> usize {
        // Detection runs before the context is set and would take the one of the run before.
        if self.language.is_empty() {
            return FULL_CONTEXT;
        }
        let wanted = (samples.div_ceil(PER_POSITION) + MARGIN).max(self.floor);
        if wanted < self.window { wanted } else { FULL_CONTEXT }
    }

    /// Runs encoder and decoder once, greedily. Returns `Err(Stale)` soon after the turn is superseded; only detecting a
    /// language is not interrupted, which is one run of the encoder.
    pub fn run(&mut self, job: &Job, turn: &Turn) -> Result<Heard> {
        let mut params: FullParams<'_, '_> = self.params.clone();
        params.set_audio_ctx(job.context as c_int);
        params.set_tokens(&self.prompt);
        // SAFETY: the turn and the force are borrowed for longer than `full` runs, which is the last to call either.
        unsafe { callbacks::set(&mut params, turn, self.force.as_ref()) };
        log::last_error();
        let outcome = self.state.full(params, job.samples);
        turn.alive()?;
        outcome.map_err(stopped)?;
        let no_speech = self.no_speech()?;
        self.collect(job.samples.len(), no_speech)
    }

    /// Probability that the last window holds no speech, asked of the decoder at the place where models are taught it:
    /// after the start token alone.
    ///
    /// whisper.cpp's own figure (1.8.3) comes from the first row of the logits, which it fills in only when the prompt
    /// is that one token; with a language, without timestamps or with an initial prompt, it is what the run before left.
    /// The encoder's result is still there, so that this costs one token.
    fn no_speech(&mut self) -> Result<f32> {
        self.state.decode(&[self.sot], 0, self.threads).map_err(stopped)?;
        let logits = self.state.get_logits().map_err(stopped)?;
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = logits.iter().map(|l| (l - most).exp()).sum();
        Ok(logits.get(self.no_speech).map_or(0.0, |l| (l - most).exp() / sum))
    }

    fn collect(&self, samples: usize, no_speech: f32) -> Result<Heard> {
        let end = samples as u64 * 1000 / u64::from(crate::parcel::EAR_RATE);
        let mut heard = Heard { no_speech, language: self.heard_language(), ..Heard::default() };
        for segment in self.state.as_iter() {
            let text =
                segment.to_str_lossy().map_err(|e| Error::report(Room::Stt, format!("the speech model's text cannot be read: {e}")))?;
            heard.text += &text;
            for token in (0..segment.n_tokens()).filter_map(|i| segment.get_token(i)).map(|t| t.token_data()).filter(|t| t.id < self.eot) {
                heard.tokens += 1;
                heard.probability += f64::from(token.p);
                heard.logprob += f64::from(token.plog);
            }
            let (start_ms, end_ms) = if self.timeless || self.force.is_some() {
                (0, end)
            } else {
                (to_ms(segment.start_timestamp()).min(end), to_ms(segment.end_timestamp()).min(end))
            };
            heard.segments.push(Segment { text: text.into_owned(), start_ms, end_ms });
        }
        Ok(heard)
    }

    fn heard_language(&self) -> String {
        if !self.language.is_empty() {
            return self.language.clone();
        }
        get_lang_str(self.state.full_lang_id_from_state()).unwrap_or_default().into()
    }
}

/// Distilled models of the first release have two text layers; large-v3's children have too, and this vocabulary.
const LARGE_V3_VOCABULARY: c_int = 51_866;

fn stopped(error: WhisperError) -> Error {
    let why = log::last_error();
    Error::report(Room::Stt, format!("the speech model stopped: {}", if why.is_empty() { error.to_string() } else { why }))
}

fn to_ms(hundredths: i64) -> u64 {
    u64::try_from(hundredths).unwrap_or(0) * 10
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::turn::Session;

    /// The engine on our small model, which is part of the sources; beside them while it is not.
    fn engine() -> Option<Engine> {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let folders = [here.join("models"), std::env::var_os("XNAI_MODELS_PATH").map_or(here.join("../shared/models"), PathBuf::from)];
        let found = folders.into_iter().map(|f| f.join("nano/ggml-nano.en-q8_0.bin")).find(|f| f.is_file());
        assert!(found.is_some() || std::env::var_os("CI").is_none(), "the small model is missing");
        let Some(path) = found else {
            println!("skipped: the small model is missing");
            return None;
        };
        Some(Engine::load(&path, &Settings::default(), 1).unwrap())
    }

    #[test]
    fn a_superseded_turn_is_given_up_inside_the_model() {
        let Some(mut engine) = engine() else { return };
        let tone: Vec<f32> = (0..48_000).map(|i| (i as f32 * 0.2).sin() * 0.3).collect();
        let job = Job { samples: &tone, context: FULL_CONTEXT };
        let turn = Session::new().turn();
        engine.run(&job, &turn).unwrap();
        assert_ne!(engine.state.full_n_segments(), 0);
        turn.cancel();
        assert!(engine.run(&job, &turn).unwrap_err().is_stale());
        assert_eq!(engine.state.full_n_segments(), 0, "it ran to its end");
    }

    #[test]
    fn the_window_grows_with_the_sound_from_a_floor_to_the_whole() {
        let Some(mut engine) = engine() else { return };
        assert_eq!(engine.context_for(0), SMALL_FLOOR);
        assert_eq!(engine.context_for(10 * 16_000), 500 + MARGIN);
        assert_eq!(engine.context_for(30 * 16_000), FULL_CONTEXT);
        engine.language.clear();
        assert_eq!(engine.context_for(0), FULL_CONTEXT);
    }
}
