//! Guesses how an unknown word is said, letter by letter, from a trained table. How it was made: README.md here.

use std::collections::HashMap;

const US: &str = include_str!("letters.us.txt");
const GB: &str = include_str!("letters.gb.txt");

/// Contexts never reach further than this many letters to one side.
const REACH: usize = 4;

/// One width of context, and what its letter says in each that is known.
struct Level {
    left: usize,
    right: usize,
    sounds: HashMap<&'static str, &'static str>,
}

/// The table, longest contexts last.
pub struct Letters {
    levels: Vec<Level>,
}

impl Letters {
    pub fn new(british: bool) -> Self {
        let mut levels: Vec<Level> = Vec::new();
        for line in if british { GB } else { US }.lines() {
            if let Some(&[left, right]) = line.strip_prefix('@').map(str::as_bytes) {
                levels.push(Level { left: usize::from(left - b'0'), right: usize::from(right - b'0'), sounds: HashMap::new() });
            } else if let (Some(level), Some((sound, keys))) = (levels.last_mut(), line.split_once(' ')) {
                // Keys of one level are of one length, so they stand in the file without anything between them.
                let width = level.left + 1 + level.right;
                level.sounds.extend((0..keys.len() / width).map(|i| (&keys[i * width..(i + 1) * width], sound)));
            }
        }
        Self { levels }
    }

    /// Phonemes of a word; characters other than a to z are skipped.
    pub fn say(&self, word: &str) -> String {
        let letters: String = word.to_lowercase().chars().filter(char::is_ascii_lowercase).collect();
        let pad = "#".repeat(REACH);
        let padded = format!("{pad}{letters}{pad}");
        let sound = |i: usize| {
            let at = REACH + i;
            self.levels.iter().rev().find_map(|level| level.sounds.get(&padded[at - level.left..=at + level.right])).copied()
        };
        one_stress(&(0..letters.len()).filter_map(sound).collect::<String>())
    }
}

/// Exactly one main stress: each letter was judged by itself, so a guess may have none or several.
pub fn one_stress(sound: &str) -> String {
    const VOWELS: &str = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ";
    match sound.matches('ˈ').count() {
        0 => match sound.find(|c| VOWELS.contains(c) && c != 'ə' && c != 'ᵻ').or_else(|| sound.find(|c| VOWELS.contains(c))) {
            Some(at) => format!("{}ˈ{}", &sound[..at], &sound[at..]).replace("ˌˈ", "ˈ"),
            None => sound.to_owned(),
        },
        1 => sound.to_owned(),
        _ => {
            let first = sound.find('ˈ').map_or(0, |at| at + 'ˈ'.len_utf8());
            format!("{}{}", &sound[..first], sound[first..].replace('ˈ', "ˌ"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_pronounceable_and_stressed_once() {
        for british in [false, true] {
            let letters = Letters::new(british);
            for word in ["grafana", "zyxoria", "qubernetes", "wireguard", "a", "xzq"] {
                let sound = letters.say(word);
                assert!(!sound.is_empty() && sound.matches('ˈ').count() <= 1, "{word}: {sound}");
            }
        }
        assert_eq!(Letters::new(false).say("blick"), "blˈɪk");
        assert_eq!(Letters::new(false).say(""), "");
    }

    #[test]
    fn stress_is_mended() {
        assert_eq!(one_stress("kəta"), "kətˈa");
        assert_eq!(one_stress("kˈatˈa"), "kˈatˌa");
        assert_eq!(one_stress("ks"), "ks");
    }
}
