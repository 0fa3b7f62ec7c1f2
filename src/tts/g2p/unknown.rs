//! Says words that the dictionary does not have: given ones, compounds, clusters of consonants, and guesses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use misaki_rs::{Fallback, fallback::FallbackError};

use super::letters::Letters;

/// A word in small letters and how it is said: prepared for one sentence, read by misaki in the midst of it.
pub type Prepared = Arc<Mutex<HashMap<String, String>>>;

/// What misaki asks when it does not know a word. Always answers.
pub struct Unknown {
    pub prepared: Prepared,
    pub letters: Arc<Letters>,
}

impl Fallback for Unknown {
    fn phonemize(&self, word: &str) -> Result<String, FallbackError> {
        let word = word.to_lowercase().replace('’', "'");
        let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sound) = prepared.get(&word) {
            return Ok(sound.clone());
        }
        let (stem, possessive) = stem(&word);
        let sound = prepared.get(stem).cloned().unwrap_or_else(|| self.letters.say(stem));
        Ok(if possessive { with_s(&sound) } else { sound })
    }
}

/// The word without its possessive ending, and whether it had one that is heard.
pub fn stem(word: &str) -> (&str, bool) {
    match word.strip_suffix("'s").or_else(|| word.strip_suffix("'S")) {
        Some(stem) => (stem, true),
        None => (word.trim_end_matches('\''), false),
    }
}

/// The sound of a plural or possessive after this one.
fn with_s(sound: &str) -> String {
    match sound.chars().next_back() {
        Some('p' | 't' | 'k' | 'f' | 'θ') => format!("{sound}s"),
        Some('s' | 'z' | 'ʃ' | 'ʒ' | 'ʧ' | 'ʤ') => format!("{sound}ᵻz"),
        _ => format!("{sound}z"),
    }
}

/// What the dictionary says of a word, if anything.
pub type Known<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A word of ASCII letters that the dictionary does not have.
pub fn guess(word: &str, known: Known, letters: &Letters) -> String {
    let lower = word.to_lowercase();
    spelled(&lower, known).or_else(|| compound(&lower, known)).unwrap_or_else(|| letters.say(&lower))
}

/// No vowel: nobody can say it, so its letters are named.
fn spelled(word: &str, known: Known) -> Option<String> {
    let silent = !word.contains(['a', 'e', 'i', 'o', 'u', 'y']) && word.len() <= 8;
    if !silent {
        return None;
    }
    let names: Vec<String> = word.chars().filter_map(|c| known(&c.to_ascii_uppercase().to_string())).collect();
    let (last, head) = names.split_last()?;
    Some(format!("{}{last}", head.concat().replace('ˈ', "ˌ")))
}

/// Two words written as one: the first keeps the stress.
fn compound(word: &str, known: Known) -> Option<String> {
    const LEAST: usize = 4;
    (LEAST..=word.len().checked_sub(LEAST)?).rev().find_map(|at| {
        let (first, second) = (known(&word[..at])?, known(&word[at..])?);
        Some(format!("{first}{}", second.replace('ˈ', "ˌ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(word: &str) -> Option<String> {
        [("file", "fˈIl"), ("system", "sˈɪstəm"), ("X", "ˈɛks"), ("Q", "kjˈu")]
            .iter()
            .find(|(w, _)| *w == word)
            .map(|(_, s)| (*s).to_owned())
    }

    #[test]
    fn compounds_clusters_and_the_rest() {
        let letters = Letters::new(false);
        assert_eq!(guess("Filesystem", &known, &letters), "fˈIlsˌɪstəm");
        assert_eq!(guess("xqx", &known, &letters), "ˌɛkskjˌuˈɛks");
        assert_eq!(guess("blick", &known, &letters), "blˈɪk");
    }

    #[test]
    fn misaki_is_always_answered() {
        let prepared = Prepared::default();
        prepared.lock().unwrap().insert("zorp".into(), "zˈɔɹp".into());
        let unknown = Unknown { prepared, letters: Arc::new(Letters::new(false)) };
        assert_eq!(unknown.phonemize("Zorp’s").unwrap(), "zˈɔɹps");
        assert_eq!(unknown.phonemize("zorp").unwrap(), "zˈɔɹp");
        assert_eq!(unknown.phonemize("blick's").unwrap(), "blˈɪks");
        assert_eq!(unknown.phonemize("").unwrap(), "");
    }
}
