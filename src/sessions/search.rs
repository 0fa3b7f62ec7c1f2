//! Words into the exchanges that hold all of them, each with a snippet.

use jiff::Timestamp;
use serde::Serialize;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use super::{
    entry::Entry,
    id::Id,
    store::{Conversation, Sessions},
};
use crate::error::Result;

/// Characters of a snippet before and after the first word found.
const BEFORE: usize = 40;
const AFTER: usize = 100;

/// An exchange that holds the words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    pub id: Id,
    /// Position in its conversation, from 1.
    pub exchange: usize,
    pub at: Timestamp,
    pub question: String,
    /// Where the words stand, on one line.
    pub snippet: String,
}

impl Sessions {
    /// Every exchange that holds all the words, in any case and with or without accents; the newest first.
    pub fn search(&self, words: &str) -> Result<Vec<Hit>> {
        let words: Vec<String> = words.split_whitespace().map(|word| fold(word).into_iter().map(|(c, _)| c).collect()).collect();
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        // A file that cannot be read is named by the list; it must not hide the others.
        let mut hits: Vec<Hit> =
            self.ids()?.iter().filter_map(|id| self.read(id).ok()).flat_map(|conversation| found(&conversation, &words)).collect();
        hits.sort_by(|a, b| (b.at, &b.id, b.exchange).cmp(&(a.at, &a.id, a.exchange)));
        Ok(hits)
    }
}

fn found(conversation: &Conversation, words: &[String]) -> Vec<Hit> {
    let hit = |(at, entry): (usize, &Entry)| {
        let snippet = snippet(entry, words)?;
        Some(Hit { id: conversation.id.clone(), exchange: at + 1, at: entry.at, question: entry.question.clone(), snippet })
    };
    conversation.entries.iter().enumerate().filter_map(hit).collect()
}

/// The place of the first word, in the answer if one stands there, else in the question.
fn snippet(entry: &Entry, words: &[String]) -> Option<String> {
    let texts = [&entry.answer, &entry.question];
    let folded = texts.map(|text| fold(text));
    let plain = folded.each_ref().map(|text| text.iter().map(|(c, _)| *c).collect::<String>());
    if words.is_empty() || !words.iter().all(|word| plain.iter().any(|text| text.contains(word))) {
        return None;
    }
    (0..texts.len()).find_map(|which| {
        let at = words.iter().filter_map(|word| plain[which].find(word)).min()?;
        let nth = plain[which][..at].chars().count();
        Some(around(texts[which], folded[which].get(nth).map_or(0, |(_, byte)| *byte)))
    })
}

/// The text around a byte of it, on one line.
fn around(text: &str, byte: usize) -> String {
    let (before, after) = text.split_at(byte);
    let start = before.char_indices().rev().take(BEFORE).last().map_or(byte, |(at, _)| at);
    let end = after.char_indices().nth(AFTER).map_or(text.len(), |(at, _)| byte + at);
    let words: Vec<&str> = text[start..end].split_whitespace().collect();
    let dots = |cut: bool| if cut { "…" } else { "" };
    format!("{}{}{}", dots(start > 0), words.join(" "), dots(end < text.len()))
}

/// Lower case without accents; beside every character the byte of the text it came from.
fn fold(text: &str) -> Vec<(char, usize)> {
    let mut folded = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        decompose_canonical(c, |part| {
            if !is_combining_mark(part) {
                folded.extend(part.to_lowercase().map(|low| (low, at)));
            }
        });
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(question: &str, answer: &str) -> Entry {
        Entry { question: question.into(), answer: answer.into(), ..Entry::default() }
    }

    fn look(entry: &Entry, words: &[&str]) -> Option<String> {
        snippet(entry, &words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_words_must_occur_in_question_or_answer() {
        let entry = entry("Where is the café?", "In the STRASSE,\nat number nine.");
        assert_eq!(look(&entry, &["cafe"]).unwrap(), "Where is the café?");
        assert_eq!(look(&entry, &["cafe", "strasse"]).unwrap(), "In the STRASSE, at number nine.");
        assert_eq!(look(&entry, &["cafe", "moon"]), None);
        assert_eq!(look(&entry, &[]), None);
    }

    #[test]
    fn a_snippet_is_cut_at_characters_around_the_word() {
        let entry = entry("q", &format!("{}needle{}", "äöü ".repeat(60), " éß".repeat(60)));
        let snippet = look(&entry, &["needle"]).unwrap();
        assert!(snippet.starts_with('…') && snippet.ends_with('…') && snippet.contains("needle"), "{snippet}");
        assert!(snippet.chars().count() <= BEFORE + AFTER + 2);
        let turkish = super::tests::entry("q", "İİİİ needle");
        assert_eq!(look(&turkish, &["needle"]).unwrap(), "İİİİ needle");
    }
}
