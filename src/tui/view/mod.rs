//! The model onto the screen: one file for each region. Nothing here changes the model.

pub mod commands;
pub mod greeting;
pub mod head;
pub mod help;
pub mod keys;
pub mod latency;
pub mod layout;
pub mod line;
pub mod meter;
pub mod palette;
pub mod panel;
pub mod passage;
pub mod transcript;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Line,
    widgets::{Block, BorderType, Clear, Widget},
};

use super::{
    model::{Focus, Model, Over},
    theme::{Role, Theme},
    wrap::Span,
};

pub fn draw(model: &Model, frame: &mut Frame<'_>) {
    let screen = frame.area();
    // The size changed between two events: the picture after the next one fits again.
    if screen.is_empty() || (screen.width, screen.height) != model.size {
        return;
    }
    let areas = layout::areas(model);
    let buffer = frame.buffer_mut();
    if model.theme == Theme::HighContrast {
        buffer.set_style(buffer.area, model.theme.style(Role::Plain));
    }
    head::draw(model, areas.head, buffer);
    if let Some(area) = areas.trouble {
        head::trouble(model, area, buffer);
    }
    transcript::draw(model, areas.transcript, buffer);
    if let Some(area) = areas.panel {
        panel::draw(model, area, buffer);
    }
    if let Some(area) = areas.latency {
        latency::draw(model, area, buffer);
    }
    keys::draw(model, areas.keys, buffer);
    let cursor = line::draw(model, areas.input, buffer);
    commands::draw(model, areas.transcript, buffer);
    let over = over(model, buffer);
    if let Some(at) = if model.over == Over::Nothing { cursor.filter(|_| model.focus == Focus::Input) } else { over } {
        frame.set_cursor_position(at);
    }
}

/// What stands over the transcript; gives the place of the cursor where something is typed there.
fn over(model: &Model, buffer: &mut Buffer) -> Option<Position> {
    match &model.over {
        Over::Nothing => {}
        Over::Greeting { scroll } => greeting::draw(model, *scroll, buffer),
        Over::Help { scroll } => help::draw(model, *scroll, buffer),
        Over::Palette(open) => return Some(palette::draw(model, open, buffer)),
        Over::Passage { turn, citation, scroll } => passage::draw(model, (*turn, *citation), *scroll, buffer),
        Over::Search => return Some(line::words(model, layout::areas(model).input, buffer)),
    }
    None
}

/// Pieces of one line in the colours of the theme.
pub fn line(theme: Theme, spans: &[Span]) -> Line<'static> {
    spans.iter().map(|span| ratatui::text::Span::styled(span.text.clone(), theme.style(span.role))).collect()
}

pub fn spans<const N: usize>(pieces: [(&str, Role); N]) -> Vec<Span> {
    pieces.into_iter().map(|(text, role)| Span::new(text, role)).collect()
}

/// Empties a frame of this size in the middle of the screen; gives its inside.
fn window(model: &Model, title: &str, size: (u16, u16), buffer: &mut Buffer) -> Rect {
    let outer = layout::middle(buffer.area, size);
    // What is left of a line beside the frame would be half a word.
    let whole = buffer.area.width < layout::WIDE;
    Clear.render(if whole { Rect { x: 0, width: buffer.area.width, ..outer } } else { outer }, buffer);
    if model.theme == Theme::HighContrast {
        buffer.set_style(outer, model.theme.style(Role::Plain));
    }
    let title = line(model.theme, &spans([(" ", Role::Plain), (title, Role::Title), (" ", Role::Plain)]));
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(model.theme.style(Role::Faint)).title(title);
    let inside = layout::inside(outer);
    block.render(outer, buffer);
    inside
}

/// Says in the lower edge of a frame that there is more below.
fn more(model: &Model, more: bool, inside: Rect, buffer: &mut Buffer) {
    let text = line(model.theme, &spans([(" ↓ more ", Role::Key)]));
    if more && inside.width > 8 {
        put(buffer, (inside.right() - 8, inside.bottom()), &text, 8);
    }
}

/// Writes one line; where there is no room for it, nothing.
fn put(buffer: &mut Buffer, (x, y): (u16, u16), line: &Line<'_>, width: u16) {
    let room = buffer.area.right().saturating_sub(x);
    if y < buffer.area.bottom() && room > 0 {
        buffer.set_line(x, y, line, width.min(room));
    }
}

/// Writes lines from the top; what does not fit is left out.
fn write(lines: &[Line<'_>], area: Rect, buffer: &mut Buffer) {
    for (line, row) in lines.iter().zip(area.rows()) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
}

/// A line of the same sign from end to end.
fn rule(area: Rect, style: Style, buffer: &mut Buffer) {
    buffer.set_string(area.x, area.y, "─".repeat(usize::from(area.width)), style);
}
