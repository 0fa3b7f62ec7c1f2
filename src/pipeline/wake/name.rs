//! Is it us who is meant? A spoken name at the start of a transcript, heard with the usual mistakes.

use strsim::normalized_damerau_levenshtein as likeness;

/// How alike a name and what was heard of it must be, 0..1: "Xenia" for "xnai" has 0.6, "when" has 0.25.
const ALIKE: f64 = 0.6;

/// Words of courtesy that may come before the name.
const GREETINGS: [&str; 6] = ["hey", "hi", "hello", "ok", "okay", "please"];

/// What was said after the name, if it begins with the name. A name may have several words.
pub fn called(text: &str, name: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let greeted = usize::from(words.first().is_some_and(|word| GREETINGS.contains(&bare(word).as_str())));
    let wanted = bare(name);
    let length = name.split_whitespace().count().max(1);
    // A name nobody has ever written is often heard as two words.
    let (start, end) = (greeted..=greeted).flat_map(|start| [length, length + 1].map(|n| (start, start + n))).find(|&(start, end)| {
        let heard: String = words.get(start..end).unwrap_or_default().iter().map(|word| bare(word)).collect();
        !heard.is_empty() && likeness(&heard, &wanted) >= ALIKE
    })?;
    debug_assert!(start <= end);
    Some(words[end..].join(" "))
}

/// What was said after a phrase that was spotted, should it still be there: nothing else is cut off.
pub fn after(text: &str, phrase: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let wanted: Vec<String> = phrase.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let begins = words.len() >= wanted.len() && words.iter().zip(&wanted).all(|(word, wanted)| bare(word) == *wanted);
    words[if begins { wanted.len() } else { 0 }..].join(" ")
}

/// Letters and digits, small.
fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{after, called};

    #[test]
    fn names_are_recognised_as_they_are_misheard() {
        let table = [
            ("Computer, what time is it?", "computer", Some("what time is it?")),
            ("Hey computer what time is it?", "computer", Some("what time is it?")),
            ("Commuter, what time is it?", "computer", Some("what time is it?")),
            ("Com puter, what time is it?", "computer", Some("what time is it?")),
            ("What time is it, computer?", "computer", None),
            ("What is a computer?", "computer", None),
            ("Good morning Vietnam is a film", "good morning", Some("Vietnam is a film")),
            ("", "computer", None),
            ("Computer.", "computer", Some("")),
        ];
        for (text, name, after) in table {
            assert_eq!(called(text, name).as_deref(), after, "{text:?}");
        }
    }

    #[test]
    fn a_phrase_that_was_spotted_is_no_part_of_the_question() {
        let table = [
            ("Hey computer, what time is it?", "what time is it?"),
            ("hey  Computer", ""),
            ("Computer, what time is it?", "Computer, what time is it?"),
            ("Hey", "Hey"),
            ("", ""),
        ];
        for (text, rest) in table {
            assert_eq!(after(text, "hey computer"), rest, "{text:?}");
        }
        assert_eq!(after("Hey computer", ""), "Hey computer", "any phrase");
    }
}
