//! One conversation: events there and back, and what leaving it now would leave behind.

use std::time::{Duration, Instant};

use super::{
    event::Event,
    link::Who,
    wire::{Fault, Wire},
};
use crate::{
    error::{Error, Result},
    turn::Turn,
};

/// More events than this in one answer are no answer.
const MOST_EVENTS: usize = 100_000;
/// Most letters of a complaint that are repeated.
const LONGEST_COMPLAINT: usize = 300;

/// What is to be done after a conversation that was left: say so, then skip all events up to the last one.
#[derive(Clone, Debug)]
pub struct Debt {
    pub closing: Option<Event>,
    pub last: &'static str,
}

/// One conversation. After an error of its methods it is over.
pub struct Talk<'a> {
    wire: &'a mut Wire,
    turn: &'a Turn,
    patience: Duration,
    pub(super) received: usize,
    pub(super) debt: Option<Debt>,
    pub(super) fault: Option<Fault>,
}

impl<'a> Talk<'a> {
    pub(super) fn new(wire: &'a mut Wire, turn: &'a Turn, who: &Who) -> Self {
        Self { wire, turn, patience: who.patience, received: 0, debt: None, fault: None }
    }

    /// Its events may take so much longer from now on.
    pub fn be_patient(&mut self, longer: Duration) {
        self.patience += longer;
    }

    /// From now on an answer is owed that ends with `last`; whoever leaves before has to send `closing`.
    pub fn owes(&mut self, last: &'static str, closing: Option<Event>) {
        self.debt = Some(Debt { closing, last });
    }

    pub fn send(&mut self, event: &Event) -> Result<()> {
        let sent = self.wire.send(event, self.turn, self.patience);
        sent.map_err(|fault| self.over(fault))
    }

    /// The next event. A complaint of the server is an error.
    pub fn receive(&mut self) -> Result<Event> {
        if self.received >= MOST_EVENTS {
            return Err(self.over(Fault::Garbage(format!("more than {MOST_EVENTS} events for an answer"))));
        }
        match self.wire.receive(self.turn, self.patience) {
            Ok(event) if event.kind == "error" => {
                Err(self.over(Fault::Complaint(harmless(event.text("text").unwrap_or("no reason given")))))
            }
            Ok(event) => {
                self.received += 1;
                Ok(event)
            }
            Err(fault) => Err(self.over(fault)),
        }
    }

    /// The next event of one kind; others are skipped.
    pub fn receive_one(&mut self, kind: &str) -> Result<Event> {
        loop {
            let event = self.receive()?;
            if event.kind == kind {
                return Ok(event);
            }
        }
    }

    /// What was received makes no sense.
    pub fn garbage(&mut self, what: impl Into<String>) -> Error {
        self.over(Fault::Garbage(what.into()))
    }

    /// The error itself is worded by the link, which knows the address.
    fn over(&mut self, fault: Fault) -> Error {
        self.fault = Some(fault);
        Error::stale()
    }
}

impl Debt {
    /// Skips to the end of the answer; what is left to do when that did not go.
    pub(super) fn settle(mut self, wire: &mut Wire, turn: &Turn, deadline: Instant) -> Result<(), (Fault, Self)> {
        let left = || deadline.saturating_duration_since(Instant::now());
        if let Some(closing) = &self.closing {
            wire.send(closing, turn, left()).map_err(|fault| (fault, self.clone()))?;
            self.closing = None;
        }
        loop {
            match wire.receive(turn, left()) {
                Ok(event) if event.kind == self.last || event.kind == "error" => return Ok(()),
                Ok(_) => {}
                Err(fault) => return Err((fault, self)),
            }
        }
    }
}

/// Text from outside, short and without control characters.
pub(super) fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_COMPLAINT).collect()
}
