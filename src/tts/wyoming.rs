//! Speaks through a server of the Wyoming protocol on this machine: text goes there, sound is handed on as it arrives.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PcmSink, Settings, Tts};
use crate::{
    error::{Error, Result, Room},
    parcel::{Pcm, Sentence, Spoken},
    turn::{Session, Turn},
    wyoming::{
        Event, Link, Talk, Who,
        info::{Info, Model, languages, same_language},
        sound::Reader,
    },
};

/// No sentence is longer than this when it is spoken, in seconds: a server that goes on is not listened to.
const LONGEST: usize = 300;
/// Of the cost: what is guessed before anything was measured, and the weight of the newest measurement. Piper on a
/// small board is in real time: a letter is 70 ms of speech.
const LETTER: Duration = Duration::from_millis(70);
const NEWEST: f32 = 0.2;
/// Shorter texts say more about the machine's mood than about its speed, in letters.
const ENOUGH: usize = 8;
/// Most voices that are named in a complaint.
const NAMED: usize = 12;

/// A voice at the other end of a [`Link`].
#[derive(Debug)]
pub struct Remote {
    link: Link,
    voice: Value,
    pace: Pace,
}

impl Remote {
    /// Connects to the server, or starts it, and asks whether it has the voice that is wanted.
    pub fn open(settings: &Settings) -> Result<Self> {
        Self::asked(settings).map(|(voice, _)| voice)
    }

    fn asked(settings: &Settings) -> Result<(Self, Info)> {
        let patience = Duration::from_secs(settings.timeout_s.into());
        let mut link = Link::new(&settings.address, Who { room: Room::Tts, name: "voice", key: "tts.address", patience })?;
        let info = link.describe(&Session::new().turn())?;
        let voice = voice(settings, &info)?;
        Ok((Self { link, voice, pace: Pace::default() }, info))
    }
}

/// What answers at `tts.address`, in words; or why nothing does.
pub fn examine(settings: &Settings) -> Result<String> {
    let (voice, info) = Remote::asked(settings)?;
    let names: Vec<&str> = info.tts.iter().map(|program| program.name.as_str()).collect();
    let count: usize = info.tts.iter().map(|program| program.voices.len()).sum();
    Ok(format!("{} at {} ({count} voices)", names.join(", "), voice.link.address()))
}

/// The voice as the protocol names it: by name and speaker, or by a language of which the server then chooses.
fn voice(settings: &Settings, info: &Info) -> Result<Value> {
    if info.tts.is_empty() {
        return Err(Error::fetch(Room::Tts, format!("the server at {} is no voice", settings.address)).hint("correct tts.address"));
    }
    let there: Vec<&Model> = info.tts.iter().flat_map(|program| &program.voices).collect();
    let (wanted, speaker) = (settings.wyoming_voice.as_str(), settings.wyoming_speaker.as_str());
    if wanted.is_empty() {
        return Ok(Value::Null);
    }
    let is_named = there.iter().any(|voice| voice.name == wanted);
    if !is_named && languages(there.iter().copied()).iter().any(|language| same_language(language, wanted)) {
        return Ok(json!({"language": wanted}));
    }
    if !is_named && !there.is_empty() {
        let names: Vec<&str> = there.iter().map(|voice| voice.name.as_str()).take(NAMED).collect();
        let message = format!("the server at {} has no voice {wanted:?}", settings.address);
        let hint = format!("set tts.wyoming_voice to one of its voices or languages: {}", names.join(", "));
        return Err(Error::reword(Room::Tts, message).hint(hint));
    }
    Ok(if speaker.is_empty() { json!({"name": wanted}) } else { json!({"name": wanted, "speaker": speaker}) })
}

impl Tts for Remote {
    fn say(&mut self, line: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        turn.alive()?;
        let text = line.text.trim();
        if text.is_empty() {
            return Ok(Spoken::default());
        }
        let mut data = json!({"text": text});
        if !self.voice.is_null() {
            data["voice"] = self.voice.clone();
        }
        let request = Event::new("synthesize", data);
        let began = Instant::now();
        let mut waited = Duration::ZERO;
        // What whoever takes the sound lets us wait is no time of the voice's.
        let mut handed = |pcm| {
            let before = Instant::now();
            let taken = out(pcm);
            waited += before.elapsed();
            taken
        };
        let samples = self.link.converse(turn, |talk| speak(&request, talk, turn, &mut handed))?;
        self.pace.took(text.len(), began.elapsed().saturating_sub(waited));
        Ok(Spoken { samples, cached: false })
    }

    fn cost(&self, line: &Sentence) -> Duration {
        self.pace.cost(line.text.trim().len())
    }
}

/// Sends the text and hands the sound on, up to its end; gives the number of samples.
fn speak(request: &Event, talk: &mut Talk<'_>, turn: &Turn, out: &mut PcmSink<'_>) -> Result<usize> {
    talk.send(request)?;
    talk.owes("audio-stop", None);
    let (mut reader, mut samples) = (Reader::default(), 0);
    loop {
        let event = talk.receive()?;
        match event.kind.as_str() {
            "audio-start" => reader.begin(&event).map_err(|what| talk.garbage(what))?,
            "audio-chunk" => {
                let sound = reader.read(&event).map_err(|what| talk.garbage(what))?;
                samples += sound.len();
                if samples > LONGEST * reader.rate() as usize {
                    return Err(talk.garbage(format!("more than {LONGEST} s of sound for one sentence")));
                }
                turn.alive()?;
                if !sound.is_empty() {
                    out(Pcm::new(sound, reader.rate()))?;
                }
            }
            "audio-stop" => return Ok(samples),
            _ => {}
        }
    }
}

/// How long a letter takes, from how long letters took so far.
#[derive(Clone, Copy, Debug)]
struct Pace {
    letter: Duration,
    guessed: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self { letter: LETTER, guessed: true }
    }
}

impl Pace {
    fn took(&mut self, letters: usize, time: Duration) {
        if letters < ENOUGH {
            return;
        }
        let weight = if self.guessed { 1.0 } else { NEWEST };
        let measured = time.as_secs_f32() / letters as f32;
        let before = self.letter.as_secs_f32();
        *self = Self { letter: Duration::from_secs_f32(before + weight * (measured - before)), guessed: false };
    }

    fn cost(&self, letters: usize) -> Duration {
        self.letter * u32::try_from(letters).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wyoming::info::Program;

    fn info(voices: &[(&str, &str)]) -> Info {
        let voice =
            |(name, language): &(&str, &str)| Model { name: (*name).into(), languages: vec![(*language).into()], ..Model::default() };
        Info { tts: vec![Program { voices: voices.iter().map(voice).collect(), ..Program::default() }], ..Info::default() }
    }

    fn wanted(name: &str, speaker: &str) -> Settings {
        Settings { wyoming_voice: name.into(), wyoming_speaker: speaker.into(), ..Settings::default() }
    }

    #[test]
    fn a_voice_is_named_by_name_and_speaker_or_by_language() {
        let there = info(&[("en_US-amy", "en_US"), ("de_DE-eva", "de_DE")]);
        let means = |name, speaker| voice(&wanted(name, speaker), &there).unwrap();
        assert_eq!(means("", "p1"), Value::Null);
        assert_eq!(means("de_DE-eva", ""), json!({"name": "de_DE-eva"}));
        assert_eq!(means("de_DE-eva", "p1"), json!({"name": "de_DE-eva", "speaker": "p1"}));
        assert_eq!(means("de", ""), json!({"language": "de"}));
        let error = voice(&wanted("fr", ""), &there).unwrap_err().to_string();
        assert!(error.contains("tts.wyoming_voice") && error.contains("en_US-amy, de_DE-eva"), "{error}");
        assert_eq!(voice(&wanted("fr", ""), &info(&[])).unwrap(), json!({"name": "fr"}), "who lists nothing is taken at its word");
        assert!(voice(&wanted("", ""), &Info::default()).unwrap_err().to_string().contains("no voice"));
    }

    #[test]
    fn the_cost_is_learned() {
        let mut pace = Pace::default();
        let cost = |pace: &Pace| (pace.cost(10).as_secs_f32() * 1000.0).round() as u32;
        assert_eq!(cost(&pace), 700);
        pace.took(100, Duration::from_secs(1));
        assert_eq!(cost(&pace), 100);
        pace.took(100, Duration::from_secs(2));
        assert_eq!(cost(&pace), 120);
        pace.took(3, Duration::from_secs(9));
        assert_eq!(cost(&pace), 120);
    }
}
