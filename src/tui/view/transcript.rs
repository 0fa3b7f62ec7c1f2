//! What was said: the rows of all turns from the place that is being read, with what a search found.

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{line, put, spans};
use crate::tui::{
    TalkKey,
    model::{Device, Hit, Model, Over},
    search::folded,
    theme::Role,
    wrap::{Row, Span, wrap},
};

/// The first row shown.
pub fn top(model: &Model, height: u16) -> usize {
    let end = model.turns.height().saturating_sub(usize::from(height));
    model.top.unwrap_or(end).min(end)
}

pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    if model.turns.is_silent() {
        return begin(model, area, buffer);
    }
    said(model, area, buffer);
    below(model, area, buffer);
}

fn said(model: &Model, area: Rect, buffer: &mut Buffer) {
    let query = folded(&model.search.query);
    let current = model.search.hits.get(model.search.at);
    let first = top(model, area.height);
    for ((placed, at), row) in model.turns.rows(first).zip(area.rows()).zip(first..) {
        put(buffer, (at.x, at.y), &line(model.theme, &placed.row.spans), at.width);
        for (nth, (from, to)) in matches(placed.row, &query).into_iter().enumerate() {
            let hit = Rect { x: at.x + from.min(at.width), width: to.min(at.width).saturating_sub(from), ..at };
            let here = current.is_some_and(|hit| *hit == Hit { row, nth });
            let mark = if here { Modifier::UNDERLINED | Modifier::BOLD } else { Modifier::empty() };
            buffer.set_style(hit, model.theme.style(Role::Match).add_modifier(mark));
        }
    }
}

/// Nothing was said yet: what is amiss, and how to begin.
fn begin(model: &Model, area: Rect, buffer: &mut Buffer) {
    // The greeting says it itself.
    if matches!(model.over, Over::Greeting { .. }) {
        return;
    }
    let rows = invitation(model, area.width);
    let taken = model.turns.height() as u16;
    let (above, from) = match taken {
        0 => (0, area.height / 3),
        _ => (taken.min(area.height.saturating_sub(rows.len() as u16)), 0),
    };
    said(model, Rect { height: above, ..area }, buffer);
    let from = Rect { y: area.y + above + from, height: area.height - above - from, ..area };
    for (row, at) in rows.iter().zip(from.rows()) {
        put(buffer, (at.x, at.y), &line(model.theme, &row.spans), at.width);
    }
}

/// How much lies below, while somebody reads further up.
fn below(model: &Model, area: Rect, buffer: &mut Buffer) {
    if model.top.is_none() || area.height == 0 {
        return;
    }
    let rows = model.turns.height().saturating_sub(top(model, area.height) + usize::from(area.height));
    let text = format!(" ↓ {rows} more · End ");
    let width = (text.width() as u16).min(area.width);
    let pieces = [Span::new(text, Role::Key)];
    put(buffer, (area.right() - width, area.bottom() - 1), &line(model.theme, &pieces), width);
}

/// How to begin: plain on an empty screen, beside the point below what is amiss.
fn invitation(model: &Model, width: u16) -> Vec<Row> {
    let key = match model.talk_key {
        TalkKey::Space => "Space".to_owned(),
        TalkKey::Function(n) => format!("F{n}"),
    };
    let text = match (&model.microphone, model.releases) {
        (Device::Lost(_), _) => "Type a question and press Enter.".to_owned(),
        (_, true) => format!("Hold {key} and ask, or type a question and press Enter."),
        (_, false) => format!("Press {key}, ask, and press it again; or type a question and press Enter."),
    };
    let role = if model.turns.height() == 0 { Role::Answer } else { Role::Faint };
    wrap(Span::new("  ", Role::Plain), &spans([(&text, role), (" ? shows all keys.", Role::Faint)]), width)
}

/// The columns of a row where the words were found.
fn matches(row: &Row, query: &str) -> Vec<(u16, u16)> {
    if query.trim().is_empty() {
        return Vec::new();
    }
    let (mut text, mut columns, mut column) = (String::new(), Vec::new(), 0_u16);
    for letter in row.text().graphemes(true) {
        let lower = folded(letter);
        columns.extend(std::iter::repeat_n(column, lower.len()));
        text.push_str(&lower);
        column += letter.width() as u16;
    }
    columns.push(column);
    text.match_indices(query).map(|(from, hit)| (columns[from], columns[from + hit.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_found_by_column_whatever_the_case() {
        let row = Row { spans: vec![Span::new("日 Moon, ", Role::Plain), Span::new("moon", Role::Plain)] };
        assert_eq!(matches(&row, "moon"), [(3, 7), (9, 13)]);
        assert_eq!(matches(&row, " "), []);
    }
}
