//! Text into the clipboard of whoever sits at the terminal, by the escape sequence OSC 52: it works over SSH as well.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Terminals take 100 kB at most, some less; longer sequences would be printed as text.
const LONGEST: usize = 70_000;

/// The sequence; nothing where the text is too long for it.
pub fn sequence(text: &str) -> Option<String> {
    let coded = STANDARD.encode(text);
    (coded.len() <= LONGEST).then(|| format!("\x1b]52;c;{coded}\x07"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_coded_and_too_much_is_refused() {
        assert_eq!(sequence("two years").as_deref(), Some("\x1b]52;c;dHdvIHllYXJz\x07"));
        assert_eq!(sequence(&"x".repeat(LONGEST)), None);
    }
}
