//! What can be typed behind a slash, in a list above the line, while one is being typed.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Clear, Widget},
};

use super::{line, put, spans};
use crate::tui::{
    model::{Focus, Model, Over},
    slash,
    theme::Role,
    wrap::fitting,
};

/// Columns of a command and what it takes.
const NAMES: usize = 30;

pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let typed = model.input.text();
    if model.over != Over::Nothing || model.focus != Focus::Input || !typed.starts_with('/') || typed.contains([' ', '\n']) {
        return;
    }
    // While Tab goes through them the list stays as it was.
    let begun = model.completed.as_ref().filter(|(_, made)| *made == typed).map_or(&typed, |(begun, _)| begun);
    let all = slash::beginning(begun);
    let room = usize::from(area.height);
    let shown = if all.len() > room { room.saturating_sub(1) } else { all.len() };
    let rows = (shown + usize::from(shown < all.len())).min(room) as u16;
    let area = Rect { y: area.bottom() - rows, height: rows, ..area };
    Clear.render(area, buffer);
    buffer.set_style(area, model.theme.style(Role::Plain));
    for (command, at) in all.iter().take(shown).zip(area.rows()) {
        let name = format!(" /{} {}", command.name, command.takes);
        let chosen = typed[1..].trim_end() == command.name;
        let does = fitting(command.does, usize::from(at.width).saturating_sub(NAMES + 1));
        let pieces = spans([(&format!("{name:<NAMES$} "), if chosen { Role::Selected } else { Role::Key }), (&does, Role::Faint)]);
        put(buffer, (at.x, at.y), &line(model.theme, &pieces), at.width);
    }
    if let (true, Some(last)) = (shown < all.len(), area.rows().next_back()) {
        let more = format!(" and {} more: Tab goes through them, Enter lists them", all.len() - shown);
        put(buffer, (last.x, last.y), &line(model.theme, &spans([(&more, Role::Faint)])), last.width);
    }
}
