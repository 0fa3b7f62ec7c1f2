//! Text from outside into printable text: nothing that steers a terminal, reorders or hides what is read, is left.
//!
//! Transcripts, documents, passages and a model's output pass through here before they enter the model of the screen,
//! so that no view has to think of it.

use crate::{os::terminal::plain, parcel::Passage};

/// Several lines stay several lines; a tab becomes spaces.
pub fn text(outside: &str) -> String {
    let kept = plain(outside).replace('\t', "    ");
    kept.chars().map(|c| if is_line_end(c) { '\n' } else { c }).filter(|c| !is_unseen(*c)).collect()
}

/// One line: every run of white space becomes one space, and none is left at the ends.
pub fn line(outside: &str) -> String {
    text(outside).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A passage of a document: its text may have several lines, its names have one.
pub fn passage(outside: &Passage) -> Passage {
    Passage { source: line(&outside.source), title: line(&outside.title), text: text(&outside.text), ..outside.clone() }
}

/// Unicode's own line and paragraph separators.
fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters without a shape: two texts that look the same could differ, and terminals disagree about their width.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        // The last two of every plane are no characters, nor is this block.
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_hides_or_reorders_is_gone() {
        let cases = [
            ("a\x1b[31mred\x1b]0;title\x07b", "a[31mred]0;titleb"),
            ("one\r\ntwo\u{2028}three\tfour", "one\ntwo\nthree    four"),
            ("pay\u{200b}pal \u{202e}lapyap\u{2069}", "paypal lapyap"),
            ("\u{9b}2J\u{9d}0;x\u{9c}", "2J0;x"),
            ("tag\u{e0041}s\u{fe0f}\u{ad}\u{feff}\u{1fffe}", "tags"),
            ("Grüße — 日本語 🙂", "Grüße — 日本語 🙂"),
        ];
        for (outside, inside) in cases {
            assert_eq!(text(outside), inside, "{outside:?}");
        }
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(line("  A\n\ttitle\u{2029}of  three\x1b "), "A title of three");
    }
}
