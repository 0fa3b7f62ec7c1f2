//! One line between transcript and input: a sentence that was just said, else the waterfall of the last turn.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{line, put, spans};
use crate::tui::{
    meters::Stage,
    model::Model,
    theme::Role,
    wrap::{Span, fitting},
};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let pieces = match &model.said {
        Some((text, _)) => spans([(&fitting(&format!(" {text}"), usize::from(area.width)), Role::Note)]),
        None => waterfall(model, area.width.into()),
    };
    put(buffer, (area.x, area.y), &line(model.theme, &pieces), area.width);
    if model.said.is_none() {
        let taken = pieces.iter().map(|piece| piece.text.chars().count()).sum();
        last_turns(model, usize::from(area.width).saturating_sub(taken), area, buffer);
    }
}

/// At the right as many of the last turns as the room beside the figures holds.
fn last_turns(model: &Model, room: usize, area: Rect, buffer: &mut Buffer) {
    let bars = spark(model);
    // A cell to either side.
    let skipped = bars.chars().count().saturating_sub(room.saturating_sub(2));
    let spark: String = bars.chars().skip(skipped).chain([' ']).collect();
    let width = spark.chars().count().min(room) as u16;
    let pieces = [Span::new(spark, Role::Faint)];
    put(buffer, (area.right() - width, area.y), &line(model.theme, &pieces), width);
}

/// The stages one after the other, in figures; where there is no room for all, without the shortest.
fn waterfall(model: &Model, width: usize) -> Vec<Span> {
    let mut stages = model.meters.stages();
    let total = stages.last().map(|last| last.to);
    loop {
        let pieces = figures(&stages, total);
        if stages.len() < 2 || pieces.iter().map(|piece| piece.text.chars().count()).sum::<usize>() <= width {
            return pieces;
        }
        let took = |stage: &Stage| stage.to - stage.from;
        let shortest = stages.iter().enumerate().min_by(|(_, one), (_, other)| took(one).total_cmp(&took(other)));
        shortest.map(|(at, _)| at).map(|at| stages.remove(at));
    }
}

fn figures(stages: &[Stage], total: Option<f64>) -> Vec<Span> {
    let mut pieces = vec![Span::new(" ", Role::Plain)];
    for (at, stage) in stages.iter().enumerate() {
        let gap = if at == 0 { "" } else { " › " };
        pieces.push(Span::new(gap, Role::Faint));
        pieces.push(Span::new(format!("{} {:.0}", stage.name, stage.to - stage.from), stage.role));
    }
    if let Some(total) = total {
        pieces.push(Span::new(format!(" = {total:.0} ms"), Role::Faint));
    }
    pieces
}

/// The last turns, the latest at the right; the longest wait is the highest.
pub fn spark(model: &Model) -> String {
    let most = model.meters.last.iter().copied().fold(1.0, f64::max);
    let bar = |wait: &f64| BARS[((wait / most * 7.0).round() as usize).min(7)];
    model.meters.last.iter().map(bar).collect()
}
