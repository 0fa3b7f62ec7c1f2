//! From the first sound of a voice to a question: pauses, second thoughts, interruptions, and what was none.
//!
//! ```text
//!  Began ─► Listening ─► Paused ─► Transcribing ─► Heard ─► the question, kept back ─► Ended ─► answered
//!              ▲                        │                         │
//!              └────────── Resumed ─────┴─────────────────────────┘   the next revision of the turn
//! ```
//!
//! While an answer is spoken, the voice holds its breath as soon as somebody else seems to speak. What was said then
//! decides: a question or a word of command ends the answer, an echo of ourselves or a cough does not.

mod judging;

use std::time::Instant;

use super::{Ear, Expect, Order, Sound, State, parts::Parts};
use crate::{
    error::Result,
    parcel::{Transcript, Utterance},
    pipeline::{
        news::{Notice, Origin},
        stable::Stable,
    },
    turn::{Turn, TurnId},
};

/// Speech that may become a question.
#[derive(Debug)]
pub(super) struct Candidate {
    turn: Turn,
    origin: Origin,
    /// Spoken over an answer, which holds until it is known what it was.
    pub over: bool,
    /// The face was told of it.
    announced: bool,
    /// How many partial transcripts were ordered.
    partials: u32,
    /// The one being made, by its number; another one waits until it is there.
    partial: Option<u32>,
    stable: Stable,
    /// What was too long to be transcribed at once, and precedes the rest.
    parts: Parts,
    /// The rest, once there was a pause.
    speech: Utterance,
    /// The last voiced sample, once there was a pause.
    since: Option<Instant>,
    /// The end is certain, not only likely.
    ended: bool,
}

impl Candidate {
    pub fn id(&self) -> TurnId {
        self.turn.id()
    }
}

/// Speech that was understood, although its speaker may go on.
#[derive(Debug)]
pub(super) struct Dormant {
    turn: TurnId,
    parts: Parts,
}

/// The same turn, whatever its revision.
fn same(a: TurnId, b: TurnId) -> bool {
    (a.session, a.sequence) == (b.session, b.sequence)
}

impl State {
    /// This turn is being transcribed.
    pub(super) fn understands(&self, turn: TurnId) -> bool {
        self.hears(turn) || self.ended.as_ref().is_some_and(|ended| ended.id() == turn)
    }

    /// The candidate's turn, in this revision.
    pub(super) fn hears(&self, turn: TurnId) -> bool {
        self.candidate.as_ref().is_some_and(|candidate| candidate.turn.id() == turn)
    }

    pub(super) fn sound(&mut self, sound: Sound, orders: &mut Vec<Order>) {
        match sound {
            Sound::Began { turn, origin } => self.began(turn, origin, orders),
            Sound::Part { turn, speech } if self.hears(turn) => self.part(speech, orders),
            Sound::SoFar { turn, speech } if self.hears(turn) => self.so_far(speech, orders),
            Sound::Paused { turn, speech, since } if self.hears(turn) => self.pause(speech, since, orders),
            Sound::Resumed { turn } => self.resumed(turn, orders),
            Sound::Ended { turn, speech, since } if self.hears(turn) => self.ended(speech, since, orders),
            Sound::Ended { turn, .. } if self.is_at(turn) => {
                self.dormant = None;
                self.commit(orders);
            }
            Sound::Dropped { turn } if self.hears(turn) => self.drop_candidate(orders),
            Sound::Ended { .. } | Sound::Dropped { .. } => self.dormant = None,
            Sound::SoFar { .. } | Sound::Silent { .. } | Sound::Part { .. } | Sound::Paused { .. } => {}
        }
    }

    fn began(&mut self, turn: Turn, origin: Origin, orders: &mut Vec<Order>) {
        let dormant = self.dormant.take().map(|dormant| dormant.parts);
        let unended = self.candidate.as_ref().filter(|candidate| !candidate.ended).map(|candidate| candidate.parts.clone());
        // Who presses the key while speaking means what was said before, too.
        let parts = unended.or(dormant).filter(|_| origin == Origin::Key).unwrap_or_default();
        self.make_room(origin, orders);
        if origin == Origin::Key {
            self.silence(orders);
        }
        self.begin_listening(turn, origin, parts, orders);
    }

    /// A key is meant; a sound may be anything, and is no reason to forget a question that is being understood.
    fn make_room(&mut self, origin: Origin, orders: &mut Vec<Order>) {
        match self.candidate.take_if(|candidate| candidate.ended && origin != Origin::Key) {
            Some(ended) => self.ended = Some(ended),
            None => self.drop_candidate(orders),
        }
    }

    fn begin_listening(&mut self, turn: Turn, origin: Origin, parts: Parts, orders: &mut Vec<Order>) {
        let over = self.task.is_some();
        self.listen(
            Candidate {
                turn,
                origin,
                over,
                announced: false,
                partials: 0,
                partial: None,
                stable: Stable::default(),
                parts,
                speech: Utterance::default(),
                since: None,
                ended: false,
            },
            orders,
        );
    }

    fn listen(&mut self, candidate: Candidate, orders: &mut Vec<Order>) {
        let over = candidate.over;
        // What was being decoded for the turn before is decoded for this one.
        orders.extend(candidate.parts.undone().into_iter().map(|rest| Order::Transcribe(candidate.turn.clone(), rest)));
        self.candidate = Some(candidate);
        self.ear = Ear::Listening;
        if !over {
            self.announce(orders);
        }
    }

    fn announce(&mut self, orders: &mut Vec<Order>) {
        if let Some(candidate) = self.candidate.as_mut().filter(|candidate| !candidate.announced) {
            candidate.announced = true;
            orders.push(Order::Tell(candidate.turn.id(), Notice::Began(candidate.origin)));
        }
    }

    fn so_far(&mut self, speech: Utterance, orders: &mut Vec<Order>) {
        if let Some(candidate) = self.candidate.as_mut().filter(|candidate| candidate.partial.is_none() && candidate.since.is_none()) {
            candidate.partials += 1;
            candidate.partial = Some(candidate.partials);
            orders.push(Order::Partial(candidate.turn.clone(), candidate.partials, speech));
        }
    }

    /// A partial transcript is never worth an error: the whole one follows.
    pub(super) fn partly(&mut self, number: u32, result: Result<Transcript>, orders: &mut Vec<Order>) {
        let Some(candidate) = &mut self.candidate else { return };
        if candidate.partial.take_if(|awaited| *awaited == number).is_none() {
            // Of a part that was handed over whole meanwhile.
            return;
        }
        // After a pause what is left to decode was decided by the partials until then.
        if let (Ok(transcript), None) = (result, candidate.since) {
            candidate.stable.push(&transcript);
            let ends = transcript.text.trim_end().ends_with(['.', '?', '!']);
            orders.push(Order::Expect(if ends { Expect::End } else { Expect::More }));
            if candidate.announced {
                let (stable, rest) = candidate.stable.text();
                let stable = [candidate.parts.text(), stable].join(" ").trim().to_owned();
                orders.push(Order::Tell(candidate.turn.id(), Notice::Partial { stable, rest }));
            }
        }
    }

    /// Too long to be transcribed at once: what is there is, and the rest follows.
    fn part(&mut self, speech: Utterance, orders: &mut Vec<Order>) {
        let Some(candidate) = &mut self.candidate else { return };
        let rest = candidate.parts.push(std::mem::take(&mut candidate.stable), speech);
        candidate.partial = None;
        orders.push(Order::Transcribe(candidate.turn.clone(), rest));
    }

    fn pause(&mut self, speech: Utterance, since: Instant, orders: &mut Vec<Order>) {
        let Some(candidate) = &mut self.candidate else { return };
        candidate.since = Some(since);
        candidate.speech = speech.clone();
        self.ear = Ear::Transcribing;
        orders.push(Order::Transcribe(candidate.turn.clone(), candidate.stable.rest(speech)));
    }

    /// They spoke on: whatever was made of the first half is worth nothing.
    fn resumed(&mut self, turn: Turn, orders: &mut Vec<Order>) {
        let id = turn.id();
        if let Some(mut candidate) = self.candidate.take_if(|candidate| same(candidate.id(), id)) {
            orders.push(Order::Cancel(candidate.turn.clone()));
            if candidate.announced {
                orders.push(Order::Tell(candidate.turn.id(), Notice::Withdrawn));
            }
            candidate.stable = Stable::default();
            self.listen(Candidate { turn, announced: false, partial: None, since: None, ended: false, ..candidate }, orders);
        } else if let Some(dormant) = self.dormant.take_if(|dormant| same(dormant.turn, id)) {
            if self.task.as_ref().is_some_and(|task| !task.committed && same(task.turn.id(), id)) {
                self.withdraw(orders);
            }
            self.begin_listening(turn, Origin::HandsFree, dormant.parts, orders);
        }
    }

    /// Takes back a task whose question was not complete after all.
    fn withdraw(&mut self, orders: &mut Vec<Order>) {
        let id = self.task.as_ref().map(|task| task.turn.id());
        self.abandon(orders);
        orders.extend(id.map(|id| Order::Tell(id, Notice::Withdrawn)));
    }

    fn ended(&mut self, speech: Utterance, since: Instant, orders: &mut Vec<Order>) {
        let Some(candidate) = &mut self.candidate else { return };
        candidate.ended = true;
        if candidate.since.is_some() {
            // The same speech is being transcribed since the pause.
            return;
        }
        if speech.samples.is_empty() && !candidate.parts.are_waiting() {
            let turn = candidate.id();
            return self.judge(turn, Ok(Transcript::default()), orders);
        }
        self.pause(speech, since, orders);
    }

    /// The listener gives no sign of life. Should it still hear something, nobody waits for it any more.
    pub(super) fn give_up(&mut self, orders: &mut Vec<Order>) {
        orders.extend(self.candidate.as_ref().map(|candidate| Order::GiveUp(candidate.id())));
        self.drop_candidate(orders);
    }

    /// What was being heard is no concern of ours any more.
    pub(super) fn drop_candidate(&mut self, orders: &mut Vec<Order>) {
        for candidate in [self.candidate.take(), self.ended.take()].into_iter().flatten() {
            self.ear = Ear::Idle;
            self.ignore(&candidate, orders);
        }
    }
}
