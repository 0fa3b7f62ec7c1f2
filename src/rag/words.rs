//! Text into the words that carry its meaning, cut to their stems: what coverage is counted on.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

use super::stop::STOP;

/// Letters without marks, lower case: "Café" and "cafe" are one word.
fn fold(word: &str) -> String {
    word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// All words of a text, folded, in order. "users'" and "user's" are "users" and "user".
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.unicode_words().flat_map(|w| w.split(['\'', '’', '_', '.', ':'])).filter(|w| !w.is_empty()).map(fold)
}

/// Stems of the words that carry meaning, in order, with repeats. May be empty: "what is it?" asks about nothing.
pub fn stems(text: &str) -> Vec<String> {
    words(text).filter(|w| STOP.binary_search(&w.as_str()).is_err()).map(|w| stem(&w)).collect()
}

/// What a question is about: "how long is the refund window" asks about a refund window, and about nothing long.
fn subject(question: &str) -> Vec<String> {
    let all: Vec<String> = words(question).collect();
    let measured = |at: usize| at > 0 && all[at - 1] == "how";
    let kept = |at: &usize| STOP.binary_search(&all[*at].as_str()).is_err() && !measured(*at);
    let kept: Vec<String> = (0..all.len()).filter(kept).map(|at| all[at].clone()).collect();
    if kept.is_empty() { all.into_iter().filter(|w| STOP.binary_search(&w.as_str()).is_err()).collect() } else { kept }
}

/// Stems of what a question is about.
pub fn subject_stems(question: &str) -> Vec<String> {
    subject(question).iter().map(|w| stem(w)).collect()
}

/// The meaningful words of a question, joined: what the full-text index is asked.
pub fn keywords(question: &str) -> String {
    let kept = subject(question);
    if kept.is_empty() { question.to_owned() } else { kept.join(" ") }
}

/// What stands between double quotes: must occur word for word.
pub fn phrases(text: &str) -> Vec<String> {
    let plain = text.replace(['“', '”'], "\"");
    let pieces: Vec<&str> = plain.split('"').collect();
    // Without a closing mark the last odd piece is no phrase.
    let closed = pieces.len().saturating_sub(1) / 2;
    pieces.iter().skip(1).step_by(2).take(closed).map(|p| p.trim().to_owned()).filter(|p| !stems(p).is_empty()).collect()
}

/// A light stemmer for English: plurals, -ed, -ing, -ly, -er and the like. Other languages are left nearly alone.
pub fn stem(word: &str) -> String {
    let mut w = word.to_owned();
    if !w.is_ascii() || w.len() < 4 || w.bytes().any(|b| b.is_ascii_digit()) {
        return w;
    }
    plural(&mut w);
    for (suffix, put, least) in SUFFIXES {
        if let Some(head) = w.strip_suffix(suffix).filter(|head| head.len() >= *least && has_vowel(head)) {
            w = format!("{head}{put}");
            undouble(&mut w);
            break;
        }
    }
    if w.len() > 4 && w.ends_with('e') {
        w.pop();
    }
    if w.len() > 3 && w.ends_with('y') {
        w.replace_range(w.len() - 1.., "i");
    }
    w
}

/// Suffix, what it is replaced by, and the least letters that must remain before it. Longest first.
const SUFFIXES: &[(&str, &str, usize)] = &[
    ("ization", "ize", 3),
    ("ational", "ate", 3),
    ("fulness", "ful", 3),
    ("ations", "ate", 3),
    ("ation", "ate", 3),
    ("ments", "", 3),
    ("ment", "", 3),
    ("ness", "", 4),
    ("ings", "", 3),
    ("ing", "", 3),
    ("ions", "", 4),
    ("ion", "", 4),
    ("edly", "", 3),
    ("ied", "y", 2),
    ("ed", "", 3),
    ("ers", "", 4),
    ("er", "", 4),
    ("ly", "", 4),
];

fn plural(w: &mut String) {
    if w.ends_with("ies") && w.len() > 4 {
        w.replace_range(w.len() - 3.., "y");
    } else if ["sses", "shes", "ches", "xes", "zes"].iter().any(|s| w.ends_with(s)) {
        w.truncate(w.len() - 2);
    } else if w.ends_with('s') && !["ss", "us", "is"].iter().any(|s| w.ends_with(s)) {
        w.pop();
    }
}

fn has_vowel(w: &str) -> bool {
    w.bytes().any(|b| b"aeiouy".contains(&b))
}

/// "stopp" is "stop", but "fall" stays.
fn undouble(w: &mut String) {
    let bytes = w.as_bytes();
    if let [.., a, b] = bytes
        && a == b
        && !b"aeioulsz".contains(b)
        && bytes.len() > 3
    {
        w.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_have_one_stem() {
        for family in [
            &["refund", "refunds", "refunded", "refunding"][..],
            &["stop", "stopped", "stopping", "stops"],
            &["battery", "batteries"],
            &["store", "stored", "stores", "storing"],
            &["return", "returns", "returned"],
            &["box", "boxes"],
            &["pay", "payment", "payments", "paying"],
        ] {
            let stems: Vec<String> = family.iter().map(|w| stem(w)).collect();
            assert!(stems.iter().all(|s| *s == stems[0]), "{family:?} became {stems:?}");
        }
    }

    #[test]
    fn words_that_only_look_alike_stay_apart() {
        for (a, b) in [("king", "kin"), ("bus", "bu"), ("news", "newt"), ("thing", "th"), ("bed", "b")] {
            assert_ne!(stem(a), stem(b));
        }
    }

    #[test]
    fn a_question_is_reduced_to_what_it_is_about() {
        assert_eq!(subject_stems("How long is the refund window?"), ["refund", "window"]);
        assert_eq!(subject_stems("How far?"), ["far"]);
        assert_eq!(stems("The long refund window"), ["long", "refund", "window"]);
        assert_eq!(stems("What is it?"), Vec::<String>::new());
        assert_eq!(stems("Café's naïve owner"), ["cafe", "naiv", "owner"]);
    }

    #[test]
    fn quoted_words_are_phrases_and_an_open_quote_is_none() {
        assert_eq!(phrases("who said “never again” and \"to be\""), ["never again"]);
        assert!(phrases("the 5\" pipe").is_empty());
    }
}
