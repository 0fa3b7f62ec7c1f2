//! A conversation that listens and speaks: commands in, news out.
//!
//! | file | turns |
//! |---|---|
//! | here | a face's commands into events and settings |
//! | `command` | nothing: what a face may ask |
//! | `listener` | the microphone into utterances and levels |
//! | `pipes` | what the microphone hears into what other programs may hear, and what they say into what it heard |
//! | `engines` | wishes for another model or voice into one that works |
//! | `offers` | what is installed and plugged in into what can be wished for |
//! | `cleaner` | what the microphone hears into what others said |
//! | `waking` | what others said into what follows the key phrase, where one is wanted |

mod cleaner;
mod command;
mod engines;
mod listener;
mod offers;
mod pipes;
mod waking;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use cleaner::Cleaner;
pub use command::{Command, Wanted};
use engines::Engines;
use listener::Listener;
use pipes::Pipes;
use waking::Waking;

use super::{
    Crew, Message, Pipeline, Retrieve, Wish,
    conductor::{Change, Event, Rules},
    crew::{self, Needs},
    edges, late,
    news::{News, Told},
    wake::{self, Choice},
    worker::{self, Swap},
};
use crate::{
    audio::{Microphone, listen::Segmenter, pipe::Place},
    config::Context,
    error::{Error, Kind, Result, Room},
    parcel::{Exchange, Filter},
};
pub use offers::{DeviceInfo, Missing, devices, find_device, missing_voice, models, speaks, voices};

/// How a conversation begins.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Listens without a key from the beginning.
    pub hands_free: bool,
    /// Hands transcripts to the face as drafts from the beginning.
    pub edit: bool,
    /// What was said before.
    pub history: Vec<Exchange>,
}

/// A running conversation. Dropping it ends it.
pub struct Live {
    pipeline: Pipeline,
    wanted: SyncSender<Wanted>,
    engines: Engines,
    rules: Rules,
    wish: Wish,
}

/// A conversation that began, and what to say about it.
pub struct Started {
    pub live: Live,
    pub news: Receiver<Told>,
    /// Role and name of every model in use, for the screen.
    pub models: Vec<(String, String)>,
    /// Sentences to be said once.
    pub warnings: Vec<String>,
}

/// What listens: apart, so that tests can put something else in its place.
pub struct Ears {
    pub microphone: Box<dyn Microphone>,
    pub segmenter: Segmenter,
}

impl Live {
    /// Begins: engines load at once, in parallel. A sound device that is missing is news and no error; an engine that
    /// cannot be opened fails the turns that need it, with the reason.
    pub fn start(context: &Context, start: Start) -> Result<Started> {
        let roster = Crew::call(context, &Needs::conversation())?;
        let (ears, note) = crew::ears(context)?;
        let models = roster.used.iter().map(|used| (used.role.to_owned(), used.id.clone())).collect();
        let warnings = roster.warnings.into_iter().chain(note).collect();
        let (live, news) = Self::with(context, start, roster.crew, ears)?;
        Ok(Started { live, news, models, warnings })
    }

    /// Begins with this crew and these ears.
    pub fn with(context: &Context, start: Start, crew: Crew, ears: Ears) -> Result<(Self, Receiver<Told>)> {
        let pipes = Pipes::open(&crew.pipes.clone().unwrap_or_else(Place::memory))?;
        let (pipeline, news) = Pipeline::start(crew)?;
        let (wanted, inbox) = sync_channel(edges::LISTENER);
        let mut rules = rules(context, &start);
        let waking = waking(context, &pipeline, &mut rules)?;
        let listener = Listener {
            microphone: ears.microphone,
            segmenter: ears.segmenter,
            pipes,
            cleaner: Cleaner::new(&context.config.echo)?,
            waking,
            session: pipeline.session.clone(),
            lane: pipeline.lane.clone(),
            wanted: inbox,
            messages: pipeline.messages.clone(),
        };
        let live = Self { wish: wish(context), pipeline, wanted, engines: Engines::new(context), rules };
        live.begin(start.history)?;
        worker::start("listener", move || listener.run(start.hands_free))?;
        Ok((live, news))
    }

    fn begin(&self, history: Vec<Exchange>) -> Result<()> {
        self.change(Change::Wish(Box::new(self.wish.clone())))?;
        self.change(Change::Rules(self.rules.clone()))?;
        self.change(Change::History(history))?;
        self.post(Message::Listener(self.wanted.clone()))
    }

    /// Does what is asked. Errors say what could not be done and change nothing.
    pub fn send(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Press => {
                // Not by way of the listener: silence comes first.
                self.post(Message::Event(Event::Pressed))?;
                self.want(Wanted::Press)
            }
            Command::Release => self.want(Wanted::Release),
            Command::Ask(text) if text.trim().is_empty() => Ok(()),
            Command::Ask(text) => self.post(Message::Event(Event::Typed { turn: self.pipeline.session.turn(), text })),
            Command::Silence => {
                self.pipeline.interrupt()?;
                self.want(Wanted::Forget)
            }
            Command::Pause(on) => self.change(Change::Paused(on)),
            Command::Repeat => self.post(Message::Event(Event::Again { turn: self.pipeline.session.turn() })),
            Command::HandsFree(on) => {
                self.rule(|rules| rules.hands_free = on)?;
                self.want(Wanted::HandsFree(on))
            }
            Command::Edit(on) => self.rule(|rules| rules.edit = on),
            Command::Input(name) => self.want(Wanted::Input(name)),
            Command::Recall(history) => self.change(Change::History(history)),
            Command::Aloud(on) => self.wish(|wish, _| wish.aloud = on),
            Command::Documents(on) => self.wish(|wish, context| wish.retrieve = on.then(|| retrieve(context))),
            Command::Volume(_) | Command::Output(_) => self.turn_knob(command),
            Command::Speed(_) | Command::Voice(_) | Command::Model(_) => self.exchange_engine(command),
        }
    }

    /// Ends it, and waits until the device is in order, but no longer than this.
    pub fn stop(self, patience: Duration) {
        self.pipeline.stop(patience);
    }

    fn wish(&mut self, change: impl FnOnce(&mut Wish, &Context)) -> Result<()> {
        let mut wish = self.wish.clone();
        change(&mut wish, &self.engines.wanted());
        self.change(Change::Wish(Box::new(wish.clone())))?;
        self.wish = wish;
        Ok(())
    }

    fn rule(&mut self, change: impl FnOnce(&mut Rules)) -> Result<()> {
        let mut rules = self.rules.clone();
        change(&mut rules);
        self.change(Change::Rules(rules.clone()))?;
        self.rules = rules;
        Ok(())
    }

    fn turn_knob(&self, command: Command) -> Result<()> {
        let silent = || Error::reopen(Room::Audio, "nothing is being spoken: there is no speaker").hint("plug one in, or answer in text");
        let knobs = self.pipeline.lane.knobs().ok_or_else(silent)?;
        match command {
            Command::Volume(volume) => knobs.set_volume(volume.clamp(0.0, 1.0)),
            Command::Output(name) => knobs.retarget(&name),
            _ => {}
        }
        Ok(())
    }

    /// Puts another engine in place of one; the answer at hand ends. What cannot be found is an error, and nothing
    /// changes; what cannot be opened leaves the engine as it was, and is told.
    fn exchange_engine(&mut self, command: Command) -> Result<()> {
        let settled = self.engines.settle();
        let wanted = engines::with(&self.engines.wanted(), &command);
        let worked = Arc::default();
        let (outcome, names) = (Arc::clone(&worked), (engines::name(&wanted, &command), engines::name(&settled, &command)));
        match command {
            Command::Model(_) => {
                let (open, back) = (crew::writer(&wanted)?, crew::writer(&settled)?);
                self.hand_over(Message::Writer(Box::new(Swap { open, back, worked, names })))?;
                self.engines.try_writer(wanted, outcome);
            }
            _ => {
                let (open, back) = (crew::voice(&wanted)?, crew::voice(&settled)?);
                self.hand_over(Message::Voice(Box::new(Swap { open, back, worked, names })))?;
                self.engines.try_voice(wanted, outcome);
            }
        }
        Ok(())
    }

    /// An engine, after silence.
    fn hand_over(&self, swap: Message) -> Result<()> {
        self.pipeline.interrupt()?;
        self.post(swap)
    }

    fn change(&self, change: Change) -> Result<()> {
        self.post(Message::Event(Event::Changed(change)))
    }

    fn want(&self, wanted: Wanted) -> Result<()> {
        edges::post(&self.wanted, wanted).map_err(|error| late(&error, "listener"))
    }

    fn post(&self, message: Message) -> Result<()> {
        self.pipeline.post(message)
    }
}

/// How somebody without the key means us: in the rules, or by what listens for the key phrase.
fn waking(context: &Context, pipeline: &Pipeline, rules: &mut Rules) -> Result<Option<Waking>> {
    match wake::choose(&context.config.listen, &context.paths) {
        Ok(Choice::Anybody) => Ok(None),
        Ok(Choice::Name(name)) => {
            rules.wake = name;
            Ok(None)
        }
        Ok(Choice::Phrase(phrase)) => {
            let waking = Waking::start(&phrase, pipeline.messages.clone())?;
            rules.phrase = phrase.words;
            Ok(Some(waking))
        }
        // Who set a phrase does not want to be heard without it.
        Err(error) if error.kind() == Kind::Fetch => {
            pipeline.post(Message::News(News::Note(format!("hands-free is deaf, the talk key is not: {error}"))))?;
            Ok(Some(Waking::deaf()))
        }
        Err(error) => Err(error),
    }
}

/// What holds in a conversation that begins so.
fn rules(context: &Context, start: &Start) -> Rules {
    let backchannels = context.config.listen.backchannels.clone();
    Rules { hands_free: start.hands_free, edit: start.edit, backchannels, ..Rules::default() }
}

/// How this configuration wants questions answered.
fn wish(context: &Context) -> Wish {
    let config = &context.config;
    Wish {
        system: config.llm.system.clone(),
        sampling: config.sampling.clone(),
        retrieve: Some(retrieve(context)),
        require_docs: false,
        aloud: true,
        history: Vec::new(),
    }
}

fn retrieve(context: &Context) -> Retrieve {
    Retrieve { limit: context.config.rag.passages, filter: Filter::default() }
}

#[cfg(test)]
mod tests;
