//! What there is to choose from: voices, models, devices. Found out when somebody asks, on a thread of its own.

use crate::{
    config::Context,
    error::Result,
    models::{Role, Shelf},
    pipeline::worker,
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
    /// The slash command that takes one of the list.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Voices => "voice",
            Self::Models => "model",
            Self::Inputs => "input",
            Self::Outputs => "output",
            Self::Sessions => "resume",
        }
    }

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
        Kind::Outputs => {
            let devices = crate::audio::devices()?;
            Ok(devices.into_iter().map(|device| Choice::new(device.name, device.description)).collect())
        }
        Kind::Inputs | Kind::Sessions => Ok(Vec::new()),
    }
}

/// The language models that are installed.
fn models(context: &Context) -> Result<Vec<Choice>> {
    let shelf = Shelf::open(&context.config.models, &context.paths)?;
    let installed = shelf.registry().of(Role::Llm).filter(|entry| !shelf.candidates(entry).is_empty());
    Ok(installed.map(|entry| Choice::new(entry.id.clone(), format!("{} MB", entry.bytes >> 20))).collect())
}
