//! A passage that an answer stands on: what it says, which document it is from, and where it lies.

use ratatui::buffer::Buffer;

use super::{line, spans, window, write};
use crate::{
    parcel::Passage,
    tui::{
        model::Model,
        theme::Role,
        turns,
        wrap::{Row, Span, wrap},
    },
};

pub fn draw(model: &Model, (turn, citation): (usize, usize), scroll: usize, buffer: &mut Buffer) {
    let Some(turn) = model.turns.list().get(turn) else { return };
    let Some(passage) = turn.passages.get(citation) else { return };
    let width = buffer.area.width.saturating_sub(4).min(92);
    let rows = rows(passage, width.saturating_sub(4));
    let height = buffer.area.height.saturating_sub(2).min(rows.len() as u16 + 2);
    let title = format!("[{}] of {}  {}", citation + 1, turn.passages.len(), turns::name(passage));
    let inside = window(model, &title, (width, height), buffer);
    let first = scroll.min(rows.len().saturating_sub(usize::from(inside.height)));
    let shown: Vec<_> = rows[first..].iter().map(|row| line(model.theme, &row.spans)).collect();
    write(&shown, inside, buffer);
}

fn rows(passage: &Passage, width: u16) -> Vec<Row> {
    let source = format!("{}, bytes {} to {}", passage.source, passage.span.start, passage.span.end);
    let mut rows = wrap(Span::default(), &spans([(&source, Role::Faint)]), width);
    rows.push(Row::default());
    let (text, role) = match passage.text.trim() {
        "" => ("Of an earlier session: only where it stands was kept, not its words.", Role::Faint),
        text => (text, Role::Plain),
    };
    rows.extend(wrap(Span::default(), &spans([(text, role)]), width));
    rows
}
