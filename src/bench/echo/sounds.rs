//! What is said in the measurement: our own sentences, and recordings of people.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::room::{Dice, leveled};
use crate::{
    audio::{load, resample, vad},
    bench::nano,
    config::Context,
    error::{Error, Result, Room as Place},
    models::places::Places,
    parcel::{EAR_RATE, Utterance},
};

/// The voices of `xnai bench nano`.
const VOICES: [&str; 3] = ["en-us", "en-gb", "en-us+f3"];

/// Documents whose sentences we say, two or three in a turn.
const DOCUMENTS: [&str; 3] = [
    include_str!("../../../assets/docs/moon.md"),
    include_str!("../../../assets/docs/shop.md"),
    include_str!("../../../assets/docs/bread.md"),
];

/// Of our voice at the loudspeaker, and of people at the microphone, in dB of full scale.
const OURS_DB: f32 = -20.0;
pub const PEOPLE_DB: f32 = -26.0;

/// Sentences made ready; turns are put together out of them.
const SENTENCES: usize = 36;

/// The recordings of our own better voice are called so, and say this.
const OURS: &str = "kokoro_";
const OURS_SAY: &str = "Welcome to Moonshine Voice text to speech.";

/// Something said, at 16 kHz.
#[derive(Clone, Debug)]
pub struct Said {
    pub text: String,
    pub samples: Vec<f32>,
}

#[derive(Debug)]
pub struct Sounds {
    ours: Vec<Said>,
    /// Trimmed to what the speech detector takes for speech.
    people: Vec<Vec<f32>>,
}

impl Sounds {
    /// Speaks our sentences and reads the recordings of people out of `folder`.
    pub fn prepare(folder: Option<&Path>, context: &Context) -> Result<Self> {
        let (mut ours, mut people) = (Vec::new(), Vec::new());
        for path in recordings(folder, context)? {
            let sound = resample::for_ear(&load::load(load::Source::File(&path), Duration::from_secs(60))?)?;
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(OURS)) {
                ours.push(Said { text: OURS_SAY.to_owned(), samples: leveled(&sound.samples, OURS_DB) });
            } else if let Some(speech) = speech_of(&sound, context) {
                people.push(leveled(&speech, PEOPLE_DB));
            }
        }
        if people.is_empty() {
            return Err(no_people());
        }
        for (n, text) in sentences().into_iter().take(SENTENCES).enumerate() {
            let spoken = nano::speak(VOICES[n % VOICES.len()], &text)?;
            ours.push(Said { text, samples: leveled(&spoken.samples, OURS_DB) });
        }
        Ok(Self { ours, people })
    }

    /// A turn of ours: sentences one after the other, at least six seconds of them.
    pub fn answer(&self, dice: &mut Dice) -> Vec<&Said> {
        let mut said = Vec::new();
        let mut samples = 0;
        while samples < 6 * EAR_RATE as usize {
            let sentence = &self.ours[dice.below(self.ours.len())];
            samples += sentence.samples.len();
            said.push(sentence);
        }
        said
    }

    /// Somebody says something.
    pub fn person(&self, dice: &mut Dice) -> &[f32] {
        &self.people[dice.below(self.people.len())]
    }

    pub fn counts(&self) -> (usize, usize) {
        (self.ours.len(), self.people.len())
    }
}

/// From the first frame of speech to the last.
fn speech_of(sound: &Utterance, context: &Context) -> Option<Vec<f32>> {
    let heard = vad::split(sound, &context.config.audio);
    let at = |time: Duration| (time.as_secs_f64() * f64::from(EAR_RATE)) as usize;
    let (first, last) = (heard.first()?, heard.last()?);
    sound.samples.get(at(first.at)..at(last.at) + last.speech.samples.len()).map(<[f32]>::to_vec)
}

fn recordings(folder: Option<&Path>, context: &Context) -> Result<Vec<PathBuf>> {
    let beside_models = || Places::from_env(&context.config.models, &context.paths).folders().into_iter().map(|place| place.join("speech"));
    let folder = folder.map(Path::to_owned).or_else(|| beside_models().find(|place| place.is_dir())).ok_or_else(no_people)?;
    let listing = fs::read_dir(&folder).map_err(|e| Error::io(Place::Audio, "reading the folder", &folder, &e))?;
    let mut files: Vec<PathBuf> = listing.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "wav"));
    files.sort();
    Ok(files)
}

fn no_people() -> Error {
    Error::replace(Place::Audio, "there are no recordings of people to mix our voice into").hint("name a folder of WAV files with --people")
}

/// Every sentence of the documents, without headings and lists.
fn sentences() -> Vec<String> {
    let plain = |line: &&str| line.len() > 40 && line.starts_with(|c: char| c.is_alphabetic());
    let lines = DOCUMENTS.iter().flat_map(|text| text.lines()).filter(plain);
    lines.flat_map(|line| line.split_inclusive(". ")).map(|sentence| sentence.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_give_enough_sentences() {
        let sentences = sentences();
        assert!(sentences.len() > SENTENCES, "{}", sentences.len());
        assert!(sentences.iter().all(|s| s.len() > 15 && !s.contains('#')), "{sentences:?}");
    }
}
