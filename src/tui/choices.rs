//! What there is to choose from: voices, models, devices, sessions. Found out when somebody asks, on a thread of its own.

use crate::{
    config::Context,
    error::Result,
    pipeline::{
        live::{self, DeviceInfo},
        worker,
    },
    sessions::Sessions,
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

/// Looks on a thread of its own: a sound system may take its time, and so may a disk. Of sessions, those that hold the
/// words.
pub fn find(kind: Kind, words: Option<String>, context: &Context, tell: impl FnOnce(Result<Vec<Choice>>) + Send + 'static) -> Result<()> {
    let context = context.clone();
    worker::start("choices", move || tell(list(kind, words.as_deref(), &context))).map(drop)
}

fn list(kind: Kind, words: Option<&str>, context: &Context) -> Result<Vec<Choice>> {
    let all = |devices: Vec<DeviceInfo>| devices.into_iter().map(|device| Choice::new(device.name, device.description)).collect();
    Ok(match kind {
        Kind::Voices => live::voices(context)?.into_iter().map(|name| Choice::new(name, "")).collect(),
        Kind::Models => live::models(context)?.into_iter().map(|(id, bytes)| Choice::new(id, format!("{} MB", bytes >> 20))).collect(),
        Kind::Inputs => all(live::devices()?.0),
        Kind::Outputs => all(live::devices()?.1),
        Kind::Sessions => sessions(context, words)?,
    })
}

/// The conversations that were kept, the last one first; of the exchanges that hold the words, those they stand in.
fn sessions(context: &Context, words: Option<&str>) -> Result<Vec<Choice>> {
    let sessions = Sessions::open(&context.paths);
    let found: Vec<(String, String)> = match words {
        Some(words) => sessions.search(words)?.into_iter().map(|hit| (hit.id.as_str().to_owned(), hit.snippet)).collect(),
        None => sessions.list()?.into_iter().map(|kept| (kept.id.as_str().to_owned(), kept.first_question)).collect(),
    };
    Ok(found.into_iter().map(|(id, hint)| Choice::new(id, hint)).collect())
}
