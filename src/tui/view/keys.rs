//! One line of keys: those that help where the user is. On a small screen, what was just said takes its place.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{layout, line, put, spans};
use crate::tui::{
    TalkKey,
    model::{Device, Focus, Model, Over, State},
    palette::Page,
    slash,
    theme::Role,
    wrap::{self, Span},
};

pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let pieces = match &model.said {
        Some((text, _)) if !layout::is_roomy(model.size) => {
            spans([(&wrap::fitting(&format!(" {text}"), usize::from(area.width)), Role::Note)])
        }
        _ => fitting(&keys(model), area.width),
    };
    put(buffer, (area.x, area.y), &line(model.theme, &pieces), area.width);
}

/// Whole entries only: half a hint is none.
fn fitting(keys: &[(String, String)], width: u16) -> Vec<Span> {
    let mut taken = 0;
    let mut pieces = Vec::new();
    for (key, does) in keys {
        taken += key.width() + does.width() + 3;
        if taken > usize::from(width) {
            break;
        }
        pieces.extend([Span::new(format!(" {key}"), Role::Key), Span::new(format!(" {does} "), Role::Faint)]);
    }
    pieces
}

fn keys(model: &Model) -> Vec<(String, String)> {
    let known = |list: &[(&str, &str)]| list.iter().map(|(key, does)| ((*key).to_owned(), (*does).to_owned())).collect::<Vec<_>>();
    match &model.over {
        Over::Nothing => here(model),
        Over::Greeting { .. } => known(&[("Enter", "begin"), ("Ctrl-P", "everything")]),
        Over::Help { .. } => known(&[("↑↓", "scroll"), ("Esc", "close")]),
        Over::Palette(palette) if palette.page == Page::Root => known(&[("Enter", "do it"), ("↑↓", "choose"), ("Esc", "close")]),
        Over::Palette(palette) if !palette.from_menu => known(&[("Enter", "take it"), ("↑↓", "choose"), ("Esc", "close")]),
        Over::Palette(_) => known(&[("Enter", "take it"), ("↑↓", "choose"), ("Esc", "back")]),
        Over::Passage { .. } => known(&[("←→", "other passages"), ("↑↓", "scroll"), ("Esc", "close")]),
        Over::Search => known(&[("↑↓", "other places"), ("Enter", "stay there"), ("Esc", "leave")]),
    }
}

fn here(model: &Model) -> Vec<(String, String)> {
    let typed = model.input.text();
    let commands = slash::beginning(&typed);
    if !commands.is_empty() {
        return commands.into_iter().map(|command| (format!("/{} {}", command.name, command.takes), command.does.to_owned())).collect();
    }
    let mut keys = Vec::new();
    let mut add = |key: &str, does: &str| keys.push((key.to_owned(), does.to_owned()));
    match (model.input.is_empty(), model.focus) {
        (false, Focus::Input) => {
            add("Enter", "send");
            add("Alt-Enter", "new line");
        }
        (_, focus) => {
            talk(model, &mut add);
            if focus == Focus::Reading {
                [("/", "search"), ("o", "passage"), ("y", "copy"), ("Tab", "type")].into_iter().for_each(|(key, does)| add(key, does));
            }
        }
    }
    if model.is_busy() {
        add("Esc", "silence");
    }
    if matches!(model.state(), State::Speaking | State::Paused) {
        add("Ctrl-S", if model.knobs.paused { "go on" } else { "pause" });
    }
    let always = [("Ctrl-P", "menu"), ("?", "help"), ("PgUp", "scroll"), ("Tab", "read"), ("Ctrl-Y", "copy")];
    always.into_iter().for_each(|(key, does)| add(key, does));
    keys
}

/// How the talk key works on this terminal.
fn talk(model: &Model, add: &mut impl FnMut(&str, &str)) {
    if matches!(model.microphone, Device::Lost(_)) {
        return;
    }
    let key = match model.talk_key {
        TalkKey::Space => "Space".to_owned(),
        TalkKey::Function(n) => format!("F{n}"),
    };
    let does = match (model.talk.is_down(), model.releases) {
        (false, true) => "hold to talk",
        (true, true) => "let go to send",
        (false, false) => "press to talk",
        (true, false) => "press to send",
    };
    add(&key, does);
}
