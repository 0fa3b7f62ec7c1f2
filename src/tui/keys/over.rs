//! Keys while something stands over the transcript: help, palette, passage, search, greeting.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::{
    act::act,
    event::Effect,
    model::{Focus, Model, Over, Search},
    palette::{self, Page, Palette},
    search,
    view::greeting::furthest as greeting_end,
};

pub fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match model.over.clone() {
        Over::Nothing => vec![],
        Over::Greeting { scroll } => greeting(model, key, scroll),
        Over::Help { scroll } => {
            if let Some(scroll) = scrolled(scroll, key.code) {
                model.over = Over::Help { scroll };
                return vec![];
            }
            close(model)
        }
        Over::Passage { turn, citation, scroll } => passage(model, key, turn, citation, scroll),
        Over::Palette(palette) => choose(model, key, palette),
        Over::Search => searching(model, key),
    }
}

/// Closes what stands over the transcript.
pub fn close(model: &mut Model) -> Vec<Effect> {
    let greeted = matches!(std::mem::take(&mut model.over), Over::Greeting { .. });
    if greeted { vec![Effect::Greeted] } else { vec![] }
}

/// A letter begins a question, so that nobody has to dismiss anything first.
fn greeting(model: &mut Model, key: KeyEvent, scroll: usize) -> Vec<Effect> {
    // Letters begin a question: only arrows and pages scroll.
    if !matches!(key.code, KeyCode::Char(_))
        && let Some(scroll) = scrolled(scroll, key.code)
    {
        model.over = Over::Greeting { scroll: scroll.min(greeting_end(model)) };
        return vec![];
    }
    let effects = close(model);
    if let KeyCode::Char(c) = key.code
        && c != '?'
        && !key.modifiers.contains(KeyModifiers::CONTROL)
    {
        model.input.key(key);
    }
    effects
}

fn scrolled(scroll: usize, code: KeyCode) -> Option<usize> {
    Some(match code {
        KeyCode::Up | KeyCode::Char('k') => scroll.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => scroll + 1,
        KeyCode::PageUp => scroll.saturating_sub(8),
        KeyCode::PageDown => scroll + 8,
        KeyCode::Home => 0,
        _ => return None,
    })
}

fn passage(model: &mut Model, key: KeyEvent, turn: usize, citation: usize, scroll: usize) -> Vec<Effect> {
    let count = model.turns.list().get(turn).map_or(0, |turn| turn.passages.len());
    let to = |citation: usize| Over::Passage { turn, citation, scroll: 0 };
    match key.code {
        KeyCode::Right | KeyCode::Tab if count > 0 => model.over = to((citation + 1) % count),
        KeyCode::Left | KeyCode::BackTab if count > 0 => model.over = to((citation + count - 1) % count),
        KeyCode::Char(c @ '1'..='9') if (c as usize - '1' as usize) < count => model.over = to(c as usize - '1' as usize),
        code => match scrolled(scroll, code) {
            Some(scroll) => model.over = Over::Passage { turn, citation, scroll },
            None => return close(model),
        },
    }
    vec![]
}

fn choose(model: &mut Model, key: KeyEvent, mut palette: Palette) -> Vec<Effect> {
    let items = palette::items(model, &palette);
    let last = items.len().saturating_sub(1);
    match key.code {
        KeyCode::Esc if palette.page != Page::Root && palette.from_menu => palette = Palette::default(),
        KeyCode::Esc => return close(model),
        KeyCode::Enter => {
            let Some(item) = items.into_iter().nth(palette.selected) else { return vec![] };
            model.over = Over::Nothing;
            let effects = act(model, item.act);
            if let Over::Palette(list) = &mut model.over {
                list.from_menu = true;
            }
            return effects;
        }
        KeyCode::Up => palette.selected = palette.selected.checked_sub(1).unwrap_or(last),
        KeyCode::Down | KeyCode::Tab => palette.selected = if palette.selected >= last { 0 } else { palette.selected + 1 },
        KeyCode::PageDown => palette.selected = (palette.selected + 8).min(last),
        KeyCode::PageUp => palette.selected = palette.selected.saturating_sub(8),
        code => {
            letter(&mut palette.query, code, key.modifiers);
            palette.selected = 0;
        }
    }
    model.over = Over::Palette(palette);
    vec![]
}

/// Types into a line of one word or two.
fn letter(line: &mut String, code: KeyCode, modifiers: KeyModifiers) {
    match code {
        KeyCode::Char('u') if modifiers.contains(KeyModifiers::CONTROL) => line.clear(),
        KeyCode::Char(c) if !modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) && line.len() < 200 => {
            line.push_str(&super::super::clean::text(&c.to_string()));
        }
        KeyCode::Backspace => drop(line.pop()),
        _ => {}
    }
}

fn searching(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => {
            (model.over, model.search, model.top) = (Over::Nothing, Search::default(), None);
        }
        // The words stay marked, and n and N go on from one to the next.
        KeyCode::Enter => (model.over, model.focus) = (Over::Nothing, Focus::Reading),
        KeyCode::Up => search::step(model, -1),
        KeyCode::Down => search::step(model, 1),
        code => {
            let mut query = model.search.query.clone();
            letter(&mut query, code, key.modifiers);
            search::find(model, &query);
        }
    }
    vec![]
}

/// Pasted text goes where letters go.
pub fn paste(model: &mut Model, text: &str) {
    let line = super::super::clean::line(text);
    match &mut model.over {
        Over::Palette(palette) => palette.query.push_str(&line),
        Over::Search => {
            let query = format!("{}{line}", model.search.query);
            search::find(model, &query);
        }
        _ => {
            (model.over, model.focus) = (Over::Nothing, Focus::Input);
            model.input.paste(text);
        }
    }
}

/// The answer to a question of the palette arrived.
pub fn listed(model: &mut Model, kind: super::super::choices::Kind, found: Vec<super::super::choices::Choice>) {
    if let Over::Palette(Palette { page: Page::Of(asked, list), .. }) = &mut model.over
        && *asked == kind
    {
        *list = Some(found);
    }
}
