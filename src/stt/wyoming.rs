//! Hears through a server of the Wyoming protocol on this machine: the sound goes there, the text comes back.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Settings, Stt};
use crate::{
    error::{Error, Result, Room},
    parcel::{Segment, Transcript, Utterance},
    turn::{Session, Turn},
    wyoming::{
        Event, Link, Talk, Who,
        info::{Info, languages, same_language},
        sound,
    },
};

/// The protocol carries no confidence. A half claims neither: nothing that asks for certainty takes it, nothing that
/// throws away guesses loses it.
const CONFIDENCE: f32 = 0.5;
/// How much longer than the sound itself a recogniser may take for it, beyond `stt.timeout_s`.
const TIMES_REAL: u32 = 4;
/// Quieter than this is silence, which some recognisers put words into.
const SILENCE: f32 = 1e-4;

/// An ear at the other end of a [`Link`].
#[derive(Debug)]
pub struct Remote {
    link: Link,
    request: Event,
    language: String,
}

/// Connects to the server, or starts it, and asks whether it understands what is wanted.
pub fn open(settings: &Settings) -> Result<Box<dyn Stt>> {
    Remote::open(settings).map(|(ear, _)| Box::new(ear) as Box<dyn Stt>)
}

/// What answers at `stt.address`, in words; or why nothing does.
pub fn examine(settings: &Settings) -> Result<String> {
    let (ear, info) = Remote::open(settings)?;
    let names: Vec<&str> = info.asr.iter().map(|program| program.name.as_str()).collect();
    let known = languages(info.asr.iter().flat_map(|program| &program.models));
    Ok(format!("{} at {} ({})", names.join(", "), ear.link.address(), known.join(" ")))
}

impl Remote {
    fn open(settings: &Settings) -> Result<(Self, Info)> {
        let patience = Duration::from_secs(settings.timeout_s.into());
        let mut link = Link::new(&settings.address, Who { room: Room::Stt, name: "ear", key: "stt.address", patience })?;
        let info = link.describe(&Session::new().turn())?;
        check(settings, &info)?;
        Ok((Self { link, request: request(settings), language: settings.language.clone() }, info))
    }
}

/// Sends the sound and awaits the text.
fn ask(request: &Event, speech: &Utterance, talk: &mut Talk<'_>) -> Result<Event> {
    talk.send(request)?;
    talk.owes("transcript", Some(sound::stop()));
    talk.send(&sound::start())?;
    for chunk in sound::chunks(&speech.samples) {
        talk.send(&chunk)?;
    }
    talk.send(&sound::stop())?;
    talk.owes("transcript", None);
    talk.be_patient(speech.duration() * TIMES_REAL);
    talk.receive_one("transcript")
}

/// `transcribe`, as the settings want it.
fn request(settings: &Settings) -> Event {
    let mut data = Map::new();
    if !settings.language.is_empty() && settings.language != "auto" {
        data.insert("language".into(), settings.language.clone().into());
    }
    if let Some(name) = model(settings) {
        data.insert("name".into(), name.into());
    }
    if !settings.words.is_empty() {
        data.insert("transcript_names".into(), json!(settings.words));
    }
    Event::new("transcribe", Value::Object(data))
}

/// The model by the server's name of it; `auto` leaves the choice to the server.
fn model(settings: &Settings) -> Option<&str> {
    Some(settings.model.as_str()).filter(|name| !name.is_empty() && *name != "auto")
}

/// Whether the server hears at all, and what is asked for. A server that lists nothing is taken at its word.
fn check(settings: &Settings, info: &Info) -> Result<()> {
    if info.asr.is_empty() {
        return Err(Error::fetch(Room::Stt, format!("the server at {} is no ear", settings.address)).hint("correct stt.address"));
    }
    let models: Vec<_> = info.asr.iter().flat_map(|program| &program.models).collect();
    if let Some(name) = model(settings).filter(|name| !models.is_empty() && models.iter().all(|model| model.name != *name)) {
        let there: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        let message = format!("the ear at {} has no model {name:?}", settings.address);
        return Err(Error::reword(Room::Stt, message).hint(format!("set stt.model to auto, or to one of: {}", there.join(", "))));
    }
    let (wanted, known) = (settings.language.as_str(), languages(models.into_iter()));
    if matches!(wanted, "" | "auto") || known.is_empty() || known.iter().any(|language| same_language(language, wanted)) {
        return Ok(());
    }
    let message = format!("the ear at {} does not understand the language {wanted:?}", settings.address);
    Err(Error::reword(Room::Stt, message).hint(format!("set stt.language to one that it does: {}", known.join(", "))))
}

impl Stt for Remote {
    fn transcribe(&mut self, speech: &Utterance, turn: &Turn) -> Result<Transcript> {
        turn.alive()?;
        let mut heard = Transcript { confidence: CONFIDENCE, no_speech: 1.0, language: self.language.clone(), ..Transcript::default() };
        if !speech.samples.iter().any(|sample| sample.abs() > SILENCE) {
            return Ok(heard);
        }
        let Self { link, request, language } = self;
        let answer = link.converse(turn, |talk| ask(request, speech, talk))?;
        let text: String = answer.text("text").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        heard.language = answer.text("language").unwrap_or(language).to_owned();
        if !text.is_empty() {
            let end_ms = speech.duration().as_millis() as u64;
            heard.segments = vec![Segment { text: text.clone(), start_ms: 0, end_ms }];
            (heard.text, heard.no_speech) = (text, 0.0);
        }
        Ok(heard)
    }

    /// Without segments: the protocol tells none, and an end that is only a guess would cut the whole utterance in the
    /// middle of a word. PocketSphinx then has 12 of 22 words wrong where it has 5 of the utterance as one.
    fn partial(&mut self, so_far: &Utterance, turn: &Turn) -> Result<Transcript> {
        let heard = self.transcribe(so_far, turn)?;
        Ok(Transcript { segments: Vec::new(), ..heard })
    }
}
