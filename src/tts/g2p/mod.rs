//! Text in, Kokoro's phonemes out.
//!
//! Four steps: what is written becomes words (`normal`); words that no dictionary has are guessed (`unknown`); misaki
//! tags the words and looks them up, so that "I read" and "I have read" differ; what is no symbol of Kokoro's
//! ([`vocab`]) is left out. The user's words (`lexicon`) go before all dictionaries. Only [`open`] touches a disk.

mod letters;
mod lexicon;
mod normal;
mod unknown;
pub mod vocab;

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use misaki_rs::{G2P, Language, lexicon::PhonemeEntry};

pub use normal::number;

use super::Phonemes;
use crate::error::{Error, Result, Room};
use letters::Letters;
use lexicon::Lexicon;
use unknown::{Prepared, Unknown};

/// How words are to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// British English instead of American.
    pub british: bool,
    /// The user's own words: `word phonemes` lines.
    pub lexicon: Option<PathBuf>,
}

impl Settings {
    /// For a Kokoro voice or blend: `bf_…` and `bm_…` are British; the first voice decides.
    pub fn of_voice(voice: &str, lexicon: Option<PathBuf>) -> Self {
        Self { british: voice.starts_with('b'), lexicon }
    }
}

/// Loads dictionaries and tables: a quarter of a second, so call it from a thread of its own.
pub fn open(settings: &Settings) -> Result<Box<dyn Phonemes>> {
    Ok(Box::new(Reader::open(settings)?))
}

/// Reads text aloud, on paper.
pub struct Reader {
    misaki: G2P,
    prepared: Prepared,
    letters: Arc<Letters>,
    british: bool,
}

impl Reader {
    /// As [`open`], for who wants to see the words too.
    pub fn open(settings: &Settings) -> Result<Self> {
        let lexicon = Lexicon::open(settings.lexicon.as_deref())?;
        let letters = Arc::new(Letters::new(settings.british));
        let prepared = Prepared::default();
        let unknown = Unknown { prepared: prepared.clone(), letters: letters.clone() };
        let language = if settings.british { Language::EnglishGB } else { Language::EnglishUS };
        let mut misaki = G2P::with_fallback(language, Some(Box::new(unknown)));
        // In the dictionary itself they get their plurals, possessives and capitals too.
        misaki.lexicon.golds.extend(lexicon.words.into_iter().map(|(word, sound)| (word, PhonemeEntry::Simple(sound))));
        Ok(Self { misaki, prepared, letters, british: settings.british })
    }

    fn dictionary(&self, word: &str) -> Option<String> {
        self.misaki.lexicon.get_word(word, "NN", None, None).map(|(sound, _)| sound)
    }

    /// The text as it is said, in words only.
    pub fn words(&self, text: &str) -> String {
        let known = |word: &str| self.dictionary(word).is_some();
        normal::normalise(text, &normal::Context { british: self.british, known: &known })
    }

    /// Guesses unknown words beforehand, because here the dictionary can be asked about their parts. A hyphen beside one
    /// becomes a space: misaki would ask for the whole compound.
    fn prepare(&self, text: &str) -> String {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        prepared.clear();
        let is_part = |c: char| c.is_ascii_alphabetic() || c == '\'' || c == '-';
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |length| start + length);
            let compound = &rest[start..end];
            let mut guessed = false;
            for word in compound.split('-').filter(|word| word.len() > 1) {
                let stem = unknown::stem(word).0;
                if self.dictionary(word).is_none() && self.dictionary(stem).is_none() {
                    let sound = unknown::guess(stem, &|word| self.dictionary(word), &self.letters);
                    prepared.insert(stem.to_lowercase(), sound);
                    guessed = true;
                }
            }
            out.push_str(&rest[..start]);
            out.push_str(&if guessed { compound.replace('-', " ") } else { compound.to_owned() });
            rest = &rest[end..];
        }
        out + rest
    }
}

impl Phonemes for Reader {
    fn phonemes(&mut self, text: &str) -> Result<String> {
        let text = self.prepare(&self.words(text));
        let (sound, _) = self.misaki.g2p(&text).map_err(|e| Error::report(Room::Tts, format!("the text has no phonemes: {e}")))?;
        let kept: String = sound.chars().filter(|c| vocab::id(*c).is_some()).collect();
        Ok(kept.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests;
