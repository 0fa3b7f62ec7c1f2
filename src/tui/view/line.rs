//! The line that is typed in, or the words that are searched for.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::Widget,
};
use unicode_width::UnicodeWidthStr;

use super::{layout, line, put, rule, spans};
use crate::tui::{
    model::{Focus, Model, Over},
    search,
    theme::Role,
};

const PROMPT: u16 = 2;

/// Gives the place of the cursor.
pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = below_rule(model, area, buffer);
    if area.is_empty() || model.over == Over::Search {
        return None;
    }
    let role = if model.focus == Focus::Input { Role::You } else { Role::Faint };
    put(buffer, (area.x, area.y), &line(model.theme, &spans([("› ", role)])), area.width);
    let text = Rect { x: area.x + PROMPT.min(area.width), width: area.width.saturating_sub(PROMPT), ..area };
    if model.input.is_empty() && model.focus == Focus::Reading {
        let search = format!("{}, n N go on, Tab types again", search::count(&model.search));
        let reading = "reading: / searches, o opens a passage, y copies, Tab types again";
        let hint = if model.search.query.is_empty() { reading } else { &search };
        let hint = spans([(hint, Role::Faint)]);
        put(buffer, (text.x, text.y), &line(model.theme, &hint), text.width);
        return None;
    }
    let typed = model.input.area();
    typed.render(text, buffer);
    let (at, scrolled) = (typed.screen_cursor(), typed.scroll_offset());
    let column = (at.col as u16).saturating_sub(scrolled.1).min(text.width.saturating_sub(1));
    let row = (at.row as u16).saturating_sub(scrolled.0).min(text.height.saturating_sub(1));
    Some(Position::new(text.x + column, text.y + row))
}

/// The words searched for, and how many places hold them.
pub fn words(model: &Model, area: Rect, buffer: &mut Buffer) -> Position {
    let area = if layout::is_roomy(model.size) { Rect { y: area.y + 1, height: area.height - 1, ..area } } else { area };
    let found = match model.search.query.is_empty() {
        true => "  type words to find".to_owned(),
        false => format!("  {}", search::count(&model.search)),
    };
    let pieces = spans([("search ", Role::Key), (&model.search.query, Role::Plain), (&found, Role::Faint)]);
    put(buffer, (area.x, area.y), &line(model.theme, &pieces), area.width);
    let column = 7 + model.search.query.width() as u16;
    Position::new((area.x + column).min(area.right().saturating_sub(1)), area.y)
}

fn below_rule(model: &Model, area: Rect, buffer: &mut Buffer) -> Rect {
    if !layout::is_roomy(model.size) || area.height < 2 {
        return area;
    }
    rule(area, model.theme.style(Role::Faint), buffer);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}
