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

use std::time::Instant;

use super::{Ear, Expect, Order, Sound, State, answering::nothing_heard, parts::Parts};
use crate::{
    error::Result,
    parcel::{Transcript, Utterance},
    pipeline::{
        barge::{self, Verdict},
        news::{Notice, Origin},
        stable::Stable,
        wake,
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
    /// A partial transcript is being made; another one waits until it is there.
    partial: bool,
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
            Sound::SoFar { .. } | Sound::Part { .. } | Sound::Paused { .. } => {}
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
                partial: false,
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
        if let Some(candidate) = self.candidate.as_mut().filter(|candidate| !candidate.partial && candidate.since.is_none()) {
            candidate.partial = true;
            orders.push(Order::Partial(candidate.turn.clone(), speech));
        }
    }

    /// A partial transcript is never worth an error: the whole one follows.
    pub(super) fn partly(&mut self, result: Result<Transcript>, orders: &mut Vec<Order>) {
        let Some(candidate) = &mut self.candidate else { return };
        if !std::mem::take(&mut candidate.partial) {
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
        candidate.partial = false;
        orders.push(Order::Transcribe(candidate.turn.clone(), rest));
    }

    /// A part of what is being said was understood. What is not meant for us is forgotten; an interruption takes the
    /// floor before it has come to its end.
    fn partly_understood(&mut self, candidate: &mut Candidate, tail: Transcript, orders: &mut Vec<Order>) {
        candidate.parts.heard(tail);
        let so_far = Transcript { text: candidate.parts.text(), ..Transcript::default() };
        if self.meant(candidate, so_far).is_none() {
            candidate.parts.forget();
        } else if std::mem::take(&mut candidate.over) {
            self.abandon(orders);
        }
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
            self.listen(Candidate { turn, announced: false, partial: false, since: None, ended: false, ..candidate }, orders);
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

    /// What was said is known: is it meant for us?
    pub(super) fn judge(&mut self, turn: TurnId, result: Result<Transcript>, orders: &mut Vec<Order>) {
        let own = |candidate: &mut Candidate| candidate.id() == turn;
        let going_on = self.candidate.as_mut().is_some_and(own);
        let Some(mut candidate) = self.ended.take_if(own).or_else(|| self.candidate.take_if(own)) else { return };
        let result = match result {
            Ok(tail) if candidate.parts.are_waiting() => {
                let ear = self.ear;
                self.partly_understood(&mut candidate, tail, orders);
                self.ear = ear;
                let over = candidate.over;
                *(if going_on { &mut self.candidate } else { &mut self.ended }) = Some(candidate);
                return if going_on && !over {
                    self.announce(orders)
                };
            }
            result => result,
        };
        self.ear = if self.candidate.is_some() { self.ear } else { Ear::Idle };
        let heard = result.map(|tail| candidate.stable.joined(tail)).map(|rest| candidate.parts.joined(rest, &candidate.speech));
        self.dormant = (!candidate.ended).then(|| Dormant { turn, parts: candidate.parts.clone() });
        let by_key = candidate.origin == Origin::Key;
        match heard {
            Err(error) if candidate.over => tracing::warn!(%error, "what was said over the answer could not be heard"),
            Err(error) => self.refuse(candidate, error, orders),
            Ok(transcript) if transcript.text.trim().is_empty() && by_key => self.refuse(candidate, nothing_heard(true), orders),
            Ok(transcript) => match self.meant(&candidate, transcript) {
                Some(transcript) => self.accept(candidate, transcript, orders),
                None => self.ignore(&candidate, orders),
            },
        }
    }

    /// The words that are meant for us, if they are.
    fn meant(&self, candidate: &Candidate, transcript: Transcript) -> Option<Transcript> {
        let rules = &self.standing.as_ref()?.rules;
        if transcript.text.trim().is_empty() {
            return None;
        }
        let known = barge::BACKCHANNELS.iter().copied();
        let backchannels: Vec<&str> = known.chain(rules.backchannels.iter().map(String::as_str)).collect();
        let spoken = self.task.as_ref().map_or_else(|| self.echo.clone(), |task| task.said.spoken());
        let verdict = barge::judge(&transcript.text, &spoken, &backchannels);
        // After an answer its last words may still come back from the walls; assent is an answer then.
        let ignored = if candidate.over { verdict != Verdict::Interruption } else { verdict == Verdict::Echo };
        if ignored && candidate.origin != Origin::Key {
            return None;
        }
        if candidate.origin == Origin::Key || (rules.wake.is_empty() && rules.phrase.is_empty()) {
            return Some(transcript);
        }
        let name = !rules.wake.is_empty();
        let text = if name { wake::called(&transcript.text, &rules.wake)? } else { wake::after(&transcript.text, &rules.phrase) };
        // The name or the phrase alone: what is wanted may follow.
        (!text.is_empty()).then_some(Transcript { text, ..transcript })
    }

    fn accept(&mut self, candidate: Candidate, transcript: Transcript, orders: &mut Vec<Order>) {
        let over = candidate.over;
        let text = transcript.text.trim().to_owned();
        self.abandon(orders);
        let (id, edit) = (candidate.turn.id(), self.standing.as_ref().is_some_and(|standing| standing.rules.edit));
        if !candidate.announced {
            orders.push(Order::Tell(id, Notice::Began(candidate.origin)));
        }
        orders.extend(candidate.since.map(|since| Order::Tell(id, Notice::Complete(since))));
        orders.push(Order::Tell(id, Notice::Transcript(transcript)));
        if over && barge::is_hush(&text) {
            orders.push(Order::Tell(id, Notice::Done));
        } else if edit {
            orders.push(Order::Tell(id, Notice::Drafted(text)));
        } else {
            self.begin(candidate.turn);
            if let Some(task) = &mut self.task {
                task.committed = candidate.ended;
            }
            // Who went on speaking speaks over this answer now.
            self.candidate.iter_mut().for_each(|next| next.over = true);
            self.understood(text, orders);
        }
    }

    fn refuse(&mut self, candidate: Candidate, error: crate::error::Error, orders: &mut Vec<Order>) {
        let id = candidate.turn.id();
        orders.push(Order::Cancel(candidate.turn));
        orders.push(Order::Tell(id, Notice::Failed(error)));
    }

    fn ignore(&mut self, candidate: &Candidate, orders: &mut Vec<Order>) {
        orders.push(Order::Cancel(candidate.turn.clone()));
        if candidate.announced {
            orders.push(Order::Tell(candidate.turn.id(), Notice::Withdrawn));
        }
    }

    /// What was being heard is no concern of ours any more.
    pub(super) fn drop_candidate(&mut self, orders: &mut Vec<Order>) {
        for candidate in [self.candidate.take(), self.ended.take()].into_iter().flatten() {
            self.ear = Ear::Idle;
            self.ignore(&candidate, orders);
        }
    }
}
