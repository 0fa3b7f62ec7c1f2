//! Figures beside the transcript, where there is room: the last turn as a waterfall, the last twenty, the machine.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{head, latency, line, spans, write};
use crate::{
    os::terminal::many,
    tui::{meters::Stage, model::Model, theme::Role, wrap::Span},
};

/// Columns of a bar of the waterfall.
const BAR: usize = 20;

pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    for row in area.rows() {
        buffer.set_string(row.x, row.y, "│", model.theme.style(Role::Faint));
    }
    let inside = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let mut lines = Vec::new();
    lines.extend(turn(model));
    lines.extend(twenty(model));
    lines.extend(machine(model));
    lines.extend(models(model));
    write(&lines, inside, buffer);
}

fn title(model: &Model, text: &str) -> Line<'static> {
    line(model.theme, &spans([(text, Role::Title)]))
}

fn turn(model: &Model) -> Vec<Line<'static>> {
    let stages = model.meters.stages();
    let Some(total) = stages.last().map(|stage| stage.to.max(1.0)) else { return Vec::new() };
    let mut lines = vec![title(model, "Last turn")];
    lines.extend(stages.iter().map(|stage| line(model.theme, &bar(stage, total))));
    lines.push(line(model.theme, &spans([(&format!("{:<7}{:>w$.0} ms", "in all", total, w = BAR + 3), Role::Faint)])));
    lines.push(Line::default());
    lines
}

fn bar(stage: &Stage, total: f64) -> Vec<Span> {
    let column = |ms: f64| ((ms / total * BAR as f64).round() as usize).min(BAR);
    let from = column(stage.from).min(BAR - 1);
    let length = column(stage.to).saturating_sub(from).max(1);
    vec![
        Span::new(format!("{:<7}{}", stage.name, " ".repeat(from)), Role::Faint),
        Span::new("█".repeat(length), stage.role),
        Span::new(format!("{}{:>6.0}", " ".repeat(BAR - from - length), stage.to - stage.from), Role::Plain),
    ]
}

fn twenty(model: &Model) -> Vec<Line<'static>> {
    let mut sorted: Vec<f64> = model.meters.last.iter().copied().collect();
    if sorted.is_empty() {
        return Vec::new();
    }
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let figures = format!("{}, half below {middle:.0} ms", many(sorted.len(), "turn"));
    let spark = latency::spark(model);
    vec![
        title(model, "Question to answer"),
        line(model.theme, &spans([(&spark, Role::Quiet)])),
        line(model.theme, &spans([(&figures, Role::Faint)])),
        Line::default(),
    ]
}

fn machine(model: &Model) -> Vec<Line<'static>> {
    let row = |name: &str, value: String| line(model.theme, &spans([(&format!("{name:<8}"), Role::Faint), (&value, Role::Plain)]));
    let vitals = model.meters.vitals;
    let rate = model.meters.tokens_per_s.map_or("–".to_owned(), |rate| format!("{rate:.1} tokens/s"));
    vec![
        title(model, "Machine"),
        row("memory", head::memory(vitals.resident)),
        row("cores", format!("{:.1} busy", vitals.cores)),
        row("writes", rate),
        row("hears", head::device(&model.microphone)),
        row("speaks", format!("{}, {:.1}×, {:.0} %", head::device(&model.speaker), model.knobs.speed, model.knobs.volume * 100.0)),
        Line::default(),
    ]
}

fn models(model: &Model) -> Vec<Line<'static>> {
    let row = |(role, name): &(String, String)| line(model.theme, &spans([(&format!("{role:<7} "), Role::Faint), (name, Role::Plain)]));
    let rows = model.models.iter().map(row);
    if model.models.is_empty() { Vec::new() } else { std::iter::once(title(model, "Models")).chain(rows).collect() }
}
