//! What happens next: a pure step from (state, event) to (state, orders). Nothing else changes state.
//!
//! The state is the product of three things that really are independent (it may listen while it still speaks), the
//! task at hand, and what is being heard meanwhile. The pump in [`super`] carries out the orders and measures the
//! time; nothing here does I/O.
//!
//! | file | decides |
//! |---|---|
//! | `event` | nothing: what can happen |
//! | `answering` | from a question to its last sound |
//! | `hearing` | from the first sound of a voice to a question: pauses, second thoughts, interruptions |
//! | `parts` | what a question is that was too long to be transcribed at once |
//! | `standing` | what holds for a whole conversation: wishes, history, repeating |
//! | `pace` | how long a fragment of speech may be |
//! | `said` | how much of an answer was heard |

mod answering;
mod event;
mod hearing;
mod pace;
mod parts;
mod said;
mod standing;

use std::time::{Duration, Instant};

use answering::Task;
pub use event::{Event, Question, Retrieve, Sound, Wish};
use hearing::{Candidate, Dormant};
pub use pace::Made;
use pace::Pace;
use said::Said;
use standing::Standing;
pub use standing::{Change, Rules};

use super::{
    edges,
    news::{Doing, Notice},
};
use crate::{
    error::{Error, Room},
    parcel::{Prompt, Query, Sentence, Utterance},
    turn::{Turn, TurnId},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ear {
    #[default]
    Idle,
    Listening,
    Transcribing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    #[default]
    Idle,
    Retrieving,
    Priming,
    Writing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voice {
    #[default]
    Idle,
    Speaking,
    /// Output is made but kept back: until the turn is committed, while somebody else speaks, or by the user's wish.
    Held,
}

/// Everything the conductor can ask for.
#[derive(Debug)]
pub enum Order {
    Cancel(Turn),
    Transcribe(Turn, Vec<Utterance>),
    /// Transcribe speech that goes on; the number tells this order from others of the turn.
    Partial(Turn, u32, Utterance),
    Search(Turn, Query),
    Write(Turn, Box<Prompt>),
    Say(Turn, Sentence),
    /// No more sentences will come for this turn.
    EndVoice(Turn),
    /// Keep the sound back, or let it go on.
    Hold(bool),
    /// Discard the sound of this turn, which was cancelled, and say how much of it was played.
    Hush(TurnId),
    /// What was said so far ends like a sentence, or does not: how long a pause means its end.
    Expect(Expect),
    /// What the listener may still hear under this turn is not waited for any more.
    GiveUp(TurnId),
    Tell(TurnId, Notice),
    /// What was kept back, and since when it is so.
    TellLate(TurnId, Notice, Instant),
}

/// What the listener should make of a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// More words: wait as configured.
    More,
    /// The end: a shorter pause will do.
    End,
}

/// The machine's state between two events.
#[derive(Debug, Default)]
pub struct State {
    /// When the event at hand came.
    now: Option<Instant>,
    pub ear: Ear,
    pub work: Work,
    pub voice: Voice,
    /// The turn being answered.
    task: Option<Task>,
    /// What is being heard meanwhile.
    candidate: Option<Candidate>,
    /// What was heard to its end just before, and is still being understood.
    ended: Option<Candidate>,
    /// Speech that was no question so far, and may become one when its speaker goes on.
    dormant: Option<Dormant>,
    /// What was said last, whose echo may still be in the room.
    echo: String,
    /// An interrupted answer, until the speaker has said how much of it was heard.
    leaving: Option<Said>,
    /// Of the voice, over all turns.
    pace: Pace,
    /// Only in a conversation.
    standing: Option<Standing>,
    /// The user paused the voice.
    paused: bool,
    /// The last order to hold.
    held: bool,
}

impl State {
    /// The next event came at that time. Without one, what is kept back counts as come about when it is told.
    pub fn at(self, now: Instant) -> Self {
        Self { now: Some(now), ..self }
    }
}

/// Applies one event. Events of other turns than the ones at hand are stale and change nothing.
pub fn step(mut state: State, event: Event) -> (State, Vec<Order>) {
    let mut orders = Vec::new();
    match event {
        Event::Asked { turn, question, wish } => state.ask(turn, question, wish, &mut orders),
        Event::Typed { turn, text } => state.typed(turn, text, &mut orders),
        Event::Again { turn } => state.again(turn, &mut orders),
        Event::Changed(change) => state.change(change, &mut orders),
        Event::Sound(sound) => state.sound(sound, &mut orders),
        Event::Interrupted => state.silence(&mut orders),
        Event::Pressed => state.abandon(&mut orders),
        Event::Overdue => state.overdue(&mut orders),
        Event::Heard { turn, result } if state.understands(turn) => state.judge(turn, result, &mut orders),
        Event::Partly { turn, number, result } if state.hears(turn) => state.partly(number, result, &mut orders),
        Event::Hushed { turn, played } => state.hushed(turn, played, &mut orders),
        Event::Heard { turn, result } if state.is_at(turn) => state.heard(result, &mut orders),
        Event::Found { turn, result } if state.is_at(turn) => state.found(result, &mut orders),
        Event::Wrote { turn, piece } if state.is_at(turn) => state.wrote(piece, &mut orders),
        Event::Finished { turn, result } if state.is_at(turn) => state.finished(result, &mut orders),
        Event::Spoke { turn, result } if state.is_at(turn) => state.spoke(result, &mut orders),
        Event::Sounded { turn } if state.is_at(turn) => state.sounded(&mut orders),
        Event::Sounding { turn, index } if state.is_at(turn) => state.tell(Notice::Sounding(index), &mut orders),
        Event::Drained { turn, result } if state.is_at(turn) => state.drained(result, &mut orders),
        Event::Finished { turn, result: Err(error) } if state.understands(turn) => state.judge(turn, Err(error), &mut orders),
        Event::Heard { .. } | Event::Partly { .. } | Event::Found { .. } | Event::Wrote { .. } | Event::Finished { .. } => {}
        Event::Spoke { .. } | Event::Sounded { .. } | Event::Sounding { .. } | Event::Drained { .. } => {}
    }
    state.settle(&mut orders);
    (state, orders)
}

impl State {
    /// How long this state may go without any event before it counts as a fault; `None` when nothing is going on.
    ///
    /// Generous on purpose: they catch what hangs, not what is slow. Hearing gives its first sign at its end, so its
    /// limit grows with the recording: ten times its length is slower than any model that is of use.
    pub fn deadline(&self) -> Option<Duration> {
        const OPENING: Duration = Duration::from_secs(120);
        let speech = self.task.as_ref().map_or(Duration::ZERO, |task| task.speech);
        match (self.ear, self.work, self.voice) {
            (Ear::Transcribing, ..) => Some(OPENING + speech * 10),
            // A listener gives a sign of life several times a second, also while nobody speaks.
            (Ear::Listening, ..) => Some(Duration::from_secs(60)),
            (_, Work::Retrieving, _) => Some(OPENING),
            // A long prompt on a slow machine: minutes before the first word.
            (_, Work::Priming | Work::Writing, _) => Some(Duration::from_secs(900)),
            // Paused by the user, who may have gone for lunch.
            (_, _, Voice::Held) => Some(Duration::from_secs(3600)),
            // One fragment made and one heard: at most half a minute of sound, made at a tenth of its speed.
            (_, _, Voice::Speaking) => Some(Duration::from_secs(300)),
            // Kept back until its question is complete, which the listener says within seconds.
            (Ear::Idle, Work::Idle, Voice::Idle) => self.task.as_ref().map(|_| Duration::from_secs(60)),
        }
    }

    /// For a screen.
    pub fn doing(&self) -> Doing {
        let hands_free = self.standing.as_ref().is_some_and(|standing| standing.rules.hands_free);
        Doing { ear: self.ear, work: self.work, voice: self.voice, hands_free }
    }

    /// A conversation, not a single question.
    pub fn is_live(&self) -> bool {
        self.standing.is_some()
    }

    fn is_at(&self, turn: TurnId) -> bool {
        self.task.as_ref().is_some_and(|task| task.turn.id() == turn)
    }

    /// Orders the sound to be held or let go when the reasons for it changed.
    fn settle(&mut self, orders: &mut Vec<Order>) {
        let listening = self.candidate.as_ref().is_some_and(|candidate| candidate.over);
        let unsure = self.task.as_ref().is_some_and(|task| !task.committed);
        let hold = listening || unsure || (self.paused && self.task.is_some());
        if hold != self.held {
            self.held = hold;
            orders.push(Order::Hold(hold));
        }
        if self.voice != Voice::Idle {
            self.voice = if hold { Voice::Held } else { Voice::Speaking };
        }
    }

    fn overdue(&mut self, orders: &mut Vec<Order>) {
        let doing = match (self.ear, self.work) {
            (Ear::Transcribing, _) => "hearing",
            (Ear::Listening, _) => return self.give_up(orders),
            (_, Work::Retrieving) => "searching the documents",
            (_, Work::Priming | Work::Writing) => "writing the answer",
            _ => "speaking",
        };
        let error = Error::retry(Room::Pipeline, format!("{doing} took far too long and was given up"));
        let error = error.hint("try again, or choose a smaller model");
        let hearing = self.ended.as_ref().or(self.candidate.as_ref()).map(Candidate::id);
        match hearing {
            Some(turn) => self.judge(turn, Err(error), orders),
            None => self.fail(error, orders),
        }
    }

    /// The user wants silence: nothing is heard, made or said any more.
    fn silence(&mut self, orders: &mut Vec<Order>) {
        self.drop_candidate(orders);
        self.dormant = None;
        self.abandon(orders);
        self.paused = false;
    }
}

#[cfg(test)]
mod hearing_tests;
#[cfg(test)]
mod long_tests;
#[cfg(test)]
mod talk;
#[cfg(test)]
mod tests;
