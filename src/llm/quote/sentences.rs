//! Markdown or plain text in, whole sentences out, each with the heading it stands under.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

/// Longer than this is no sentence but a list or a table without full stops; it is cut after a word.
const LONGEST: usize = 400;

/// A full stop after these ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "etc.", "e.g.", "i.e.", "no.", "fig.", "approx.", "inc.", "ltd.", "jr.", "sr.",
    "min.", "max.",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub text: String,
    pub heading: String,
    /// Which paragraph or list item it belongs to: two sentences of one block follow each other.
    pub block: usize,
}

/// Sentences of a text in order, without its markup and its headings.
pub fn split(text: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for (block, (heading, text)) in blocks(text).into_iter().enumerate() {
        for text in of_block(&text) {
            sentences.push(Sentence { text, heading: heading.clone(), block });
        }
    }
    sentences
}

/// Paragraphs, list items and table rows as plain text, each with the heading above it.
fn blocks(text: &str) -> Vec<(String, String)> {
    let (mut blocks, mut heading, mut current) = (Vec::new(), String::new(), String::new());
    let mut flush = |heading: &str, current: &mut String| {
        let text = current.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            blocks.push((heading.to_owned(), text));
        }
        current.clear();
    };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) => current.push_str(&text),
            Event::SoftBreak | Event::HardBreak => current.push(' '),
            Event::End(TagEnd::Heading(_)) => heading = std::mem::take(&mut current),
            Event::End(TagEnd::TableCell) => current.push_str(", "),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead | TagEnd::CodeBlock)
            | Event::Start(Tag::Heading { .. } | Tag::Paragraph | Tag::Item | Tag::List(_)) => flush(&heading, &mut current),
            _ => {}
        }
    }
    flush(&heading, &mut current);
    blocks
}

fn of_block(text: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for part in text.split_sentence_bounds() {
        match sentences.last_mut() {
            Some(before) if goes_on(before, part) => before.push_str(part),
            _ => sentences.push(part.to_owned()),
        }
    }
    sentences.iter().map(|text| ended(text.trim().trim_end_matches(','))).filter(|text| text.chars().any(char::is_alphanumeric)).collect()
}

/// Whether a sentence was cut in two at an abbreviation, an initial or a number ("1. Knead").
fn goes_on(before: &str, part: &str) -> bool {
    let last = before.split_whitespace().last().unwrap_or_default().to_lowercase();
    let initial = last.chars().count() == 2 && last.ends_with('.') && last.starts_with(char::is_alphanumeric);
    initial || ABBREVIATIONS.contains(&last.as_str()) || part.trim_start().starts_with(char::is_lowercase)
}

/// A sentence ends so that a voice knows it; too long a one ends after a word.
fn ended(text: &str) -> String {
    if text.chars().count() > LONGEST {
        let cut: String = text.chars().take(LONGEST).collect();
        let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
        return format!("{} …", cut.trim_end_matches([',', ';']));
    }
    let end = text.trim_end_matches(['"', '”', '’', ')', '\'']).chars().last();
    match end {
        Some('.' | '!' | '?' | '…' | ':') | None => text.to_owned(),
        Some(_) => format!("{}.", text.trim_end_matches([',', ';'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text).into_iter().map(|s| s.text).collect()
    }

    #[test]
    fn markup_and_line_breaks_vanish_and_headings_are_remembered() {
        let list =
            split("## Refunds\n\nYou have **30 days**\nto [return](http://x) it. Keep the `receipt`!\n\n- First item\n- Second, *here*;\n");
        let texts: Vec<&str> = list.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["You have 30 days to return it.", "Keep the receipt!", "First item.", "Second, here."]);
        assert!(list.iter().all(|s| s.heading == "Refunds"));
        assert_eq!((list[0].block, list[1].block), (0, 0));
        assert_ne!(list[2].block, list[3].block);
    }

    #[test]
    fn abbreviations_and_numbers_do_not_end_a_sentence() {
        assert_eq!(texts("Ask Dr. Miller at 3.30 p.m. today. He knows."), ["Ask Dr. Miller at 3.30 p.m. today.", "He knows."]);
    }

    #[test]
    fn a_text_without_full_stops_is_cut_after_a_word() {
        let text = &texts(&"word ".repeat(500))[0];
        assert!(text.chars().count() <= LONGEST + 2 && text.ends_with("word …"), "{text}");
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(texts(" \n\n --- \n").is_empty());
    }
}
