//! What somebody says while we speak: our own words come back, a murmur of assent, or an interruption?
//!
//! A pure judgement about two texts, without sound and without time. What the echo canceller leaves of our voice is
//! recognised badly, so words are compared with tolerance and in order; what people really say to interrupt often
//! shares words with the answer, so a question is told by how it begins and by what is foreign in it.

mod align;
#[cfg(test)]
mod tests;
mod words;

use align::{Heard, align};
use words::words;

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// We heard ourselves: go on speaking.
    Echo,
    /// Assent, a cough, or nothing: go on speaking.
    Backchannel,
    /// Somebody wants the floor.
    Interruption,
}

/// What people murmur without wanting the floor; punctuation and case do not count, and each may be repeated.
///
/// Besides, whatever consists of `h`, `m` and `u` alone, and drawn-out `ah`, `oh` and `er`, is always one.
pub const BACKCHANNELS: [&str; 34] = [
    "mm-hm",
    "uh-huh",
    "yeah",
    "yep",
    "yup",
    "yes",
    "ya",
    "okay",
    "ok",
    "okey",
    "right",
    "all right",
    "alright",
    "sure",
    "i see",
    "got it",
    "of course",
    "exactly",
    "true",
    "indeed",
    "fine",
    "good",
    "great",
    "nice",
    "cool",
    "wow",
    "interesting",
    "so",
    "well",
    "really",
    "makes sense",
    "go on",
    "aha",
    "eh",
];

/// Said alone, these ask for silence and for nothing else; with something else, they take the floor.
const HUSHES: [&str; 17] = [
    "stop",
    "quiet",
    "silence",
    "cancel",
    "enough",
    "hush",
    "halt",
    "shut up",
    "hold it",
    "never mind",
    "nevermind",
    "be quiet",
    "that's enough",
    "stop it",
    "stop talking",
    "shush",
    "no",
];

/// These take the floor as well, and something is to follow.
const CALLS: [&str; 14] = [
    "wait",
    "nope",
    "pause",
    "hold on",
    "hang on",
    "not that",
    "wrong",
    "excuse me",
    "one moment",
    "one second",
    "listen",
    "sorry",
    "pardon",
    "help",
];

/// What always takes the floor, said alone, before or after something else.
fn commands() -> impl Iterator<Item = &'static str> {
    HUSHES.into_iter().chain(CALLS)
}

/// A question or an order begins with these.
const OPENERS: [&str; 32] = [
    "what", "whats", "why", "how", "hows", "who", "whos", "whose", "when", "where", "wheres", "which", "can", "could", "would", "tell",
    "say", "show", "repeat", "explain", "give", "read", "search", "find", "talk", "speak", "please", "but", "does", "did", "do",
    "actually",
];

/// Words in a row that are nowhere in what we say: misrecognition seldom makes so many.
const FOREIGN: usize = 3;

/// Longest command that is obeyed although we are just saying the same, in words.
const CURT: usize = 2;

/// A transcript is compared this far, in words: nobody murmurs that long.
const MOST_HEARD: usize = 100;

/// Whether it asks for silence and for nothing else; each may be repeated, and said with a "please".
pub fn is_hush(heard: &str) -> bool {
    let mut left: Vec<String> = words(heard).into_iter().filter(|word| word != "please").collect();
    let any = !left.is_empty();
    while let Some(hush) = HUSHES.iter().map(|hush| words(hush)).filter(|hush| left.starts_with(hush)).max_by_key(Vec::len) {
        left.drain(..hush.len());
    }
    any && left.is_empty()
}

/// Judges the transcript of a candidate against the text being spoken: the fragments of the last ten seconds or so, and
/// the one that plays now, in order. `backchannels` is [`BACKCHANNELS`] unless the user has a list.
pub fn judge(heard: &str, spoken: &str, backchannels: &[impl AsRef<str>]) -> Verdict {
    let mut heard = words(heard);
    heard.truncate(MOST_HEARD);
    let assent = phrases(backchannels.iter().map(AsRef::as_ref));
    let said = without_assent(&heard, &assent);
    if said.is_empty() {
        return Verdict::Backchannel;
    }
    let commands = phrases(commands());
    let (first, last) = (leading(said, &commands), trailing(said, &commands));
    if said.len() <= CURT && (first > 0 || last > 0 || opens(&said[0])) {
        return Verdict::Interruption;
    }
    let spoken = words(spoken);
    let found = align(said, &spoken);
    let foreign = |among: &[Heard]| among.iter().any(|word| word.is_foreign());
    if foreign(&found[..first]) || foreign(&found[said.len() - last..]) || asks(said, &found) || !is_ours(said, &found) {
        return Verdict::Interruption;
    }
    Verdict::Echo
}

/// Whether something foreign begins like a question, or is too long to be a misrecognition.
fn asks(said: &[String], found: &[Heard]) -> bool {
    // An opener of ours is followed by words of ours: "can I", where we said "you can".
    let strays = found[0].likeness < 1.0 || found.get(1).is_some_and(|word| word.is_foreign());
    if opens(&said[0]) && strays {
        return true;
    }
    let mut from = 0;
    for run in found.chunk_by(|a, b| a.is_foreign() == b.is_foreign()) {
        let (start, end) = (from, from + run.len());
        from = end;
        let at_the_end = end == said.len() && run.len() > 1;
        if run[0].is_foreign() && (run.len() >= FOREIGN || (at_the_end && opens(&said[start]))) {
            return true;
        }
    }
    false
}

/// Whether enough of the letters are ours: nearly all where there are few words.
fn is_ours(said: &[String], found: &[Heard]) -> bool {
    let needed = match said.len() {
        1 => 0.8,
        2 | 3 => 0.75,
        _ => 0.6,
    };
    let letters = |word: &String| word.chars().count() as f32;
    let total: f32 = said.iter().map(letters).sum();
    let ours: f32 = said.iter().zip(found).map(|(word, found)| letters(word) * found.likeness).sum();
    ours >= needed * total
}

fn opens(word: &str) -> bool {
    OPENERS.contains(&word)
}

/// Phrases as lists of words, the longest first.
fn phrases<'a>(list: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let mut phrases: Vec<_> = list.map(words).filter(|phrase| !phrase.is_empty()).collect();
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    phrases
}

/// How many words the longest of the phrases at the beginning has; 0 if none is there.
fn leading(said: &[String], phrases: &[Vec<String>]) -> usize {
    phrases.iter().find(|phrase| said.starts_with(phrase)).map_or(0, Vec::len)
}

fn trailing(said: &[String], phrases: &[Vec<String>]) -> usize {
    phrases.iter().find(|phrase| said.ends_with(phrase)).map_or(0, Vec::len)
}

/// What is left when murmurs are taken off the beginning: nothing, if it is nothing else.
fn without_assent<'a>(heard: &'a [String], assent: &[Vec<String>]) -> &'a [String] {
    let mut rest = heard;
    while let Some(word) = rest.first() {
        let taken = leading(rest, assent).max(usize::from(words::is_murmur(word)));
        if taken == 0 {
            break;
        }
        rest = &rest[taken..];
    }
    rest
}
