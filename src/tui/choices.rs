//! What there is to choose from: voices, models, devices, sessions. Found out when somebody asks, on a thread of its own.

use crate::{
    config::Context,
    error::Result,
    pipeline::{
        live::{self, DeviceInfo},
        worker,
    },
    sessions::{Sessions, search::Hit},
    talk::names::{self, Named},
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

/// Whether there is one of this name: told with the name, or with the nearest ones that there are.
pub fn check(kind: Kind, name: String, context: &Context, tell: impl FnOnce(Result<String>) + Send + 'static) -> Result<()> {
    let context = context.clone();
    let named = match kind {
        Kind::Voices => Named::Voice,
        Kind::Models => Named::Model,
        Kind::Inputs => Named::Input,
        Kind::Outputs => Named::Output,
        // Those are looked for by whoever takes them up.
        Kind::Sessions => {
            tell(Ok(name));
            return Ok(());
        }
    };
    worker::start("choices", move || tell(names::check(named, &name, &context).map(|()| name))).map(drop)
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
        Some(words) => once(sessions.search(words)?),
        None => sessions.list()?.into_iter().map(|kept| (kept.id.as_str().to_owned(), kept.first_question)).collect(),
    };
    Ok(found.into_iter().map(|(id, hint)| Choice::new(id, hint)).collect())
}

/// Each session once, with the question of its latest exchange that holds the words and where they stand.
fn once(hits: Vec<Hit>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for Hit { id, question, snippet, .. } in hits {
        if found.iter().all(|(known, _)| known != id.as_str()) {
            let hint = if question == snippet { question } else { format!("{question} · {snippet}") };
            found.push((id.as_str().to_owned(), hint));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::Id;

    #[test]
    fn a_session_is_listed_once_with_its_question() {
        let hit = |id: &str, question: &str, snippet: &str| {
            let id = Id::parse(id).unwrap();
            Hit { at: id.time().unwrap(), id, exchange: 1, question: question.into(), snippet: snippet.into() }
        };
        let (one, other) = ("20260301-140522-417", "20260302-140522-417");
        let hits = vec![hit(other, "how far?", "the moon is far"), hit(one, "a moon?", "a moon?"), hit(other, "why?", "of the moon")];
        let expected = [(other, "how far? · the moon is far"), (one, "a moon?")];
        assert_eq!(once(hits), expected.map(|(id, hint)| (id.to_owned(), hint.to_owned())));
    }
}
