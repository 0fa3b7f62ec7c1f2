//! What the conversation told, into the model.

use std::time::Duration;

use super::{
    clean,
    event::Effect,
    input::Input,
    model::{Device, Focus, Model, Silence},
    theme::Role,
    turns::{End, Turn},
    view::meter,
};
use crate::{
    error::{Error, Kind},
    parcel::{Finish, Passages},
    pipeline::{
        News, Notice, Told,
        conductor::Ear,
        news::{DeviceState, Doing, Level, Origin, Side},
        worker::Engine,
    },
    turn::TurnId,
};

/// A device that was gone for less than this was not seen to be.
const SEEN: Duration = Duration::from_secs(1);

/// Takes it in; nothing where the screen looks the same afterwards.
pub fn told(model: &mut Model, told: &Told) -> Option<Vec<Effect>> {
    model.meters.note(told);
    let effects = match &told.news {
        News::Level(level) => return heard(model, *level).then(Vec::new),
        News::Turn(id, notice) => turn(model, *id, notice),
        News::Loaded(engine, _) => loaded(model, *engine),
        News::Doing(doing) => doing_now(model, *doing),
        News::Phrase(phrase) => {
            model.phrase = *phrase;
            vec![]
        }
        News::Device(side, state) => device(model, *side, state),
        News::Stays(stays) => {
            let knob = if stays.engine == Engine::Writer { &mut model.knobs.model } else { &mut model.knobs.voice };
            if *knob == clean::line(&stays.refused) {
                *knob = clean::line(&stays.name);
            }
            model.say(&stays.to_string());
            vec![]
        }
        News::Note(text) => {
            model.say(text);
            vec![]
        }
    };
    Some(effects)
}

/// The meter moves only when a part of it turns on or off.
fn heard(model: &mut Model, level: Level) -> bool {
    let before = std::mem::replace(&mut model.level, level);
    before.speech != level.speech || meter::parts(before.db) != meter::parts(level.db)
}

/// Once the writer is there, questions are answered.
fn loaded(model: &mut Model, engine: Engine) -> Vec<Effect> {
    if engine == Engine::Writer {
        model.waking = false;
    }
    vec![]
}

/// Whoever pressed and was cut off by the longest question need not press again to end it.
fn doing_now(model: &mut Model, doing: Doing) -> Vec<Effect> {
    let before = std::mem::replace(&mut model.doing, doing);
    if before.ear == Ear::Listening && doing.ear != Ear::Listening && !model.releases {
        model.talk = super::talk::Talk::Up;
    }
    model.knobs.hands_free = doing.hands_free;
    vec![]
}

fn device(model: &mut Model, side: Side, state: &DeviceState) -> Vec<Effect> {
    let slot = if side == Side::Input { &mut model.microphone } else { &mut model.speaker };
    let name = match slot {
        Device::Open(name) | Device::Muted(name) => name.clone(),
        _ => String::new(),
    };
    *slot = match state {
        DeviceState::Open(name) => Device::Open(clean::line(name)),
        DeviceState::Lost(why) => Device::Lost(clean::line(why)),
        DeviceState::Muted if side == Side::Input && model.silence.told => Device::Open(name),
        DeviceState::Muted => Device::Muted(name),
    };
    if side == Side::Input {
        let muted = *state == DeviceState::Muted;
        let again = muted && model.silence.told;
        model.silence = Silence { told: model.silence.told || muted, since: again.then_some(model.now) };
    }
    let what = if side == Side::Input { "microphone" } else { "speaker" };
    // What is lost has a line of its own for as long as it is.
    let gone = &mut model.gone[usize::from(side == Side::Output)];
    match state {
        DeviceState::Lost(_) => drop(gone.get_or_insert(model.now)),
        DeviceState::Muted => {}
        DeviceState::Open(name) => {
            // A loss that nobody saw needs no end.
            let seen = gone.take().is_some_and(|since| model.now.duration_since(since) >= SEEN);
            if seen {
                model.say(&format!("the {what} is back: {name}"));
            }
        }
    }
    vec![]
}

fn turn(model: &mut Model, id: TurnId, notice: &Notice) -> Vec<Effect> {
    if let Notice::Began(origin) = notice {
        began(model, id, *origin);
        return vec![];
    }
    match notice {
        Notice::Withdrawn => withdrawn(model, id),
        Notice::Drafted(text) => {
            model.turns.forget(id);
            model.input = Input::holding(text);
            model.focus = Focus::Input;
            model.say("edit and press Enter to send");
        }
        Notice::Failed(error) if error.is_stale() => {}
        _ => {
            let remarks = remarks(model, notice);
            if let Some(turn) = known(model, id) {
                note(turn, id, notice);
                remarks.iter().for_each(|remark| turn.add_remark(remark, Role::Faint));
            }
        }
    }
    vec![]
}

/// What was said over again, or nothing after all. What the user gave up stays, to be sent after all.
fn withdrawn(model: &mut Model, id: TurnId) {
    match model.turns.of(id) {
        Some(turn) if turn.question.kept => {
            turn.end = End::Done;
            turn.add_remark("not asked: ↑ takes these words up again", Role::Faint);
        }
        _ => model.turns.forget(id),
    }
}

/// What documents and writer remark, as far as it was not said in this run.
fn remarks(model: &mut Model, notice: &Notice) -> Vec<String> {
    let all = match notice {
        Notice::Passages(passages) => &passages.notes,
        Notice::Written(finish) => &finish.notes,
        _ => return Vec::new(),
    };
    model.noted.once(all)
}

/// The turn meant; one that never began is made room for when it comes to words.
fn known(model: &mut Model, id: TurnId) -> Option<&mut Turn> {
    if model.turns.of(id).is_none() {
        began(model, id, Origin::Typed);
    }
    model.turns.of(id)
}

fn began(model: &mut Model, id: TurnId, origin: Origin) {
    model.top = None;
    let existing = match origin {
        Origin::Typed => model.turns.waiting(),
        Origin::Repeat => model.turns.answered(),
        Origin::Key | Origin::HandsFree => None,
    };
    match existing {
        Some(turn) => {
            turn.waiting = false;
            turn.ids.push(id);
        }
        None => {
            model.turns.push(Turn { ids: vec![id], ..Turn::default() });
        }
    }
}

/// One notice of a turn that is on the screen.
fn note(turn: &mut Turn, id: TurnId, notice: &Notice) {
    let repeated = turn.ids.first() != Some(&id);
    match notice {
        Notice::Partial { stable, rest } => {
            turn.question.stable = clean::line(stable);
            turn.question.rest = clean::line(rest);
        }
        Notice::Transcript(transcript) => {
            turn.question.stable = clean::line(&transcript.text);
            (turn.question.rest, turn.question.whole) = (String::new(), true);
        }
        Notice::Fragment(sentence) => turn.note_fragment(sentence.index, &sentence.text),
        Notice::Sounding(index) => turn.sounding = Some(*index),
        Notice::Passages(passages) if !repeated => cite(turn, passages),
        Notice::Piece(piece) if !repeated => turn.answer.push_str(&clean::text(&piece.text)),
        Notice::Written(finish) if !repeated => written(turn, finish),
        Notice::Failed(error) => failed(turn, error),
        Notice::Done => done(turn),
        Notice::Interrupted { .. } if repeated => turn.sounding = None,
        Notice::Interrupted { heard } => turn.silence(heard),
        _ => {}
    }
}

fn done(turn: &mut Turn) {
    turn.sounding = None;
    if turn.end == End::Open {
        turn.end = End::Done;
    }
}

fn cite(turn: &mut Turn, passages: &Passages) {
    // Near misses are no citations.
    if passages.found {
        turn.passages = passages.list.iter().map(clean::passage).collect();
    }
}

fn written(turn: &mut Turn, finish: &Finish) {
    if finish.reason == crate::parcel::FinishReason::Length {
        turn.add_remark("The answer was cut off at its longest (sampling.max_tokens).", Role::Faint);
    }
}

fn failed(turn: &mut Turn, error: &Error) {
    (turn.end, turn.sounding) = (End::Failed, None);
    let role = if error.kind() == Kind::Repeat { Role::Faint } else { Role::Error };
    turn.add_remark(&error.to_string(), role);
}
