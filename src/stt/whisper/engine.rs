//! One piece of sound in, words with their probabilities out: the file that drives whisper-rs.
//!
//! What the crate (0.16) does not guard against is guarded here: the abort callback is set raw, because the safe
//! setter's closure is never called; the prompt goes in as tokens and the language is set once, because both setters
//! leak a string per call; the crate's logging hook is not used, because it also replaces llama.cpp's log.

use std::{
    ffi::{c_int, c_void},
    path::Path,
};

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError, WhisperState, WhisperSysContext, WhisperSysState,
    WhisperTokenData, get_lang_id, get_lang_str,
};

use super::log;
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
        let language = choose_language(&settings.language, context.is_multilingual())?;
        let force = (settings.force_tokens > 0).then(|| Force {
            tokens: settings.force_tokens.min(MOST_TOKENS) as c_int,
            vocabulary: context.n_vocab() as usize,
            eot: context.token_eot() as usize,
        });
        let mut params = base_params(threads, timeless || force.is_some());
        if language != "en" {
            // Leaks these few bytes once per engine; every run works on a clone that shares them.
            params.set_language((!language.is_empty()).then_some(language.as_str()).map(leak));
        }
        Ok(Self {
            prompt: prompt_tokens(&context, settings)?,
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
        // SAFETY: `superseded` and `force_length` only read what they are handed: a `Turn`, which is `Sync`, because
        // the engine's threads may ask; and a `Force`. Both are borrowed for longer than `full` runs, and `full` is the
        // last to call either.
        unsafe {
            params.set_abort_callback(Some(superseded));
            params.set_abort_callback_user_data(std::ptr::from_ref(turn).cast_mut().cast());
            if let Some(force) = &self.force {
                params.set_filter_logits_callback(Some(force_length));
                params.set_filter_logits_callback_user_data(std::ptr::from_ref(force).cast_mut().cast());
            }
        }
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

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn base_params(threads: usize, timeless: bool) -> FullParams<'static, 'static> {
    let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    params.set_n_threads(threads as c_int);
    params.set_no_timestamps(timeless);
    params.set_no_context(true);
    params.set_suppress_nst(true);
    params.set_print_progress(false);
    params.set_print_realtime(false);
    params.set_print_timestamps(false);
    // One run, no fall-back: `checks` decides, and it needs to see the figures of what whisper.cpp would hide.
    params.set_temperature_inc(0.0);
    params.set_logprob_thold(f32::NEG_INFINITY);
    params.set_no_speech_thold(2.0);
    params
}

/// The language to ask for; "" is "detect it".
fn choose_language(wanted: &str, multilingual: bool) -> Result<String> {
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() || wanted == "auto" {
        return Ok(if multilingual { String::new() } else { "en".into() });
    }
    let code = if wanted.contains('\0') { None } else { get_lang_id(&wanted).and_then(get_lang_str) };
    let Some(code) = code else {
        return Err(Error::reword(Room::Stt, format!("stt.language is {wanted:?}, which is no language that Whisper knows"))
            .hint("use a code like `en` or `de`, or `auto`"));
    };
    if !multilingual && code != "en" {
        tracing::warn!(language = code, "this speech model knows English only: stt.language is ignored");
        return Ok("en".into());
    }
    Ok(code.into())
}

/// The initial prompt with the user's own words behind it, as tokens.
fn prompt_tokens(context: &WhisperContext, settings: &Settings) -> Result<Vec<c_int>> {
    let words = settings.words.iter().map(|w| w.trim()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(", ");
    let parts = [settings.initial_prompt.trim(), words.as_str()];
    let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Ok(Vec::new());
    }
    // Words begin with a space in Whisper's vocabulary. A token is at least a byte: with less room, whisper.cpp answers
    // with a negative count, which the crate would take for a length.
    let text = format!(" {text}");
    context.tokenize(&text, text.len() + 1).map_err(|e| Error::reword(Room::Stt, format!("stt.initial_prompt cannot be used: {e}")))
}

/// Holds the decoder to a number of tokens, for made-up weights that would stop at once or never.
struct Force {
    tokens: c_int,
    vocabulary: usize,
    eot: usize,
}

unsafe extern "C" fn superseded(turn: *mut c_void) -> bool {
    // SAFETY: `run` hands over its `&Turn`, which outlives every call.
    unsafe { &*turn.cast::<Turn>() }.is_stale()
}

unsafe extern "C" fn force_length(
    _: *mut WhisperSysContext,
    _: *mut WhisperSysState,
    _: *const WhisperTokenData,
    written: c_int,
    logits: *mut f32,
    force: *mut c_void,
) {
    // SAFETY: `run` hands over its `&Force`; whisper.cpp's logits are one per word of the vocabulary.
    let (force, logits) = unsafe {
        let force = &*force.cast::<Force>();
        (force, std::slice::from_raw_parts_mut(logits, force.vocabulary))
    };
    if written < force.tokens {
        logits[force.eot] = f32::NEG_INFINITY;
    } else {
        logits.fill(f32::NEG_INFINITY);
        logits[force.eot] = 0.0;
    }
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

    #[test]
    fn a_language_is_a_code_or_detected() {
        log::to_tracing();
        assert_eq!(choose_language("German", true).unwrap(), "de");
        assert_eq!(choose_language(" auto ", true).unwrap(), "");
        assert_eq!(choose_language("auto", false).unwrap(), "en");
        assert_eq!(choose_language("de", false).unwrap(), "en");
        assert!(choose_language("xx", true).is_err());
        assert!(choose_language("e\0n", true).is_err());
    }
}
