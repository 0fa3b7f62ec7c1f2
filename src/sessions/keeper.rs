//! What a face holds of its conversation: the scribe that follows it, the recorder that writes it, and what was said.

use jiff::Timestamp;

use super::{
    Settings,
    id::Id,
    markdown,
    recorder::Recorder,
    scribe::Scribe,
    store::{Conversation, Sessions},
};
use crate::{
    error::{Error, Result},
    os::paths::Paths,
    parcel::Exchange,
    pipeline::news::{News, Told},
    turn::TurnId,
};

/// Exchanges held for an export of what is going on; the file has them all.
const HELD: usize = 10_000;

/// Role and name of the models in use.
pub type Models = Vec<(String, String)>;

pub struct Keeper {
    paths: Paths,
    settings: Settings,
    models: Models,
    scribe: Scribe,
    recorder: Recorder,
    /// Of the conversation before this one, whose last turn may still be ending.
    before: Option<(TurnId, Recorder)>,
    conversation: Conversation,
}

impl Keeper {
    /// Begins to keep a conversation: a new one, or `past` taken up again. The sentence beside it is to be said: why the
    /// past cannot be written on and a new file will be made.
    pub fn begin(paths: &Paths, settings: &Settings, models: Models, past: Option<Conversation>) -> Result<(Self, Option<Error>)> {
        let recorder = Recorder::start(paths, settings, &models)?;
        let (paths, settings) = (paths.clone(), settings.clone());
        let mut keeper = Self { paths, settings, models, scribe: Scribe::default(), recorder, before: None, conversation: nothing_said() };
        let note = past.and_then(|past| keeper.go_on(past).err());
        Ok((keeper, note))
    }

    /// A typed question was sent.
    pub fn asked(&mut self, question: &str) {
        self.scribe.asked(question);
    }

    /// Takes the news; keeps an exchange when one is over. The error is to be said once: nothing needs to stop.
    pub fn hear(&mut self, told: &Told) -> Option<Error> {
        let entry = self.scribe.hear(told)?;
        let News::Turn(turn, _) = told.news else { return None };
        if let Some((last, recorder)) = &mut self.before
            && turn <= *last
        {
            return recorder.record(&entry).err();
        }
        // A turn of this conversation is over: nothing of the one before can come any more.
        self.before = None;
        if self.conversation.entries.len() == HELD {
            self.conversation.entries.remove(0);
        }
        let result = self.recorder.record(&entry);
        self.conversation.entries.push(entry);
        self.recorder.id().inspect(|id| self.conversation.id = (*id).clone());
        result.err()
    }

    /// `/new`: what is said from now on is another conversation.
    pub fn anew(&mut self) -> Result<()> {
        let next = Recorder::start(&self.paths, &self.settings, &self.models)?;
        self.turn_over(next);
        self.conversation = nothing_said();
        Ok(())
    }

    /// `/resume`: goes on with another conversation. The history is for [`Recall`](crate::pipeline::live::Command::Recall);
    /// the sentence beside it is to be said.
    pub fn resume(&mut self, wanted: &str) -> Result<(Vec<Exchange>, Option<Error>)> {
        let past = Sessions::open(&self.paths).load(wanted)?;
        let history = past.history();
        if Some(&past.id) == self.recorder.id() {
            return Ok((history, None));
        }
        let note = self.go_on(past).err();
        Ok((history, note))
    }

    /// The model was changed: the next file says so.
    pub fn uses(&mut self, models: Models) {
        self.models = models;
    }

    /// What was said so far, by this conversation's file or, where none is kept, from memory.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The conversation as Markdown, also where nothing is saved.
    pub fn document(&self) -> String {
        markdown::document(&self.conversation)
    }

    fn go_on(&mut self, past: Conversation) -> Result<()> {
        // The one before may still be held, by this very keeper.
        let held = self.before.take_if(|(_, recorder)| recorder.id() == Some(&past.id)).map(|(_, recorder)| Ok(recorder));
        let resumed = held.unwrap_or_else(|| Recorder::resume(&self.paths, &self.settings, &self.models, &past.id));
        let (next, note) = match resumed {
            Ok(next) => (next, Ok(())),
            Err(error) => {
                let new = Recorder::start(&self.paths, &self.settings, &self.models)?;
                (new, Err(error.hint("what is said from now on is kept as a new session")))
            }
        };
        self.turn_over(next);
        self.conversation = Conversation { models: self.models.clone(), ..past };
        note
    }

    fn turn_over(&mut self, next: Recorder) {
        let ended = std::mem::replace(&mut self.recorder, next);
        self.before = self.scribe.newest().map(|last| (last, ended));
    }
}

fn nothing_said() -> Conversation {
    let started = Timestamp::now();
    Conversation { id: Id::of(started), started, models: Vec::new(), entries: Vec::new(), damaged: 0 }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
