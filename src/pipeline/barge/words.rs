//! Text into the words that are heard: lower case, without marks, numbers spelled out, noises in brackets left out.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::tts::g2p::number;

/// Recognisers write noises between these.
const BRACKETS: [(char, char); 4] = [('[', ']'), ('(', ')'), ('*', '*'), ('<', '>')];

pub(super) fn words(text: &str) -> Vec<String> {
    let plain: String = without_noises(text).nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase();
    let plain = plain.replace(['\'', '’'], "").replace('&', " and ").replace('%', " percent ");
    let mut out = Vec::new();
    for token in plain.split(|c: char| !(c.is_alphanumeric() || c == ',' || c == '.')) {
        spell(token, &mut out);
    }
    out
}

/// A word of `m`, `h` and `u` alone, or a drawn-out vowel.
pub(super) fn is_murmur(word: &str) -> bool {
    let only = |letters: &str| word.chars().all(|c| letters.contains(c));
    let vowel = |first: char, rest: &str| word.len() > 1 && word.starts_with(first) && word[1..].chars().all(|c| rest.contains(c));
    only("hmu") || vowel('a', "ah") || vowel('o', "oh") || vowel('e', "ehrm")
}

/// Leaves out what stands in brackets, and notes of music. A bracket that is never closed is nothing special.
fn without_noises(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let close = BRACKETS.iter().find(|(open, _)| *open == c).and_then(|(_, close)| rest.find(*close));
        match close {
            Some(end) => rest = &rest[end + 1..],
            None => out.push(c),
        }
    }
    out
}

/// One token without spaces: words, and numbers with their separators.
fn spell(token: &str, out: &mut Vec<String>) {
    let mut rest = token.trim_matches([',', '.']);
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let inside = |c: char| {
            if digit { c.is_ascii_digit() || c == ',' || c == '.' } else { c.is_alphabetic() || c.is_numeric() && !c.is_ascii_digit() }
        };
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        match end {
            0 => rest = &rest[first.len_utf8()..],
            _ if digit => {
                number(rest[..end].trim_matches([',', '.']), out);
                rest = &rest[end..];
            }
            _ => {
                out.push(rest[..end].to_owned());
                rest = &rest[end..];
            }
        }
    }
}

/// 384,400 and 4.5 and 1959 as they are said.
fn number(text: &str, out: &mut Vec<String>) {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain: String = whole.chars().filter(char::is_ascii_digit).collect();
    let mut say = |words: String| out.extend(words.split_whitespace().map(str::to_owned));
    say(match plain.parse() {
        Ok(year @ 1100..=2099) if plain.len() == whole.len() && fraction.is_empty() => number::year(year),
        Ok(n) => number::cardinal(n),
        Err(_) => number::digits(&plain),
    });
    if fraction.bytes().any(|c| c.is_ascii_digit()) {
        say(format!("point {}", number::digits(fraction)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_what_is_heard() {
        let rows = [
            ("", ""),
            ("Don’t stop, it's OK!", "dont stop its ok"),
            ("[BLANK_AUDIO]", ""),
            ("(coughs) *sighs* yes", "yes"),
            ("a (broken bracket", "a broken bracket"),
            ("Mm-hm…", "mm hm"),
            ("café", "cafe"),
            ("384,400 km", "three hundred eighty four thousand four hundred km"),
            ("4.5 billion", "four point five billion"),
            (
                "in 1959, in 1905, in 1900, in 2000 and 2024.",
                "in nineteen fifty nine in nineteen oh five in nineteen hundred in two thousand and twenty twenty four",
            ),
            ("3,475", "three thousand four hundred seventy five"),
            ("27 days", "twenty seven days"),
            ("120°C", "one hundred twenty c"),
            ("30%", "thirty percent"),
            (
                "99999999999999999999999",
                "nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine",
            ),
            ("1. 2.. ,3,", "one two three"),
            ("0 10 19 20 100", "zero ten nineteen twenty one hundred"),
            ("½ мир", "one two мир"),
        ];
        for (text, expected) in rows {
            assert_eq!(words(text).join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn murmurs_are_told_from_words() {
        assert!(["m", "mm", "hmm", "mhm", "uh", "huh", "um", "ah", "aah", "oh", "ooh", "er", "erm", "eh"].into_iter().all(is_murmur));
        assert!(!["a", "o", "e", "he", "me", "home", "who", "era", "ahead"].into_iter().any(is_murmur));
    }
}
