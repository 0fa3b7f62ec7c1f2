//! Words whose phonemes are given: the user's own list, and ours of technical terms.

use std::{collections::HashMap, path::Path};

use super::vocab;
use crate::error::{Error, Result, Room};

const TERMS: &str = include_str!("terms.txt");
/// More is not a lexicon but a mistaken file.
const MAX_BYTES: u64 = 16 << 20;

/// Word to phonemes; a word in small letters stands for every way of writing it.
#[derive(Default)]
pub struct Lexicon {
    pub words: HashMap<String, String>,
}

impl Lexicon {
    /// Our terms, and over them the user's file where there is one.
    pub fn open(user: Option<&Path>) -> Result<Self> {
        let mut lexicon = Self::default();
        lexicon.read(TERMS, "the built-in terms")?;
        if let Some(path) = user {
            let facts = std::fs::metadata(path).map_err(|e| Error::io(Room::Tts, "reading the lexicon", path, &e))?;
            if !facts.is_file() || facts.len() > MAX_BYTES {
                let message = format!("the lexicon {} is not a text file of at most 16 MB", path.display());
                return Err(Error::replace(Room::Tts, message).hint("set tts.lexicon to a list of `word phonemes` lines"));
            }
            let bytes = std::fs::read(path).map_err(|e| Error::io(Room::Tts, "reading the lexicon", path, &e))?;
            let text = String::from_utf8(bytes).map_err(|_| {
                Error::replace(Room::Tts, format!("the lexicon {} is not UTF-8 text", path.display())).hint("save it as UTF-8")
            })?;
            lexicon.read(&text, &path.display().to_string())?;
        }
        Ok(lexicon)
    }

    /// One `word phonemes` pair a line; empty lines and those that begin with `#` are left out.
    fn read(&mut self, text: &str, name: &str) -> Result<()> {
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: String| {
                Error::replace(Room::Tts, format!("line {} of the lexicon {name}: {what}", number + 1))
                    .hint("write a word, a space and its phonemes, such as `xnai ˈɛksnˌI`")
            };
            let (word, sound) = line.split_once(char::is_whitespace).ok_or_else(|| wrong(format!("\"{line}\" has no phonemes")))?;
            if !word.chars().all(|c| c.is_alphabetic() || c == '\'') {
                return Err(wrong(format!("\"{word}\" is not a word of letters")));
            }
            let sound = sound.trim();
            if let Some(c) = sound.chars().find(|c| vocab::id(*c).is_none()) {
                return Err(wrong(format!("'{c}' is not a phoneme that the voice knows")));
            }
            self.words.insert(word.to_owned(), sound.to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Lexicon> {
        let mut lexicon = Lexicon::default();
        lexicon.read(text, "mine.txt").map(|()| lexicon)
    }

    #[test]
    fn comments_and_empty_lines_are_left_out() {
        let lexicon = read("# mine\n\nxnai ˈɛksnˌI\nUS  jˌu ˈɛs\n").unwrap();
        assert_eq!((lexicon.words.len(), lexicon.words["xnai"].as_str(), lexicon.words["US"].as_str()), (2, "ˈɛksnˌI", "jˌu ˈɛs"));
    }

    #[test]
    fn an_error_names_the_line_and_the_remedy() {
        for (text, what) in [("ok ˈO\nword", "line 2"), ("a b\nx 4", "'4' is not a phoneme"), ("c3po sˈi", "\"c3po\" is not a word")] {
            let error = read(text).err().unwrap().to_string();
            assert!(error.contains(what) && error.contains("mine.txt") && error.contains("write a word"), "{error}");
        }
    }

    #[test]
    fn files_that_are_none_are_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
        for path in [folder.path(), &folder.path().join("missing"), &binary] {
            assert!(Lexicon::open(Some(path)).is_err());
        }
        assert!(Lexicon::open(None).unwrap().words.contains_key("kubernetes"), "our own terms are well formed");
    }
}
