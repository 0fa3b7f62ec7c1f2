//! Utterance in, transcript out, through whisper.cpp: what to run, when to run it again, and what not to believe.
//!
//! `engine` drives the crate with what `setup` and `callbacks` hand it, and `log` takes its log; the others are plain
//! arithmetic on samples and text.

mod callbacks;
mod checks;
mod engine;
mod hallucinations;
mod header;
mod log;
mod setup;
mod sound;

use std::ops::Range;

use self::{
    checks::{Doubt, Evidence},
    engine::{Engine, Heard, Job},
};
use super::{Settings, Stt};
use crate::{
    error::{Error, Result, Room},
    parcel::{EAR_RATE, ModelFile, Segment, Transcript, Utterance},
    turn::Turn,
};

/// Loads the model. `threads` is what the topology reader gives to the voice stages; `stt.threads` overrides it.
pub fn open(settings: &Settings, model: Option<&ModelFile>, threads: usize) -> Result<Box<dyn Stt>> {
    let model = model.ok_or_else(|| {
        Error::fetch(Room::Stt, "there is no speech model to hear with").hint("run `xnai models pull tiny`, or type the question")
    })?;
    header::check(&model.path)?;
    let threads = if settings.threads > 0 { usize::from(settings.threads) } else { threads.max(1) };
    let engine = Engine::load(&model.path, settings, threads)?;
    if let Some(note) = super::note(model) {
        tracing::warn!(model = %model.id, "{note}");
    }
    Ok(Box::new(Whisper { engine, forced: settings.force_tokens > 0, padded: Vec::new() }))
}

struct Whisper {
    engine: Engine,
    /// Made-up weights are being measured: nothing is checked, retried or rejected.
    forced: bool,
    /// Room for one padded piece, reused from call to call.
    padded: Vec<f32>,
}

impl Stt for Whisper {
    fn transcribe(&mut self, speech: &Utterance, turn: &Turn) -> Result<Transcript> {
        self.hear(speech, turn, Care::Final)
    }

    fn partial(&mut self, so_far: &Utterance, turn: &Turn) -> Result<Transcript> {
        self.hear(so_far, turn, Care::Draft)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Care {
    /// For the screen: never run twice.
    Draft,
    Final,
}

impl Whisper {
    fn hear(&mut self, speech: &Utterance, turn: &Turn, care: Care) -> Result<Transcript> {
        turn.alive()?;
        let tidy: fn(&str) -> String = if self.forced { raw } else { checks::tidy };
        let mut whole = Account { tidy, transcript: Transcript::default(), tokens: 0, probability: 0.0, no_speech: None };
        for span in sound::pieces(&speech.samples) {
            turn.alive()?;
            let words = sound::trim(&speech.samples[span.clone()]);
            let span = span.start + words.start..span.start + words.end;
            let heard = self.hear_piece(&speech.samples[span.clone()], turn, care)?;
            whole.add(heard, &span);
        }
        let known = self.engine.language();
        Ok(whole.transcript(known))
    }

    /// One piece of at most 29 s; `None` when it holds nothing to believe.
    fn hear_piece(&mut self, samples: &[f32], turn: &Turn, care: Care) -> Result<Option<Heard>> {
        let loudest_db = sound::loudest_db(samples);
        if !self.forced && loudest_db < sound::SILENCE_DB {
            return Ok(None);
        }
        sound::pad(samples, &mut self.padded);
        let cut = self.engine.context_for(self.padded.len());
        let first = self.engine.run(&Job { samples: &self.padded, context: cut }, turn)?;
        if self.forced {
            return Ok(Some(first));
        }
        let evidence = Evidence::new(&first, loudest_db);
        if care == Care::Draft || cut == engine::FULL_CONTEXT || checks::trusts_cut(&first.text, &evidence) {
            return Ok(believe(first, &evidence, None));
        }
        turn.alive()?;
        tracing::debug!(turn = %turn.id(), cut, "the text failed its checks: hearing it again with the full context");
        let second = self.engine.run(&Job { samples: &self.padded, context: engine::FULL_CONTEXT }, turn)?;
        let evidence = Evidence::new(&second, loudest_db);
        Ok(believe(second, &evidence, Some(&first.text)))
    }
}

/// The text if nothing speaks against it. `before` is what a first run made of the same sound.
fn believe(heard: Heard, evidence: &Evidence, before: Option<&str>) -> Option<Heard> {
    let doubt: Option<Doubt> = checks::doubt(&heard.text, evidence, before);
    if let Some(doubt) = doubt {
        tracing::debug!(
            ?doubt,
            no_speech = evidence.no_speech,
            logprob = evidence.logprob,
            confidence = evidence.confidence,
            "heard nothing to answer"
        );
        return None;
    }
    Some(heard)
}

/// Sums the pieces of one utterance up.
struct Account {
    /// What is left of a text as the model wrote it.
    tidy: fn(&str) -> String,
    transcript: Transcript,
    tokens: u32,
    probability: f64,
    no_speech: Option<f32>,
}

impl Account {
    fn add(&mut self, heard: Option<Heard>, span: &Range<usize>) {
        let Some(heard) = heard else { return };
        let text = (self.tidy)(&heard.text);
        if !text.is_empty() && !self.transcript.text.is_empty() {
            self.transcript.text.push(' ');
        }
        self.transcript.text += &text;
        let (offset, end) = (ms(span.start), ms(span.end));
        self.transcript.segments.extend(heard.segments.iter().filter_map(|s| {
            let text = (self.tidy)(&s.text);
            let start_ms = (offset + s.start_ms).min(end);
            (!text.is_empty()).then(|| Segment { text, start_ms, end_ms: (offset + s.end_ms).clamp(start_ms, end) })
        }));
        self.tokens += heard.tokens;
        self.probability += heard.probability;
        self.no_speech = Some(self.no_speech.unwrap_or(1.0).min(heard.no_speech));
        self.transcript.language = heard.language;
    }

    fn transcript(self, language: &str) -> Transcript {
        let mut transcript = self.transcript;
        transcript.confidence = if self.tokens == 0 { 0.0 } else { (self.probability / f64::from(self.tokens)) as f32 };
        transcript.no_speech = self.no_speech.unwrap_or(1.0);
        if transcript.language.is_empty() {
            transcript.language = language.into();
        }
        transcript
    }
}

/// Made-up weights write anything, and what follows them in a measured turn needs some of it.
fn raw(text: &str) -> String {
    text.trim().into()
}

fn ms(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(EAR_RATE)
}
