//! `describe` and its answer: what a server can do, in which languages, with which voices.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{event::Event, link::Link};
use crate::{error::Result, turn::Turn};

/// What a server says of itself. What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Info {
    pub asr: Vec<Program>,
    pub tts: Vec<Program>,
    pub wake: Vec<Program>,
}

/// One service: a recogniser with models, a speaker with voices.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Program {
    pub name: String,
    pub models: Vec<Model>,
    pub voices: Vec<Model>,
}

/// A model or a voice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Model {
    pub name: String,
    pub languages: Vec<String>,
    /// Of a detector: the words that it waits for.
    pub phrase: Option<String>,
}

impl Info {
    fn read(mut event: Event) -> Result<Self, String> {
        // Null stands for what is not there.
        event.data.retain(|_, value| !value.is_null());
        serde_json::from_value(Value::Object(event.data)).map_err(|_| "an `info` that says nothing".into())
    }
}

/// All languages of some models, each once.
pub fn languages<'a>(models: impl Iterator<Item = &'a Model>) -> Vec<&'a str> {
    let mut all: Vec<&str> = models.flat_map(|model| &model.languages).map(String::as_str).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether two names of languages mean the same: `en` is any English, `en-GB` and `en_gb` are one.
pub fn same_language(a: &str, b: &str) -> bool {
    let (a, b) = (a.replace('_', "-").to_lowercase(), b.replace('_', "-").to_lowercase());
    let within = |whole: &str, part: &str| whole.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    within(&a, &b) || within(&b, &a)
}

impl Link {
    /// Asks the server what it can do.
    pub fn describe(&mut self, turn: &Turn) -> Result<Info> {
        self.converse(turn, |talk| {
            talk.send(&Event::new("describe", json!({})))?;
            talk.owes("info", None);
            let event = talk.receive_one("info")?;
            Info::read(event).map_err(|what| talk.garbage(what))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_itself_is_read_and_what_it_does_not_say_is_empty() {
        let data = json!({
            "asr": [{"name": "ears", "installed": true, "models": [{"name": "m", "languages": ["en", "de"], "phrase": null}]}],
            "wake": null, "intent": [{"whatever": 1}],
        });
        let info = Info::read(Event::new("info", data)).unwrap();
        assert_eq!((info.asr[0].name.as_str(), languages(info.asr[0].models.iter())), ("ears", vec!["de", "en"]));
        assert!(info.tts.is_empty() && info.wake.is_empty());
        assert!(Info::read(Event::new("info", json!({"asr": "yes"}))).is_err());
    }

    #[test]
    fn languages_are_compared_by_what_they_mean() {
        assert!(same_language("en", "en-US") && same_language("en_GB", "en-gb") && same_language("de", "de"));
        assert!(!same_language("en-US", "en-GB") && !same_language("en", "enm") && !same_language("de", "en"));
    }
}
