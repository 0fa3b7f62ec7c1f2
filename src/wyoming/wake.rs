//! A stream of sound into the moments when a key phrase was spoken, by a detector behind the protocol.
//!
//! For hands-free listening: sound is pushed as it is captured; only a detector that is seconds behind is waited for.
//! One that hears nothing has nothing to say, so it is asked now and then what it is: no answer means that it hangs.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    event::Event,
    info::Info,
    link::{Line, Link},
    sound,
    wire::Fault,
};
use crate::{
    error::{Error, Result},
    parcel::EAR_RATE,
    turn::Turn,
};

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(5);

/// A key phrase was spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// The phrase, as the detector names it.
    pub name: String,
    /// Where in the stream, counted from its begin; `None`: it did not say, or named a time that was not heard yet.
    pub at: Option<Duration>,
}

/// One detector that listens until it is dropped. After an error it is to be opened again.
#[derive(Debug)]
pub struct Wake {
    line: Line,
    /// Samples sent.
    sent: u64,
    /// When it was asked for a sign of life, while it owes one.
    asked: Option<Instant>,
    /// The last one.
    alive: Instant,
    beats: u64,
}

impl Wake {
    /// Begins to listen for these phrases; for all that the detector knows when there are none.
    pub fn open(link: Link, phrases: &[String], turn: &Turn) -> Result<Self> {
        let mut line = link.into_line(turn)?;
        let names = if phrases.is_empty() { json!(null) } else { json!(phrases) };
        for event in [Event::new("detect", json!({ "names": names })), sound::start()] {
            line.send(&event, turn)?;
        }
        Ok(Self { line, sent: 0, asked: None, alive: Instant::now(), beats: 0 })
    }

    /// Hands on what was captured, 16 kHz; gives what was detected up to now, which may be in sound pushed before.
    /// To be called several times a second, without sound when there is none.
    pub fn push(&mut self, samples: &[f32], turn: &Turn) -> Result<Vec<Detection>> {
        for chunk in sound::dated(samples, self.sent) {
            self.line.send(&chunk, turn)?;
        }
        self.sent += samples.len() as u64;
        let mut found = Vec::new();
        while let Some(event) = self.line.event()? {
            match event.kind.as_str() {
                // Who has heard nothing yet has found nothing.
                "detection" if self.sent > 0 => found.push(self.detection(&event)),
                "info" => {
                    (self.asked, self.alive) = (None, Instant::now());
                    self.beats += 1;
                }
                "error" => {
                    let complaint = super::talk::harmless(event.text("text").unwrap_or("no reason given"));
                    return Err(self.line.error(Fault::Complaint(complaint)));
                }
                _ => {}
            }
        }
        self.beat(turn)?;
        Ok(found)
    }

    /// Signs of life until now: one that gave some does work.
    pub fn beats(&self) -> u64 {
        self.beats
    }

    fn detection(&self, event: &Event) -> Detection {
        let heard = self.sent * 1000 / u64::from(EAR_RATE);
        let at = event.number("timestamp").filter(|&ms| ms <= heard).map(Duration::from_millis);
        Detection { name: event.text("name").unwrap_or_default().to_owned(), at }
    }

    fn beat(&mut self, turn: &Turn) -> Result<()> {
        match self.asked {
            Some(asked) if asked.elapsed() > self.line.patience() => Err(self.line.error(Fault::Silent)),
            None if self.alive.elapsed() > BEAT || self.beats == 0 => {
                self.asked = Some(Instant::now());
                self.line.send(&Event::new("describe", json!({})), turn)
            }
            _ => Ok(()),
        }
    }
}

impl Link {
    /// Asks the detector for the names under which it knows a phrase, none for any phrase (an empty one), and its own
    /// name. One that does not know the phrase is an error.
    pub fn knows(&mut self, phrase: &str, turn: &Turn) -> Result<(Vec<String>, String)> {
        let info = self.describe(turn)?;
        let who = self.who();
        let at = format!("the {} at {}", who.name, self.address());
        if info.wake.is_empty() {
            let error = Error::fetch(who.room, format!("{at} spots no key phrase"));
            return Err(error.hint(format!("correct {}", who.key)));
        }
        let name = info.wake[0].name.clone();
        names(&info, phrase).map(|names| (names, name)).map_err(|known| {
            let error = Error::reword(who.room, format!("{at} does not know the phrase {phrase:?}"));
            error.hint(format!("use one that it knows: {}", known.join(", ")))
        })
    }
}

/// The name of a phrase among those that a detector lists, or the list. One that lists nothing is taken at its word.
fn names(info: &Info, phrase: &str) -> Result<Vec<String>, Vec<String>> {
    let models: Vec<_> = info.wake.iter().flat_map(|program| &program.models).collect();
    let wanted = plain(phrase);
    let named = |text: &str| plain(text) == wanted;
    match models.iter().find(|model| named(&model.name) || model.phrase.as_deref().is_some_and(named)) {
        _ if wanted.is_empty() => Ok(Vec::new()),
        Some(model) => Ok(vec![model.name.clone()]),
        None if models.is_empty() => Ok(vec![wanted]),
        None => Err(models.iter().map(|model| plain(model.phrase.as_deref().unwrap_or(&model.name))).collect()),
    }
}

/// A phrase as its words alone, in small letters, and without a version: `Hey_Jarvis_v0.1` and "hey, Jarvis!" are "hey jarvis".
pub fn plain(phrase: &str) -> String {
    let text: String =
        phrase.to_lowercase().chars().map(|c| if c.is_alphanumeric() || matches!(c, '\'' | '.') { c } else { ' ' }).collect();
    let mut words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches('.')).filter(|word| !word.is_empty()).collect();
    let version = |word: &str| word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if words.len() > 1 && words.last().is_some_and(|word| version(word)) {
        words.pop();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_however_it_is_written() {
        let table =
            [("hey_jarvis_v0.1", "hey jarvis"), ("Hey, Jarvis!", "hey jarvis"), (" ok  computer ", "ok computer"), ("v2", "v2"), ("?", "")];
        for (written, plainly) in table {
            assert_eq!(plain(written), plainly, "{written:?}");
        }
        let data = json!({"wake": [{"name": "spotter", "models": [{"name": "hey_jarvis_v0.1"}, {"name": "m2", "phrase": "Okay Nabu"}]}]});
        let info: Info = serde_json::from_value(data).unwrap();
        assert_eq!(names(&info, "hey Jarvis"), Ok(vec!["hey_jarvis_v0.1".into()]));
        assert_eq!(names(&info, "okay nabu"), Ok(vec!["m2".into()]));
        assert_eq!(names(&info, ""), Ok(vec![]), "any");
        assert_eq!(names(&info, "computer"), Err(vec!["hey jarvis".into(), "okay nabu".into()]));
        assert_eq!(names(&Info::default(), "Computer"), Ok(vec!["computer".into()]));
    }
}
