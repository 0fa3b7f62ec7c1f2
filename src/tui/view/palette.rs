//! The palette: a line to type in, and the wishes that fit.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use unicode_width::UnicodeWidthStr;

use super::{layout, line, put, spans, window, write};
use crate::tui::{
    model::Model,
    palette::{Item, Page, Palette, items},
    theme::Role,
    wrap::Span,
};

const SIZE: (u16, u16) = (56, 18);

/// Gives the place of the cursor.
pub fn draw(model: &Model, palette: &Palette, buffer: &mut Buffer) -> Position {
    let inside = window(model, title(palette), SIZE, buffer);
    let items = items(model, palette);
    let query = line(model.theme, &spans([("› ", Role::You), (&palette.query, Role::Plain)]));
    put(buffer, (inside.x, inside.y), &query, inside.width);
    let list = list(inside);
    let first = first(palette.selected, list.height);
    let shown: Vec<_> =
        items.iter().enumerate().skip(first).map(|(at, item)| row(model, item, at == palette.selected, list.width)).collect();
    write(&shown, list, buffer);
    if items.is_empty() {
        put(buffer, (list.x, list.y), &line(model.theme, &spans([(nothing(palette), Role::Faint)])), list.width);
    }
    let column = 2 + palette.query.width() as u16;
    Position::new((inside.x + column).min(inside.right().saturating_sub(1)), inside.y)
}

fn title(palette: &Palette) -> &'static str {
    match &palette.page {
        Page::Root => "What would you like?",
        Page::Of(kind, _) => kind.title(),
    }
}

fn nothing(palette: &Palette) -> &'static str {
    match &palette.page {
        Page::Of(_, None) => "looking…",
        Page::Of(..) if palette.query.is_empty() => "nothing was found: type a name",
        _ => "nothing like that",
    }
}

/// Below the line that is typed in; without the blank row where there is little room.
fn list(inside: Rect) -> Rect {
    let gap = if inside.height > 8 { 2 } else { 1 };
    Rect { y: inside.y + gap, height: inside.height.saturating_sub(gap), ..inside }
}

/// The first line shown: the chosen one stays in sight.
fn first(selected: usize, height: u16) -> usize {
    (selected + 1).saturating_sub(usize::from(height))
}

fn row(model: &Model, item: &Item, selected: bool, width: u16) -> ratatui::text::Line<'static> {
    let room = usize::from(width).saturating_sub(item.label.width() + 1);
    let hint: String = item.hint.chars().take(room).collect();
    let gap = " ".repeat(usize::from(width).saturating_sub(item.label.width() + hint.width()));
    let roles = if selected { (Role::Selected, Role::Selected) } else { (Role::Plain, Role::Faint) };
    line(model.theme, &[Span::new(item.label.clone(), roles.0), Span::new(gap + &hint, roles.1)])
}

/// The line under the pointer.
pub fn item_at(model: &Model, palette: &Palette, at: Position) -> Option<Item> {
    let screen = Rect::new(0, 0, model.size.0, model.size.1);
    let list = list(layout::inside(layout::middle(screen, SIZE)));
    let row = list.contains(at).then(|| usize::from(at.y - list.y))?;
    items(model, palette).into_iter().nth(first(palette.selected, list.height) + row)
}
