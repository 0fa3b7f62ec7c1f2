//! What a key, a line of the palette or a slash command means, carried out.

use super::{
    choices::Kind,
    event::Effect,
    input::Input,
    keys,
    model::{Focus, Model, Over},
    palette::{Page, Palette},
    search,
    talk::{Say, Talk},
    theme::{Role, Theme},
    turns::Turn,
    view::help,
};
use crate::{
    os::terminal::many,
    pipeline::{conductor::Ear, live::Command},
    sessions::{Entry, clerk},
};

/// A wish of the user. A switch without a value turns the other way.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Ask(String),
    /// The talk key as a word: begins to listen, or ends the question.
    Talk,
    Silence,
    Pause(Option<bool>),
    Repeat,
    /// 0.5 to 2.0; what is beyond stops there.
    Speed(f32),
    /// 0.0 to 1.0; what is beyond stops there.
    Volume(f32),
    HandsFree(Option<bool>),
    Documents(Option<bool>),
    Edit(Option<bool>),
    Aloud(Option<bool>),
    /// Opens the list of a kind.
    Choose(Kind),
    /// Lists the sessions that hold these words.
    Find(String),
    /// From a list.
    Take(Kind, String),
    /// By a name that was typed: it may mean nothing.
    Name(Kind, String),
    Theme(Option<Theme>),
    Copy,
    /// A passage of the last answer, from 0.
    Open(usize),
    Search(String),
    New,
    Export(Option<String>),
    /// What was found amiss at the start, in full.
    Notes,
    /// A sentence for the status line.
    Tell(String),
    Greet,
    Help,
    /// The part of the help that lists what can be typed.
    Commands,
    Palette,
    Quit,
}

impl Act {
    /// Whether the disk has to turn the page for it: refused while it does so already.
    pub fn turns(&self) -> bool {
        matches!(self, Self::New | Self::Take(Kind::Sessions, _) | Self::Name(Kind::Sessions, _))
    }
}

/// Carries it out.
pub fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Ask(text) => ask(model, &text),
        Act::Silence => silence(model),
        Act::Talk => talk(model),
        Act::Pause(on) => pause(model, on),
        Act::Repeat => repeat(model),
        Act::Speed(rate) => speed(model, rate),
        Act::Volume(volume) => loudness(model, volume),
        Act::HandsFree(on) => switch(model, "hands-free", on, |m| &mut m.knobs.hands_free, Command::HandsFree),
        Act::Documents(on) => switch(model, "documents", on, |m| &mut m.knobs.documents, Command::Documents),
        Act::Edit(on) => switch(model, "editing before sending", on, |m| &mut m.knobs.edit, Command::Edit),
        Act::Aloud(on) => switch(model, "speaking the answers", on, |m| &mut m.knobs.aloud, Command::Aloud),
        Act::Choose(kind) => list(model, kind, Effect::List(kind)),
        Act::Find(words) => list(model, Kind::Sessions, Effect::Find(words)),
        Act::Take(kind, name) | Act::Name(kind @ Kind::Sessions, name) => take(model, kind, name),
        Act::Name(kind, name) => vec![Effect::Check(kind, name)],
        Act::Theme(theme) => {
            model.theme = theme.unwrap_or(model.theme.next());
            model.say(&format!("theme: {}", model.theme.name()));
            vec![]
        }
        Act::Copy => copy(model),
        Act::Open(citation) => open(model, citation),
        Act::Search(words) => {
            model.over = Over::Search;
            search::find(model, &words);
            vec![]
        }
        Act::New => turn(model, vec![Effect::Send(Command::Silence), Effect::Fresh]),
        Act::Export(file) => vec![Effect::Export(file)],
        Act::Notes => notes(model),
        Act::Tell(text) => {
            model.say(&text);
            vec![]
        }
        Act::Greet => over(model, Over::Greeting { scroll: 0 }),
        Act::Help => over(model, Over::Help { scroll: 0 }),
        Act::Commands => over(model, Over::Help { scroll: help::commands_at(model) }),
        Act::Palette => over(model, Over::Palette(Palette::default())),
        Act::Quit => vec![Effect::Quit],
    }
}

fn over(model: &mut Model, over: Over) -> Vec<Effect> {
    model.over = over;
    vec![]
}

fn list(model: &mut Model, kind: Kind, effect: Effect) -> Vec<Effect> {
    model.over = Over::Palette(Palette { page: Page::Of(kind, None), ..Palette::default() });
    vec![effect]
}

fn talk(model: &mut Model) -> Vec<Effect> {
    let down = model.talk.is_down();
    model.talk = if down { Talk::Up } else { Talk::Down { since: model.now } };
    keys::said(model, if down { Say::Release } else { Say::Press })
}

/// Ends what goes on. Words that are still being understood become a draft.
fn silence(model: &mut Model) -> Vec<Effect> {
    if let Some(words) = keep_words(model)
        && model.input.is_empty()
    {
        model.input = Input::holding(&words);
        model.say("this is what was heard: edit and press Enter to send");
    }
    vec![Effect::Send(Command::Silence)]
}

/// A spoken question that is given up while it is being understood: its words so far, which stay on the screen.
pub fn keep_words(model: &mut Model) -> Option<String> {
    // After the key a little more is listened to before it is understood.
    let tail = model.doing.ear == Ear::Listening && !model.talk.is_down() && !model.knobs.hands_free;
    if model.doing.ear != Ear::Transcribing && !tail {
        return None;
    }
    let question = &mut model.turns.unheard()?.question;
    let words = question.words();
    question.kept = !words.is_empty();
    if !question.kept {
        model.say("dropped before a word of it was understood");
    }
    Some(words).filter(|words| !words.is_empty())
}

fn ask(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.is_turning() {
        model.input = Input::holding(text);
        model.say(&clerk::turning().to_string());
        return vec![];
    }
    model.turns.push(Turn::asked(text));
    model.top = None;
    model.knobs.paused = false;
    vec![Effect::Send(Command::Ask(text.to_owned()))]
}

fn pause(model: &mut Model, on: Option<bool>) -> Vec<Effect> {
    model.knobs.paused = on.unwrap_or(!model.knobs.paused);
    model.say(if model.knobs.paused { "paused: the same key goes on" } else { "going on" });
    vec![Effect::Send(Command::Pause(model.knobs.paused))]
}

fn repeat(model: &mut Model) -> Vec<Effect> {
    if model.turns.answered().is_none() {
        model.say("there is no answer to repeat yet");
        return vec![];
    }
    model.knobs.paused = false;
    vec![Effect::Send(Command::Repeat)]
}

fn speed(model: &mut Model, rate: f32) -> Vec<Effect> {
    model.knobs.speed = hundredths(rate).clamp(0.5, 2.0);
    model.say(&format!("speed: {:.1}×", model.knobs.speed));
    vec![Effect::Send(Command::Speed(model.knobs.speed))]
}

fn loudness(model: &mut Model, volume: f32) -> Vec<Effect> {
    model.knobs.volume = hundredths(volume).clamp(0.0, 1.0);
    model.say(&format!("volume: {:.0} %", model.knobs.volume * 100.0));
    vec![Effect::Send(Command::Volume(model.knobs.volume))]
}

/// Steps of a tenth do not drift.
fn hundredths(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

fn switch(
    model: &mut Model,
    name: &str,
    wanted: Option<bool>,
    knob: impl Fn(&mut Model) -> &mut bool,
    command: impl Fn(bool) -> Command,
) -> Vec<Effect> {
    let on = wanted.unwrap_or(!*knob(model));
    *knob(model) = on;
    model.say(&format!("{name}: {}", if on { "on" } else { "off" }));
    vec![Effect::Send(command(on))]
}

pub fn take(model: &mut Model, kind: Kind, name: String) -> Vec<Effect> {
    match kind {
        Kind::Sessions => turn(model, vec![Effect::Resume(name)]),
        Kind::Voices => vec![Effect::Send(Command::Voice(name))],
        Kind::Models => vec![Effect::Send(Command::Model(name))],
        Kind::Inputs => vec![Effect::Send(Command::Input(name))],
        Kind::Outputs => vec![Effect::Send(Command::Output(name))],
    }
}

/// Asks the disk for another conversation, one at a time; nothing changes before it has answered.
fn turn(model: &mut Model, effects: Vec<Effect>) -> Vec<Effect> {
    if model.is_turning() {
        model.say(&clerk::turning().to_string());
        return vec![];
    }
    model.turning = Some(model.now);
    effects
}

/// A command that may fail was carried out: now it is so.
pub fn obeyed(model: &mut Model, command: Command) {
    let clean = super::clean::line;
    let text = match command {
        Command::Voice(name) => {
            model.knobs.voice = clean(&name);
            format!("voice: {name}")
        }
        Command::Model(name) => {
            model.knobs.model = clean(&name);
            format!("language model: {name}")
        }
        Command::Input(name) => format!("microphone: {name}"),
        Command::Output(name) => format!("speaker: {name}"),
        _ => return,
    };
    model.say(&text);
}

/// Notes of the start on one line: all of them are one command away.
pub fn folded(notes: &[String]) -> Option<String> {
    (!notes.is_empty()).then(|| format!("{}: /notes", many(notes.len(), "note")))
}

fn notes(model: &mut Model) -> Vec<Effect> {
    if model.warnings.is_empty() {
        model.say("there is nothing to note");
    }
    let notes = model.warnings.clone();
    notes.iter().for_each(|note| model.remark(note, Role::Note));
    model.top = None;
    vec![]
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(answer) = model.turns.answered().map(|turn| turn.answer.trim().to_owned()) else {
        model.say("there is no answer to copy yet");
        return vec![];
    };
    model.say("copied, if this terminal allows it");
    vec![Effect::Copy(answer)]
}

fn open(model: &mut Model, citation: usize) -> Vec<Effect> {
    match model.turns.list().iter().rposition(|turn| turn.passages.len() > citation) {
        Some(turn) => model.over = Over::Passage { turn, citation, scroll: 0 },
        None => model.say("no passage is cited here"),
    }
    vec![]
}

/// The disk has a new conversation: so have the screen and the model.
pub fn begun(model: &mut Model) -> Vec<Effect> {
    model.turning = None;
    model.turns.clear();
    (model.top, model.search, model.focus) = (None, super::model::Search::default(), Focus::Input);
    model.remark("A new conversation: what was said before is forgotten.", Role::Note);
    vec![Effect::Send(Command::Recall(Vec::new()))]
}

/// Shows an earlier conversation, to go on with it.
pub fn recall(model: &mut Model, entries: &[Entry]) -> Vec<Effect> {
    model.turning = None;
    model.turns.clear();
    (model.top, model.search) = (None, super::model::Search::default());
    for entry in entries {
        model.turns.push(Turn::past(entry));
    }
    model.remark("Going on from here.", Role::Note);
    vec![Effect::Send(Command::Recall(entries.iter().filter_map(Entry::exchange).collect()))]
}
