//! Text from outside, made harmless for a terminal.

/// Drops control characters (escape sequences among them) and invisible direction marks; keeps line ends and tabs.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_direction_mark(*c))).collect()
}

/// Marks that reorder what is shown (Unicode Standard Annex 9): a text could pretend to be another.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_that_moves_the_cursor_survives() {
        assert_eq!(plain("a\x1b[2Jb\x07\r\nc\u{9b}31md\u{202e}e\tf"), "a[2Jb\nc31mde\tf");
        assert_eq!(plain("café — 30 days"), "café — 30 days");
    }
}
