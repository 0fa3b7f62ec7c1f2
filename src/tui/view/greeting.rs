//! The first run: hello, whether the microphone hears, which models are in use and how to get better ones.

use ratatui::buffer::Buffer;

use super::{head, layout, line, meter, put, spans, window, write};
use crate::tui::{
    model::{Device, Model},
    theme::Role,
    wrap::{Row, Span, wrap},
};

const WIDTH: u16 = 72;

pub fn draw(model: &Model, scroll: usize, buffer: &mut Buffer) {
    let width = WIDTH.min(buffer.area.width).saturating_sub(4);
    let rows = rows(model, width);
    let inside = window(model, "Welcome to xnai", (WIDTH, rows.len() as u16 + 4), buffer);
    // The way out is always in sight, whatever has to be scrolled.
    let room = usize::from(inside.height.saturating_sub(1));
    let first = scroll.min(rows.len().saturating_sub(room));
    let shown: Vec<_> = rows[first..].iter().take(room).map(|row| line(model.theme, &row.spans)).collect();
    write(&shown, inside, buffer);
    let more = if first + room < rows.len() { "  ↓" } else { "" };
    let way_out = spans([("Enter begins. ? shows all keys.", Role::Key), (more, Role::Key)]);
    put(buffer, (inside.x, inside.bottom().saturating_sub(1)), &line(model.theme, &way_out), inside.width);
}

fn rows(model: &Model, width: u16) -> Vec<Row> {
    let roomy = layout::is_roomy(model.size);
    let say = |text: &str, role| wrap(Span::default(), &spans([(text, role)]), width);
    let gap = roomy.then(Row::default);
    let mut rows = say("Ask me something: I answer out of your documents, on this computer alone.", Role::Plain);
    rows.extend(gap.clone());
    rows.extend(microphone(model, width));
    rows.extend(gap);
    for (role, name) in &model.models {
        rows.extend(wrap(Span::new(format!("{role:<12}"), Role::Faint), &spans([(name, Role::Plain)]), width));
    }
    for warning in &model.warnings {
        rows.extend(wrap(Span::new("· ", Role::Note), &spans([(warning, Role::Note)]), width));
    }
    rows.extend(say("Better models: xnai models list, then xnai models pull. Your documents: xnai ingest FOLDER.", Role::Faint));
    rows
}

/// The furthest that it can be scrolled.
pub fn furthest(model: &Model) -> usize {
    let width = WIDTH.min(model.size.0).saturating_sub(4);
    rows(model, width).len().saturating_sub(usize::from(model.size.1.saturating_sub(3)))
}

/// The meter moves when somebody speaks: that is the check.
fn microphone(model: &Model, width: u16) -> Vec<Row> {
    let mut pieces = meter::spans(model);
    pieces.push(Span::new("  ", Role::Plain));
    pieces.push(match &model.microphone {
        Device::Lost(why) => Span::new(format!("({why}) Type your questions instead."), Role::Error),
        Device::Muted(name) => Span::new(format!("{name} delivers nothing: is it muted?"), Role::Error),
        Device::Unknown => Span::new("The microphone opens when you first talk.", Role::Faint),
        Device::Open(_) if model.level.speech => Span::new("I hear you.", Role::Lamp),
        device => Span::new(format!("Say something: {} should move this.", head::device(device)), Role::Plain),
    });
    wrap(Span::default(), &pieces, width)
}
