//! What there is to choose from: voices, models, devices, sessions. Found out when somebody asks, on a thread of its own.

use crate::{
    audio::DeviceInfo,
    config::Context,
    error::Result,
    models::{Role, Shelf},
    pipeline::{live, worker},
    sessions::Sessions,
    tts::voices,
};

/// A list of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Voices,
    Models,
    Inputs,
    Outputs,
    Sessions,
}

impl Kind {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Voices => "Voices",
            Self::Models => "Language models",
            Self::Inputs => "Microphones",
            Self::Outputs => "Speakers",
            Self::Sessions => "Sessions",
        }
    }
}

/// One thing to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What the command takes.
    pub value: String,
    /// What is said beside it.
    pub hint: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { value: value.into(), hint: hint.into() }
    }
}

/// Looks on a thread of its own: a sound system may take its time.
pub fn find(kind: Kind, context: &Context, tell: impl FnOnce(Result<Vec<Choice>>) + Send + 'static) -> Result<()> {
    let context = context.clone();
    worker::start("choices", move || tell(list(kind, &context))).map(drop)
}

fn list(kind: Kind, context: &Context) -> Result<Vec<Choice>> {
    match kind {
        Kind::Voices => {
            let shelf = Shelf::open(&context.config.models, &context.paths)?;
            let names = voices::names(&shelf.voices()?)?;
            Ok(names.into_iter().map(|name| Choice::new(name, "")).collect())
        }
        Kind::Models => models(context),
        Kind::Inputs => Ok(devices(live::devices()?.0)),
        Kind::Outputs => Ok(devices(live::devices()?.1)),
        Kind::Sessions => sessions(context, None),
    }
}

fn devices(found: Vec<DeviceInfo>) -> Vec<Choice> {
    found.into_iter().map(|device| Choice::new(device.name, device.description)).collect()
}

/// The conversations that were kept, the last one first; of the exchanges that hold the words, those they stand in.
pub fn sessions(context: &Context, words: Option<&str>) -> Result<Vec<Choice>> {
    let sessions = Sessions::open(&context.paths);
    let found: Vec<(String, String)> = match words {
        Some(words) => sessions.search(words)?.into_iter().map(|hit| (hit.id.as_str().to_owned(), hit.snippet)).collect(),
        None => sessions.list()?.into_iter().map(|kept| (kept.id.as_str().to_owned(), kept.first_question)).collect(),
    };
    Ok(found.into_iter().map(|(id, hint)| Choice::new(id, hint)).collect())
}

/// The language models that are installed.
fn models(context: &Context) -> Result<Vec<Choice>> {
    let shelf = Shelf::open(&context.config.models, &context.paths)?;
    let installed = shelf.registry().of(Role::Llm).filter(|entry| !shelf.candidates(entry).is_empty());
    Ok(installed.map(|entry| Choice::new(entry.id.clone(), format!("{} MB", entry.bytes >> 20))).collect())
}
