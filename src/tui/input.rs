//! The line that is typed in: several lines where needed, never anything that does not print.

use ratatui::{crossterm::event::KeyEvent, style::Style};
use ratatui_textarea::{CursorMove, TextArea, WrapMode};

use super::clean;

/// Longer texts are no questions; pasted files end here.
const LONGEST: usize = 8_000;

#[derive(Clone, Debug)]
pub struct Input(TextArea<'static>);

impl Default for Input {
    fn default() -> Self {
        Self::holding("")
    }
}

impl Input {
    pub fn holding(text: &str) -> Self {
        let mut area = TextArea::new(clean::text(text).split('\n').map(str::to_owned).collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        // The terminal's own cursor stands there instead.
        area.set_cursor_style(Style::new());
        area.set_cursor_line_style(Style::new());
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self(area)
    }

    pub fn area(&self) -> &TextArea<'static> {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn text(&self) -> String {
        self.0.lines().join("\n")
    }

    /// What was typed, without space around it; the line is empty afterwards.
    pub fn take(&mut self) -> String {
        let text = self.text().trim().to_owned();
        *self = Self::default();
        text
    }

    pub fn key(&mut self, key: KeyEvent) {
        if self.text().len() < LONGEST || !matches!(key.code, ratatui::crossterm::event::KeyCode::Char(_)) {
            self.0.input(key);
        }
    }

    pub fn newline(&mut self) {
        self.0.insert_newline();
    }

    pub fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text().len());
        let text: String = clean::text(&text.replace("\r\n", "\n").replace('\r', "\n")).chars().take(room).collect();
        self.0.insert_str(text);
    }

    /// Rows it takes at this width.
    pub fn height(&self, width: u16) -> u16 {
        let rows = |line: &String| {
            super::wrap::wrap(super::wrap::Span::default(), &[super::wrap::Span::new(format!("{line} "), super::theme::Role::Plain)], width)
                .len()
        };
        self.0.lines().iter().map(rows).sum::<usize>().try_into().unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_prints_and_ends_somewhere() {
        let mut input = Input::default();
        input.paste("one\r\ntwo\x1b[2J\u{202e}");
        assert_eq!(input.text(), "one\ntwo[2J");
        input.paste(&"x".repeat(2 * LONGEST));
        assert!(input.text().len() <= LONGEST);
        assert_eq!(input.height(20) as usize, 1 + input.text().lines().nth(1).unwrap().len().div_ceil(20));
        assert!(!input.take().is_empty() && input.is_empty());
    }
}
