//! What was said is known: is it a question, and is it meant for us?

use crate::{
    error::{Error, Result},
    parcel::Transcript,
    pipeline::{
        barge::{self, Verdict},
        conductor::{Ear, Order, State, answering::nothing_heard},
        news::{Notice, Origin},
        wake,
    },
    turn::TurnId,
};

use super::{Candidate, Dormant};

impl State {
    /// The transcript of all of it, or of a part of it.
    pub(in crate::pipeline::conductor) fn judge(&mut self, turn: TurnId, result: Result<Transcript>, orders: &mut Vec<Order>) {
        let own = |candidate: &mut Candidate| candidate.id() == turn;
        let going_on = self.candidate.as_mut().is_some_and(own);
        let Some(mut candidate) = self.ended.take_if(own).or_else(|| self.candidate.take_if(own)) else { return };
        match result {
            Ok(tail) if candidate.parts.are_waiting() => {
                self.partly_understood(&mut candidate, tail, orders);
                let over = candidate.over;
                *(if going_on { &mut self.candidate } else { &mut self.ended }) = Some(candidate);
                if going_on && !over {
                    self.announce(orders);
                }
            }
            result => self.decide(candidate, result, orders),
        }
    }

    fn decide(&mut self, mut candidate: Candidate, result: Result<Transcript>, orders: &mut Vec<Order>) {
        let turn = candidate.id();
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

    fn refuse(&mut self, candidate: Candidate, error: Error, orders: &mut Vec<Order>) {
        let id = candidate.turn.id();
        orders.push(Order::Cancel(candidate.turn));
        orders.push(Order::Tell(id, Notice::Failed(error)));
    }

    pub(super) fn ignore(&mut self, candidate: &Candidate, orders: &mut Vec<Order>) {
        orders.push(Order::Cancel(candidate.turn.clone()));
        if candidate.announced {
            orders.push(Order::Tell(candidate.turn.id(), Notice::Withdrawn));
        }
    }

    /// A part of what is being said was understood. What is not meant for us is forgotten; an interruption takes the
    /// floor before it has come to its end.
    fn partly_understood(&mut self, candidate: &mut Candidate, tail: Transcript, orders: &mut Vec<Order>) {
        candidate.parts.heard(tail);
        let so_far = Transcript { text: candidate.parts.text(), ..Transcript::default() };
        if self.meant(candidate, so_far).is_none() {
            candidate.parts.forget();
        } else if std::mem::take(&mut candidate.over) {
            let ear = self.ear;
            self.abandon(orders);
            self.ear = ear;
        }
    }
}
