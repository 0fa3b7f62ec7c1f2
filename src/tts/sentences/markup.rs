//! Takes out of a fragment what is for the eye only: markdown, HTML tags, link targets, emoji, control characters.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// Patterns and what they leave, applied in order.
static INLINE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let table = [
        (r"(?i)</?(?:b|i|u|em|strong|br|hr|p|code|pre|sub|sup|a|span|div|li|ul|ol|kbd|h[1-6]|td|tr|th|table)(?:\s[^<>]*)?/?>", " "),
        (r"<((?:https?://|mailto:)[^<>\s]*)>", "$1"),
        (r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+[\x22'][^\x22']*[\x22'])?\)", "$1"),
        (r"\]\([^()\s]*\)", ""),
        (r"\[\^[^\]\s]{1,20}\]", ""),
        (r"\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\]", ""),
        (r"\\([\\`*_{}\[\]()#+.!|~>-])", "$1"),
        (r"\*\*|~~|`+", ""),
        (r"(^|[^\w*])\*(\S)", "$1$2"),
        (r"([^\s\d*])\*", "$1"),
        (r"(^|[^\w])_+(\w)", "$1$2"),
        (r"(\w)_+([^\w]|$)", "$1$2"),
    ];
    // The table is constant and every pattern compiles in the tests of this module.
    table.into_iter().filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with))).collect()
});

const ENTITIES: &[(&str, &str)] = &[("&nbsp;", " "), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")];

/// What is to be said of a raw fragment, on one line.
pub fn spoken(raw: &str) -> String {
    let lines: Vec<String> = raw.lines().map(block).filter(|line| !line.is_empty()).collect();
    let mut text = Cow::from(lines.join(" "));
    for (pattern, with) in INLINE.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&text, *with) {
            text = Cow::Owned(changed);
        }
    }
    let mut text = text.into_owned();
    for (entity, with) in ENTITIES {
        if text.contains(entity) {
            text = text.replace(entity, with);
        }
    }
    let kept: String = text.chars().filter_map(visible).collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    words.join(" ")
}

/// A line without the signs that make it a heading, a list item, a quotation, a table row; empty for mere rules.
fn block(line: &str) -> String {
    let mut line = line.trim();
    if line.starts_with("```") || line.starts_with("~~~") {
        return String::new();
    }
    if line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '*' | '_' | '=' | '|' | ':' | ' ')) {
        return String::new();
    }
    loop {
        let bare = line.trim_start_matches(['>', '•', '◦', '▪']).trim_start();
        let bare = ["- ", "* ", "+ ", "[ ] ", "[x] ", "[X] "].iter().find_map(|sign| bare.strip_prefix(sign)).unwrap_or(bare);
        let heading = bare.trim_start_matches('#');
        let bare = if heading.starts_with(' ') || heading.is_empty() { heading.trim_start() } else { bare };
        if bare.len() == line.len() {
            break;
        }
        line = bare;
    }
    match line.strip_prefix('|') {
        Some(row) => row.trim_end_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(", "),
        None => line.to_owned(),
    }
}

/// Spaces for spaces, nothing for what cannot be seen or said.
fn visible(c: char) -> Option<char> {
    match c {
        c if c.is_whitespace() => Some(' '),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => None,
        c if c.is_control() || is_pictograph(c) => None,
        c => Some(c),
    }
}

/// Emoji and their modifiers, dingbats and private use: pictures, not words.
pub(crate) fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e007f}' | '\u{e000}'..='\u{f8ff}' | '\u{20e3}' | '\u{231a}'..='\u{231b}' | '\u{23e9}'..='\u{23fa}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(INLINE.len(), 12);
    }

    #[test]
    fn signs_for_the_eye_are_not_read_out() {
        for (raw, said) in [
            ("## Refunds", "Refunds"),
            ("- **Bold** and *slanted* and `code`", "Bold and slanted and code"),
            ("> quoted _words_ stay", "quoted words stay"),
            ("see [the manual](https://a.b/c_(d) \"title\") first", "see the manual first"),
            ("![a cat](cat.png) sits", "a cat sits"),
            ("It says so [1], [2, 3].", "It says so , ."),
            ("| name | price |", "name, price"),
            ("|---|:-:|", ""),
            ("```rust\nlet x = snake_case;\n```", "let x = snake_case;"),
            ("2 * 3 is 6 and 2*3 too", "2 * 3 is 6 and 2*3 too"),
            ("well done 🎉👍🏽 now\u{200b}", "well done now"),
            ("one<br/>two &amp; three", "one two & three"),
            ("<https://example.org/a> and a < b", "https://example.org/a and a < b"),
            ("\\*not bold\\*", "not bold"),
            ("- [x] done", "done"),
            ("#rust is a tag", "#rust is a tag"),
        ] {
            assert_eq!(spoken(raw), said, "{raw}");
        }
    }
}
