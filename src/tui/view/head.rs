//! The first line: what it does, what it hears, how it is set, and what it takes of the machine.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{layout, line, meter, put};
use crate::tui::{
    model::{Device, Model},
    theme::Role,
    wrap::{Row, Span, fitting, wrap},
};

pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let state = model.state();
    let mut left = vec![Span::new(format!(" ● {:<9} ", state.word()), state.role())];
    left.extend(meter::spans(model));
    let room = usize::from(area.width).saturating_sub(width(&left));
    left.extend(settings(model, layout::is_roomy(model.size)));
    let right = machine(model);
    put(buffer, (area.x, area.y), &line(model.theme, &left), area.width);
    let taken = width(&left);
    if width(&right) + 2 + taken <= usize::from(area.width) && room > 0 {
        let from = area.right() - width(&right) as u16;
        put(buffer, (from, area.y), &line(model.theme, &right), area.width);
    }
}

fn width(spans: &[Span]) -> usize {
    spans.iter().map(|span| span.text.width()).sum()
}

/// What differs from the usual, so that the line stays short.
fn settings(model: &Model, roomy: bool) -> Vec<Span> {
    let knobs = &model.knobs;
    let told = [(knobs.hands_free, "hands-free"), (!knobs.documents, "no documents"), (!knobs.aloud, "silent"), (knobs.edit, "editing")];
    let told: Vec<&str> = told.into_iter().filter(|(tell, _)| *tell).map(|(_, word)| word).collect();
    let gap = if roomy { "   " } else { " " };
    if told.is_empty() { Vec::new() } else { vec![Span::new(format!("{gap}{}", told.join(" · ")), Role::Note)] }
}

fn machine(model: &Model) -> Vec<Span> {
    let vitals = model.meters.vitals;
    if vitals.resident == 0 {
        return Vec::new();
    }
    let mut text = format!("{} · {:.1} cores", memory(vitals.resident), vitals.cores);
    if let Some(rate) = model.meters.tokens_per_s {
        text = format!("{text} · {rate:.0} tokens/s");
    }
    vec![Span::new(format!("{text} "), Role::Faint)]
}

pub fn memory(bytes: u64) -> String {
    if bytes < 1 << 30 { format!("{} MB", bytes >> 20) } else { format!("{:.1} GB", bytes as f64 / f64::from(1 << 30)) }
}

/// What is wrong with the devices, and what works all the same.
pub fn troubles(model: &Model) -> Option<String> {
    let microphone = match &model.microphone {
        Device::Lost(why) => Some(format!("type instead, the microphone is gone: {why}")),
        Device::Muted(_) => Some("microphone muted? it delivers nothing but zeros".to_owned()),
        _ => None,
    };
    let speaker = match &model.speaker {
        Device::Lost(why) => Some(format!("answers are text, the speaker is gone: {why}")),
        _ => None,
    };
    let all: Vec<String> = microphone.into_iter().chain(speaker).collect();
    (!all.is_empty()).then(|| all.join(" · "))
}

/// The same in rows: as many as there is room for, and where that is not all, a sign of it.
pub fn trouble_rows(model: &Model) -> Vec<Row> {
    let Some(text) = troubles(model) else { return Vec::new() };
    let (width, most) = (model.size.0, if layout::is_roomy(model.size) { 4 } else { 2 });
    let mut rows = wrap(Span::new(" ! ", Role::Error), &[Span::new(text, Role::Error)], width);
    let more = rows.len() > most;
    rows.truncate(most);
    if let (Some(last), true) = (rows.last_mut(), more) {
        let text = format!("{} …", last.text());
        last.spans = vec![Span::new(fitting(&text, usize::from(width)), Role::Error)];
    }
    rows
}

pub fn trouble(model: &Model, area: Rect, buffer: &mut Buffer) {
    for (row, at) in trouble_rows(model).iter().zip(area.rows()) {
        put(buffer, (at.x, at.y), &line(model.theme, &row.spans), at.width);
    }
}

/// A device in a word or two.
pub fn device(device: &Device) -> String {
    match device {
        Device::Unknown => "not open yet".to_owned(),
        Device::Open(name) => name.clone(),
        Device::Lost(_) => "gone".to_owned(),
        Device::Muted(name) => format!("{name} (muted?)"),
    }
}
