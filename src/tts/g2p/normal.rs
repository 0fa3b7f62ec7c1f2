//! Written English in, speakable English out: only words, apostrophes, hyphens and marks that a voice can use.
//!
//! Everything that misaki would drop becomes words: numbers, dates, money, units, addresses, code, symbols. The passes
//! run in order, from the most particular shape to the least; what one has turned into words no later one touches.

mod abbreviations;
mod amounts;
mod calendar;
mod code;
mod european;
pub mod number;
mod plain;
#[cfg(test)]
mod tests;
mod units;
mod web;

use regex::{Captures, Regex};

/// What the passes need to know about the listener and the dictionary.
pub struct Context<'a> {
    /// Days before months, and so on.
    pub british: bool,
    /// Whether the dictionary has this word.
    pub known: &'a dyn Fn(&str) -> bool,
}

/// What stands around a match: the regex crate cannot look around by itself.
struct Around<'t> {
    before: &'t str,
    after: &'t str,
}

impl Around<'_> {
    fn last(&self) -> Option<char> {
        self.before.chars().next_back()
    }

    fn next(&self) -> Option<char> {
        self.after.chars().next()
    }

    /// The word before the match, if only spaces are between.
    fn last_word(&self) -> &str {
        let text = self.before.trim_end();
        text.rsplit(|c: char| !c.is_alphanumeric() && c != '\'').next().unwrap_or("")
    }

    fn next_word(&self) -> &str {
        let text = self.after.trim_start();
        text.split(|c: char| !c.is_alphanumeric() && c != '\'').next().unwrap_or("")
    }

    /// The match is not part of a longer word, number or path.
    fn free(&self) -> bool {
        let glued = |c: char| c.is_alphanumeric() || c == '_';
        let joined = |text: &str, mark: char| text.starts_with(mark) && text[mark.len_utf8()..].starts_with(glued);
        !self.last().is_some_and(glued) && !self.next().is_some_and(glued) && !joined(self.after, '-') && !joined(self.after, '/')
    }
}

type Say = fn(&Captures, &Around, &Context) -> Option<String>;

/// One shape of text and how it is said; `None` leaves a match as it is.
struct Rule {
    shape: Regex,
    say: Say,
}

/// Rules of one file. The tables are constant, and a test counts that every shape compiles.
fn rules<const N: usize>(table: [(&str, Say); N]) -> Vec<Rule> {
    table.into_iter().filter_map(|(shape, say)| Some(Rule { shape: Regex::new(shape).ok()?, say })).collect()
}

impl Rule {
    fn apply(&self, text: String, context: &Context) -> String {
        if !self.shape.is_match(&text) {
            return text;
        }
        let mut out = String::with_capacity(text.len() * 2);
        let mut done = 0;
        for caps in self.shape.captures_iter(&text) {
            let Some(whole) = caps.get(0) else { continue };
            let around = Around { before: &text[..whole.start()], after: &text[whole.end()..] };
            if let Some(words) = (self.say)(&caps, &around, context) {
                out.push_str(&text[done..whole.start()]);
                out.push_str(&words);
                done = whole.end();
            }
        }
        out.push_str(&text[done..]);
        out
    }
}

/// The text as it is said.
pub fn normalise(text: &str, context: &Context) -> String {
    let mut text = plain::unify(text);
    for file in [
        &web::RULES,
        &calendar::RULES,
        &european::RULES,
        &amounts::MONEY,
        &units::RULES,
        &abbreviations::RULES,
        &amounts::RULES,
        &code::RULES,
    ] {
        for rule in file.iter() {
            text = rule.apply(text, context);
        }
    }
    plain::sweep(&text)
}

/// Letters one by one, in the form that misaki spells out.
fn spell(letters: &str) -> String {
    let letters: Vec<String> = letters.chars().filter(|c| c.is_ascii_alphabetic()).map(|c| c.to_ascii_uppercase().to_string()).collect();
    letters.join(".")
}

/// A short token of an address or of code: a word if the dictionary has it, else spelled if it cannot be read.
fn word_or_letters(token: &str, context: &Context) -> String {
    const SHORT: &[&str] =
        &["my", "to", "of", "in", "on", "at", "by", "or", "is", "it", "we", "me", "up", "go", "no", "do", "so", "an", "as", "be"];
    let readable = token.chars().any(|c| "aeiouyAEIOUY".contains(c)) && token.len() > 3;
    let lower = token.to_lowercase();
    let is_word = SHORT.contains(&lower.as_str()) || token.len() > 2 && (context.known)(&lower);
    if is_word || readable || token.len() == 1 || !token.chars().all(|c| c.is_ascii_alphabetic()) { token.to_owned() } else { spell(token) }
}

/// A capture as text; empty if it took no part.
fn part<'t>(caps: &Captures<'t>, index: usize) -> &'t str {
    caps.get(index).map_or("", |m| m.as_str())
}
