//! The first run: hello, whether the microphone hears, which models are in use and how to get better ones.

use ratatui::buffer::Buffer;

use super::{head, line, meter, spans, window, write};
use crate::tui::{
    model::{Device, Model},
    theme::Role,
    wrap::{Row, Span, wrap},
};

const WIDTH: u16 = 72;

pub fn draw(model: &Model, buffer: &mut Buffer) {
    let rows = rows(model, WIDTH.min(buffer.area.width).saturating_sub(4));
    let inside = window(model, "Welcome to xnai", (WIDTH, rows.len() as u16 + 2), buffer);
    let shown: Vec<_> = rows.iter().map(|row| line(model.theme, &row.spans)).collect();
    write(&shown, inside, buffer);
}

fn rows(model: &Model, width: u16) -> Vec<Row> {
    let say = |text: &str, role| wrap(Span::default(), &spans([(text, role)]), width);
    let mut rows = say("Ask me something: I answer out of your documents, on this computer alone.", Role::Plain);
    rows.push(Row::default());
    rows.extend(microphone(model, width));
    rows.push(Row::default());
    for (role, name) in &model.models {
        rows.extend(wrap(Span::new(format!("{role:<12}"), Role::Faint), &spans([(name, Role::Plain)]), width));
    }
    for warning in &model.warnings {
        rows.extend(wrap(Span::new("· ", Role::Note), &spans([(warning, Role::Note)]), width));
    }
    rows.extend(say("Better models: xnai models list, then xnai models pull. Your documents: xnai ingest FOLDER.", Role::Faint));
    rows.push(Row::default());
    rows.extend(say("Enter begins. ? shows all keys.", Role::Key));
    rows
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
