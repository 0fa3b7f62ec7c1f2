//! Text in, the words that carry its meaning out: lower case, without endings.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

/// Words that questions are made of and that say nothing about their subject.
const COMMON: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "before", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "get", "give", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "know",
    "long", "many", "may", "me", "might", "more", "most", "much", "must", "my", "need", "no", "not", "of", "often", "on", "one", "or",
    "our", "please", "s", "say", "shall", "should", "so", "some", "tell", "than", "that", "the", "their", "them", "then", "there", "these",
    "they", "this", "those", "to", "us", "use", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose", "why",
    "will", "with", "would", "you", "your",
];

/// The words of a text as stems.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Those that mean something; all of them when none does.
    pub meant: BTreeSet<String>,
    /// The others.
    pub common: BTreeSet<String>,
    /// The first that means something.
    pub first: Option<String>,
}

impl Words {
    pub fn of(text: &str) -> Self {
        let (mut words, mut common) = (Self::default(), BTreeSet::new());
        for word in text.unicode_words().map(str::to_lowercase) {
            if COMMON.contains(&word.as_str()) {
                common.insert(stem(&word));
            } else {
                let stem = stem(&word);
                words.first.get_or_insert_with(|| stem.clone());
                words.meant.insert(stem);
            }
        }
        *(if words.meant.is_empty() { &mut words.meant } else { &mut words.common }) = common;
        words
    }

    pub fn contains(&self, word: &String) -> bool {
        self.meant.contains(word) || self.common.contains(word)
    }
}

/// Takes the commonest English endings off, so that "refunds", "refunded" and "refund" are one word. Short words stay.
fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    for (ending, instead) in [("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", ""), ("ly", "")] {
        match word.strip_suffix(ending) {
            Some(root) if root.chars().count() >= 3 && !root.ends_with('s') => return undoubled(&format!("{root}{instead}")),
            _ => {}
        }
    }
    word.to_owned()
}

/// "stopp" of "stopped" is "stop".
fn undoubled(root: &str) -> String {
    let mut letters = root.chars().rev();
    match (letters.next(), letters.next()) {
        (Some(last), Some(before)) if last == before && !matches!(last, 'l' | 's' | 'e') && last.is_alphabetic() => {
            root.strip_suffix(last).unwrap_or(root).to_owned()
        }
        _ => root.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_in_its_forms() {
        for family in [["refund", "refunds", "refunded"], ["stop", "stopped", "stops"], ["bake", "baking", "baked"]] {
            let stems: BTreeSet<String> = family.iter().map(|word| stem(word)).collect();
            assert_eq!(stems.len(), 1, "{family:?} {stems:?}");
        }
    }

    #[test]
    fn questions_without_a_subject_keep_their_words() {
        let words = Words::of("How long is the refund window?");
        assert_eq!(words.meant, ["refund", "window"].map(String::from).into());
        assert_eq!(words.first.as_deref(), Some("refund"));
        assert!(words.common.contains("the"));
        assert!(!Words::of("Why not?").meant.is_empty());
    }
}
