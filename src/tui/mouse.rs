//! The mouse: the wheel scrolls, a click opens a citation or picks a line of the palette.

use ratatui::{
    crossterm::event::{MouseButton, MouseEvent, MouseEventKind},
    layout::Position,
};

use super::{
    act::act,
    event::Effect,
    keys,
    model::{Focus, Model, Over},
    palette,
    view::{self, layout},
};

/// Rows to one notch of the wheel.
const NOTCH: isize = 3;

pub fn mouse(model: &mut Model, mouse: MouseEvent) -> Vec<Effect> {
    match mouse.kind {
        MouseEventKind::ScrollUp => wheel(model, -NOTCH),
        MouseEventKind::ScrollDown => wheel(model, NOTCH),
        MouseEventKind::Down(MouseButton::Left) => return click(model, Position::new(mouse.column, mouse.row)),
        _ => {}
    }
    vec![]
}

fn wheel(model: &mut Model, rows: isize) {
    match &mut model.over {
        Over::Help { scroll } | Over::Greeting { scroll } | Over::Passage { scroll, .. } => *scroll = scroll.saturating_add_signed(rows),
        Over::Palette(palette) => palette.selected = palette.selected.saturating_add_signed(rows.signum()),
        _ => return keys::scroll(model, rows),
    }
    if let Over::Palette(palette) = &model.over {
        let last = palette::items(model, palette).len().saturating_sub(1);
        if let Over::Palette(palette) = &mut model.over {
            palette.selected = palette.selected.min(last);
        }
    }
}

fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    let areas = layout::areas(model);
    match &model.over {
        Over::Palette(palette) => {
            let Some(item) = view::palette::item_at(model, palette, at) else { return keys::close(model) };
            model.over = Over::Nothing;
            return act(model, item.act);
        }
        Over::Nothing | Over::Search => {}
        _ => return keys::close(model),
    }
    if areas.transcript.contains(at) {
        if let Some((turn, citation)) = link_at(model, at) {
            model.over = Over::Passage { turn, citation, scroll: 0 };
        }
    } else if areas.input.contains(at) {
        model.focus = Focus::Input;
    }
    vec![]
}

/// The citation under the pointer: whose it is, and its place in the list.
fn link_at(model: &Model, at: Position) -> Option<(usize, usize)> {
    let area = layout::areas(model).transcript;
    let row = view::transcript::top(model, area.height) + usize::from(at.y - area.y);
    let placed = model.turns.rows(row).next()?;
    Some((placed.turn, placed.row.link_at(usize::from(at.x - area.x))?))
}
