//! The size of the terminal into regions: all of them where there is room, the words alone at 40 by 10.

use ratatui::layout::Rect;

use super::head;
use crate::tui::model::Model;

/// From this width on there is a panel with figures beside the transcript.
pub const WIDE: u16 = 104;
const PANEL: u16 = 36;

/// Below this there is room for nothing but words.
const ROOMY: (u16, u16) = (60, 16);

/// Rows that a long question may take.
const INPUT: u16 = 6;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    pub head: Rect,
    pub trouble: Option<Rect>,
    pub transcript: Rect,
    pub panel: Option<Rect>,
    pub latency: Option<Rect>,
    /// With the rule above it where there is room for one.
    pub input: Rect,
    pub keys: Rect,
}

pub fn areas(model: &Model) -> Areas {
    let (width, height) = model.size;
    let roomy = is_roomy(model.size);
    let row = |y: u16, rows: u16| Rect::new(0, y, width, rows).intersection(Rect::new(0, 0, width, height));
    let troubles = head::trouble_rows(model).len() as u16;
    let trouble = (troubles > 0).then(|| row(1, troubles));
    let above = 1 + troubles;
    let most = if roomy { INPUT } else { (height / 4).max(1) };
    let typed = model.input.height(width.saturating_sub(2)).clamp(1, most);
    let input = typed + u16::from(roomy);
    let below = input + 1 + u16::from(roomy);
    let middle = row(above, height.saturating_sub(above + below));
    let bottom = middle.bottom();
    let panel = (width >= WIDE && roomy).then(|| Rect { x: width - PANEL, width: PANEL, ..middle });
    let transcript = Rect { width: width - panel.map_or(0, |panel| panel.width + 1), ..middle };
    let latency = roomy.then(|| row(bottom, 1));
    let input = row(bottom + u16::from(roomy), input);
    Areas { head: row(0, 1), trouble, transcript, panel, latency, input, keys: row(input.bottom(), 1) }
}

pub fn is_roomy((width, height): (u16, u16)) -> bool {
    width >= ROOMY.0 && height >= ROOMY.1
}

/// A rectangle of at most this size in the middle of another.
pub fn middle(of: Rect, (width, height): (u16, u16)) -> Rect {
    let (width, height) = (width.min(of.width), height.min(of.height));
    Rect { x: of.x + (of.width - width) / 2, y: of.y + (of.height - height) / 2, width, height }
}

/// Without the border, and a column of space on both sides.
pub fn inside(outer: Rect) -> Rect {
    let (width, height) = (outer.width.saturating_sub(4), outer.height.saturating_sub(2));
    Rect { x: outer.x + 2.min(outer.width), y: outer.y + 1.min(outer.height), width, height }
}
