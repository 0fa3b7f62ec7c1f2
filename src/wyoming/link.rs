//! One conversation after the other with one server: connected, started or restarted as needed, and ended when stale.
//!
//! A socket is opened for each conversation and closed after it. A program is kept: when a turn is superseded, the
//! answer that it still owes is skipped before the next question, unless a new start would be quicker.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{
    address::{Address, Refused},
    event::Event,
    program::Program,
    talk::{Debt, Talk},
    wire::{Fault, Wire, plain},
};
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// What a start is taken to need before one was measured.
const START: Duration = Duration::from_millis(500);
/// The most that is waited for an answer that nobody wants any more.
const LONGEST_SETTLE: Duration = Duration::from_secs(5);

/// Who is talked to: for what is said about it.
#[derive(Clone, Debug)]
pub struct Who {
    pub room: Room,
    /// "ear" or "voice".
    pub name: &'static str,
    /// The setting that holds its address.
    pub key: &'static str,
    /// How long one of its events may take.
    pub patience: Duration,
}

/// A server, whether it is running or not.
#[derive(Debug)]
pub struct Link {
    who: Who,
    address: Address,
    running: Option<Running>,
    debt: Option<Debt>,
    /// From its start to its first answer.
    start: Duration,
}

#[derive(Debug)]
struct Running {
    // In this order: the pipes are closed before the program is ended.
    wire: Wire,
    program: Program,
    started: Instant,
    greeted: bool,
}

/// A link that is one conversation without end.
#[derive(Debug)]
pub struct Line {
    // In this order: the pipes are closed before the program is ended.
    wire: Wire,
    program: Option<Program>,
    link: Link,
}

impl Line {
    pub fn send(&mut self, event: &Event, turn: &Turn) -> Result<()> {
        let sent = self.wire.send(event, turn, self.link.who.patience);
        sent.map_err(|fault| self.error(fault))
    }

    /// The next event if it is already there.
    pub fn event(&mut self) -> Result<Option<Event>> {
        self.wire.event().map_err(|fault| self.error(fault))
    }

    /// How long one of its events may take.
    pub fn patience(&self) -> Duration {
        self.link.who.patience
    }

    /// In words; of a program that is gone, why.
    pub fn error(&mut self, fault: Fault) -> Error {
        let fault = match (fault, &mut self.program) {
            (Fault::Gone(_), Some(program)) => Fault::Gone(program.obituary()),
            (fault, _) => fault,
        };
        self.link.error(&fault)
    }
}

impl Link {
    /// Connects, or starts the program, and stays on the line.
    pub(super) fn into_line(mut self, turn: &Turn) -> Result<Line> {
        self.make_ready(turn)?;
        let (wire, program) = match self.running.take() {
            Some(Running { wire, program, .. }) => (wire, Some(program)),
            None => (self.dial(turn)?, None),
        };
        Ok(Line { wire, program, link: self })
    }

    /// Reads the address out of the setting `who.key`; nothing is started or connected yet.
    pub fn new(address: &str, who: Who) -> Result<Self> {
        let wrong = |refused: Refused| Error::reword(who.room, format!("{} = {address:?} {}", who.key, refused.why)).hint(refused.remedy);
        let address = address.parse().map_err(wrong)?;
        Ok(Self { who, address, running: None, debt: None, start: START })
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn who(&self) -> &Who {
        &self.who
    }

    /// Process id of the program, while there is one.
    pub fn process(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.program.id())
    }

    /// One question and its answer. `work` is called again for a program that died before it answered at all: once.
    pub fn converse<T>(&mut self, turn: &Turn, mut work: impl FnMut(&mut Talk<'_>) -> Result<T>) -> Result<T> {
        turn.alive()?;
        if !matches!(self.address, Address::Program(_)) {
            return self.call(turn, work);
        }
        let mut again = true;
        loop {
            self.make_ready(turn)?;
            let Some(running) = &mut self.running else { return Err(self.error(&Fault::Gone("it did not start".into()))) };
            let mut talk = Talk::new(&mut running.wire, turn, &self.who);
            let outcome = work(&mut talk);
            let Talk { received, debt, fault, .. } = talk;
            if received > 0 && !std::mem::replace(&mut running.greeted, true) {
                self.start = running.started.elapsed();
            }
            // A conversation that came to its end owes nothing; one that was left may.
            let Some(fault) = self.keep(fault, debt.filter(|_| outcome.is_err())) else { return outcome };
            if !matches!(fault, Fault::Gone(_)) || received > 0 || !std::mem::take(&mut again) {
                return Err(self.error(&fault));
            }
            tracing::warn!(program = %self.address, ?fault, "it died and is started again");
        }
    }

    /// A conversation over a connection of its own.
    fn call<T>(&self, turn: &Turn, mut work: impl FnMut(&mut Talk<'_>) -> Result<T>) -> Result<T> {
        let mut wire = self.dial(turn)?;
        let mut talk = Talk::new(&mut wire, turn, &self.who);
        let outcome = work(&mut talk);
        talk.fault.take().map_or(outcome, |fault| Err(self.error(&fault)))
    }

    /// Keeps the program for the next conversation, unless what went wrong leaves it in a state that nobody knows.
    fn keep(&mut self, fault: Option<Fault>, debt: Option<Debt>) -> Option<Fault> {
        match fault {
            None | Some(Fault::Stale { torn: false }) => self.debt = debt,
            Some(Fault::Gone(_)) => return Some(Fault::Gone(self.bury())),
            Some(fault) => {
                self.running = None;
                return Some(fault);
            }
        }
        None
    }

    fn dial(&self, turn: &Turn) -> Result<Wire> {
        let wire = match &self.address {
            Address::Unix(path) => Wire::unix(path, turn),
            Address::Tcp(place) => Wire::tcp(*place, turn),
            Address::Program(_) => Err(Fault::Gone("it is a program".into())),
        };
        wire.map_err(|fault| match fault {
            Fault::Stale { .. } => Error::stale(),
            Fault::Gone(why) => self.unreachable(&why),
            _ => self.unreachable("it does not take the call"),
        })
    }

    /// The program runs and owes nothing.
    fn make_ready(&mut self, turn: &Turn) -> Result<()> {
        self.settle(turn)?;
        if self.running.is_none() {
            let Address::Program(words) = &self.address else { return Ok(()) };
            let (program, wire) = Program::start(words).map_err(|error| self.not_started(&error))?;
            self.running = Some(Running { wire, program, started: Instant::now(), greeted: false });
        }
        Ok(())
    }

    /// Skips the answer that is still owed, for as long as a new start would take; after that the program is ended.
    fn settle(&mut self, turn: &Turn) -> Result<()> {
        let (Some(running), Some(debt)) = (&mut self.running, self.debt.take()) else { return Ok(()) };
        let deadline = Instant::now() + self.start.min(LONGEST_SETTLE);
        match debt.settle(&mut running.wire, turn, deadline) {
            Ok(()) => {}
            Err((Fault::Stale { torn: false }, left)) => {
                self.debt = Some(left);
                return Err(Error::stale());
            }
            Err((fault, _)) => {
                tracing::debug!(program = %self.address, ?fault, "started again: it owed an answer for too long");
                self.running = None;
                turn.alive()?;
            }
        }
        Ok(())
    }

    /// Ends what is left of a program; says why it died.
    fn bury(&mut self) -> String {
        self.running.take().map_or_else(String::new, |mut running| running.program.obituary())
    }

    fn error(&self, fault: &Fault) -> Error {
        let Who { room, name, key, patience } = &self.who;
        let who = format!("the {name} at {}", self.address);
        match fault {
            Fault::Stale { .. } => Error::stale(),
            Fault::Gone(why) => Error::retry(*room, format!("{who} went away: {why}")).hint("look at what it says, or ask again"),
            Fault::Silent => Error::retry(*room, format!("{who} has been silent for {:.0} s", patience.as_secs_f32()))
                .hint(format!("look at what it does; {} says how long it may take", key.replace("address", "timeout_s"))),
            Fault::Garbage(what) => Error::fetch(*room, format!("{who} does not keep to the Wyoming protocol: it sent {what}"))
                .hint(format!("is {key} the address of a Wyoming server?")),
            Fault::Complaint(text) => Error::retry(*room, format!("{who} refused: {text}")),
        }
    }

    fn unreachable(&self, why: &str) -> Error {
        let Who { room, name, key, .. } = &self.who;
        Error::retry(*room, format!("no {name} answers at {}: {why}", self.address)).hint(format!("start its server, or correct {key}"))
    }

    fn not_started(&self, error: &io::Error) -> Error {
        let message = format!("the program of the {}, {}, cannot be started: {}", self.who.name, self.address, plain(error));
        Error::fetch(self.who.room, message).hint(format!("install it, or correct {}", self.who.key))
    }
}
