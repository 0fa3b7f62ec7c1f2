//! Sound that was made once, kept in memory to be played again: bounded by bytes, the longest unused goes first.

use std::{collections::HashMap, time::Duration};

use super::{PcmSink, Tts};
use crate::{
    error::Result,
    parcel::{Pcm, Sentence, Spoken},
    turn::Turn,
};

/// Whose sound it is: the same text sounds different from another of these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Voice {
    /// What speaks: a model's hash, or a program's name.
    pub engine: String,
    pub name: String,
    /// In hundredths.
    pub speed: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    voice: Voice,
    text: String,
}

struct Entry {
    sound: Vec<Pcm>,
    bytes: usize,
    used: u64,
}

/// The store itself.
pub struct Cache {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    limit: usize,
    clock: u64,
}

impl Cache {
    /// Keeps at most `limit` bytes of samples and text.
    pub fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, limit, clock: 0 }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn get(&mut self, key: &Key) -> Option<Vec<Pcm>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(entry.sound.clone())
    }

    /// A line that would drive out more than half of the others is not kept.
    fn put(&mut self, key: Key, sound: Vec<Pcm>) {
        let bytes = key.text.len() + sound.iter().map(|p| p.samples.len() * size_of::<f32>()).sum::<usize>();
        if bytes > self.limit / 2 {
            return;
        }
        while self.bytes + bytes > self.limit && self.drop_oldest() {}
        self.clock += 1;
        self.bytes += bytes;
        if let Some(old) = self.entries.insert(key, Entry { sound, bytes, used: self.clock }) {
            self.bytes -= old.bytes;
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(key) = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(k, _)| k.clone()) else { return false };
        self.bytes -= self.entries.remove(&key).map_or(0, |e| e.bytes);
        true
    }
}

/// A voice that remembers what it said.
pub struct Cached<T> {
    inner: T,
    voice: Voice,
    cache: Cache,
}

impl<T: Tts> Cached<T> {
    pub fn new(inner: T, voice: Voice, cache: Cache) -> Self {
        Self { inner, voice, cache }
    }

    fn key(&self, line: &Sentence) -> Key {
        Key { voice: self.voice.clone(), text: line.text.trim().to_owned() }
    }
}

impl<T: Tts> Tts for Cached<T> {
    fn say(&mut self, line: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        let key = self.key(line);
        if let Some(sound) = self.cache.get(&key) {
            return replay(sound, turn, out);
        }
        let mut sound = Vec::new();
        let spoken = self.inner.say(line, turn, &mut |pcm| {
            sound.push(pcm.clone());
            out(pcm)
        })?;
        // Only what was said to its end comes here.
        self.cache.put(key, sound);
        Ok(spoken)
    }

    fn cost(&self, line: &Sentence) -> Duration {
        if self.cache.entries.contains_key(&self.key(line)) { Duration::ZERO } else { self.inner.cost(line) }
    }
}

fn replay(sound: Vec<Pcm>, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
    let samples = sound.iter().map(|p| p.samples.len()).sum();
    for pcm in sound {
        turn.alive()?;
        out(pcm)?;
    }
    Ok(Spoken { samples, cached: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Error, tts::fake::Beeper, turn::Session};

    fn voice() -> Voice {
        Voice { engine: "beeper".into(), name: "a".into(), speed: 100 }
    }

    fn line(text: &str) -> Sentence {
        Sentence { text: text.into(), index: 0 }
    }

    fn say(tts: &mut impl Tts, text: &str) -> (Spoken, Vec<f32>) {
        let mut heard = Vec::new();
        let spoken = tts.say(&line(text), &Session::new().turn(), &mut |p| {
            heard.extend_from_slice(&p.samples);
            Ok(())
        });
        (spoken.unwrap(), heard)
    }

    #[test]
    fn the_second_time_sounds_the_same_and_is_not_made_again() {
        let mut tts = Cached::new(Beeper, voice(), Cache::new(1 << 20));
        let (first, heard) = say(&mut tts, "hello");
        let (second, again) = say(&mut tts, " hello ");
        assert!(!first.cached && second.cached);
        assert_eq!(heard, again);
        assert_eq!(first.samples, second.samples);
    }

    #[test]
    fn the_longest_unused_goes_first_and_the_limit_holds() {
        let one = 480 * 4 + 1; // one letter: its samples and its text
        let mut tts = Cached::new(Beeper, voice(), Cache::new(2 * one));
        for text in ["a", "b", "a", "c"] {
            say(&mut tts, text);
        }
        assert_eq!(tts.cache.bytes(), 2 * one);
        assert!(say(&mut tts, "a").0.cached);
        assert!(!say(&mut tts, "b").0.cached);
    }

    #[test]
    fn what_is_larger_than_half_the_limit_is_not_kept() {
        let mut tts = Cached::new(Beeper, voice(), Cache::new(4096));
        say(&mut tts, "abc");
        assert_eq!(tts.cache.bytes(), 0);
    }

    #[test]
    fn a_line_that_was_interrupted_is_not_kept() {
        let mut tts = Cached::new(Beeper, voice(), Cache::new(1 << 20));
        let turn = Session::new().turn();
        assert!(tts.say(&line("hello"), &turn, &mut |_| Err(Error::stale())).is_err());
        assert!(!say(&mut tts, "hello").0.cached);
    }
}
