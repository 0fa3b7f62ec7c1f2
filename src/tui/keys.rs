//! A key into what follows from it: the talk key first, then whatever stands over the transcript, then the rest.

mod over;

pub use over::{close, listed, paste};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};

use super::{
    TalkKey,
    act::{Act, act, keep_words},
    event::Effect,
    input::Input,
    model::{Device, Focus, Model, Over},
    search, slash,
    talk::{Say, Stroke, Talk},
    turns::Question,
    view::layout,
};
use crate::{pipeline::live::Command, sessions::clerk};

pub fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let key = shifted(key);
    if is_talk_key(model, key) {
        return talk(model, key.kind);
    }
    if key.kind == KeyEventKind::Release {
        return vec![];
    }
    if let Some(effects) = anywhere(model, key) {
        return effects;
    }
    match (&model.over, model.focus) {
        (Over::Nothing, Focus::Input) => typing(model, key),
        (Over::Nothing, Focus::Reading) => reading(model, key),
        _ => over::key(model, key),
    }
}

/// Where every key is reported, Caps Lock is a state and no other letter.
fn shifted(mut key: KeyEvent) -> KeyEvent {
    if let KeyCode::Char(c) = key.code
        && key.state.contains(KeyEventState::CAPS_LOCK)
        && c.is_lowercase()
    {
        key.code = KeyCode::Char(c.to_uppercase().next().unwrap_or(c));
    }
    key
}

fn is_talk_key(model: &Model, key: KeyEvent) -> bool {
    match model.talk_key {
        TalkKey::Function(n) => key.code == KeyCode::F(n) && !matches!(model.over, Over::Palette(_) | Over::Search),
        // Let go, it is the talk key even where the line was filled meanwhile.
        TalkKey::Space => key.code == KeyCode::Char(' ') && key.modifiers.is_empty() && (model.space_talks() || model.talk.is_down()),
    }
}

fn talk(model: &mut Model, kind: KeyEventKind) -> Vec<Effect> {
    let stroke = match kind {
        KeyEventKind::Press => Stroke::Press,
        KeyEventKind::Repeat => Stroke::Repeat,
        KeyEventKind::Release => Stroke::Release,
    };
    let (talk, say) = model.talk.stroke(stroke, model.releases, model.now);
    model.talk = talk;
    said(model, say)
}

/// The talk key went down or up, by a stroke or by time.
pub fn said(model: &mut Model, say: Say) -> Vec<Effect> {
    match say {
        Say::Nothing => vec![],
        Say::Release => vec![Effect::Send(Command::Release)],
        // Whoever presses wants silence; there is nothing to listen with.
        Say::Press if matches!(model.microphone, Device::Lost(_)) => {
            model.talk = Talk::Up;
            model.say("there is no microphone: type your question instead");
            vec![Effect::Send(Command::Silence)]
        }
        Say::Press if model.is_turning() => {
            model.talk = Talk::Up;
            model.say(&clerk::turning().to_string());
            vec![Effect::Send(Command::Silence)]
        }
        Say::Press => {
            keep_words(model);
            model.top = None;
            model.knobs.paused = false;
            vec![Effect::Send(Command::Press)]
        }
    }
}

/// Keys that mean the same everywhere.
fn anywhere(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let knobs = (model.knobs.speed, model.knobs.volume);
    let wish = match key.code {
        KeyCode::F(1) => Act::Help,
        KeyCode::Char('c') if control => return Some(stop_or_quit(model)),
        KeyCode::Char('d') if control && model.input.is_empty() => Act::Quit,
        KeyCode::Char('q') if control => Act::Quit,
        KeyCode::Char('z') if control => return Some(vec![Effect::Suspend]),
        KeyCode::Char('l') if control => return Some(vec![Effect::Redraw]),
        KeyCode::Char('p') if control => Act::Palette,
        KeyCode::Char('f') if control => Act::Search(String::new()),
        KeyCode::Char('y') if control => Act::Copy,
        KeyCode::Char('r') if control => Act::Repeat,
        KeyCode::Char('s') if control => Act::Pause(None),
        KeyCode::Char('t') if control => Act::HandsFree(None),
        KeyCode::Char('o') if control => Act::Open(0),
        KeyCode::Char('u') if control && !model.input.is_empty() => {
            model.input.take();
            return Some(vec![]);
        }
        KeyCode::Left if alt => Act::Speed(knobs.0 - 0.1),
        KeyCode::Right if alt => Act::Speed(knobs.0 + 0.1),
        KeyCode::Down if alt => Act::Volume(knobs.1 - 0.1),
        KeyCode::Up if alt => Act::Volume(knobs.1 + 0.1),
        _ => return None,
    };
    Some(act(model, wish))
}

/// Ctrl-C ends what goes on; where nothing does, the program.
fn stop_or_quit(model: &mut Model) -> Vec<Effect> {
    if model.over != Over::Nothing {
        return over::close(model);
    }
    if !model.input.is_empty() {
        model.input.take();
        return vec![];
    }
    act(model, if model.is_busy() { Act::Silence } else { Act::Quit })
}

fn typing(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let empty = model.input.is_empty();
    let newline = key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SHIFT);
    match key.code {
        KeyCode::Enter if newline => model.input.newline(),
        KeyCode::Char('j') if key.modifiers.contains(KeyModifiers::CONTROL) => model.input.newline(),
        KeyCode::Enter => return enter(model),
        KeyCode::Esc => return escape(model),
        KeyCode::Tab => complete_or_read(model),
        KeyCode::Char('?') if empty => return act(model, Act::Help),
        KeyCode::Up if empty => recall_question(model),
        KeyCode::PageUp | KeyCode::PageDown => scroll_by_key(model, key.code),
        KeyCode::Home | KeyCode::End if empty || key.modifiers.contains(KeyModifiers::CONTROL) => scroll_by_key(model, key.code),
        _ => model.input.key(key),
    }
    vec![]
}

fn enter(model: &mut Model) -> Vec<Effect> {
    let line = model.input.take();
    match slash::parse(&line, &model.knobs) {
        _ if line.is_empty() => act(model, Act::Open(0)),
        None => act(model, Act::Ask(line)),
        Some(Ok(wish)) => {
            if model.is_turning() && wish.turns() {
                // It is refused: nothing that was typed is lost.
                model.input = Input::holding(&line);
            }
            act(model, wish)
        }
        Some(Err(wrong)) => {
            model.input = Input::holding(&line);
            model.say(&wrong);
            vec![]
        }
    }
}

/// Silences; where nothing sounds, back to the end of the transcript.
fn escape(model: &mut Model) -> Vec<Effect> {
    model.search = super::model::Search::default();
    model.said = None;
    if model.is_busy() {
        model.knobs.paused = false;
        return act(model, Act::Silence);
    }
    model.top = None;
    vec![]
}

fn complete_or_read(model: &mut Model) {
    let line = model.input.text();
    if !line.starts_with('/') {
        model.focus = Focus::Reading;
    } else if let Some((typed, made)) = slash::complete(&line, model.completed.as_ref()) {
        model.input = super::input::Input::holding(&made);
        model.completed = Some((typed, made));
    } else {
        model.say("no command begins like that");
    }
}

/// The last typed or spoken question, to be asked in other words.
fn recall_question(model: &mut Model) {
    let last = model.turns.list().iter().rev().map(|turn| &turn.question).find(|question| {
        let known = question.whole || question.kept;
        known && !question.words().is_empty()
    });
    if let Some(text) = last.map(Question::words) {
        model.input = super::input::Input::holding(&text);
    }
}

fn reading(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc if model.is_busy() => return act(model, Act::Silence),
        KeyCode::Esc | KeyCode::Tab | KeyCode::Char('i') => {
            (model.focus, model.search) = (Focus::Input, super::model::Search::default());
        }
        KeyCode::Char('?') => return act(model, Act::Help),
        KeyCode::Char('/') => return act(model, Act::Search(String::new())),
        KeyCode::Char('n') => search::step(model, -1),
        KeyCode::Char('N') => search::step(model, 1),
        KeyCode::Char('y') => return act(model, Act::Copy),
        KeyCode::Char('r') => return act(model, Act::Repeat),
        KeyCode::Char('p') => return act(model, Act::Pause(None)),
        KeyCode::Char('o') | KeyCode::Enter => return act(model, Act::Open(0)),
        KeyCode::Char(c @ '1'..='9') => return act(model, Act::Open(c as usize - '1' as usize)),
        KeyCode::Char('k') | KeyCode::Up => scroll(model, -1),
        KeyCode::Char('j') | KeyCode::Down => scroll(model, 1),
        KeyCode::Char('g') => scroll_by_key(model, KeyCode::Home),
        KeyCode::Char('G') => scroll_by_key(model, KeyCode::End),
        code => scroll_by_key(model, code),
    }
    vec![]
}

fn scroll_by_key(model: &mut Model, code: KeyCode) {
    let page = isize::from(layout::areas(model).transcript.height as i16).max(2) - 1;
    match code {
        KeyCode::PageUp => scroll(model, -page),
        KeyCode::PageDown => scroll(model, page),
        KeyCode::Home => scroll(model, isize::MIN / 2),
        KeyCode::End => model.top = None,
        _ => {}
    }
}

/// Rows up (negative) or down. At the end it stays at the end, wherever that goes.
pub fn scroll(model: &mut Model, rows: isize) {
    let room = usize::from(layout::areas(model).transcript.height);
    let end = model.turns.height().saturating_sub(room);
    let top = model.top.unwrap_or(end).min(end).saturating_add_signed(rows);
    model.top = Some(top).filter(|top| *top < end);
}
