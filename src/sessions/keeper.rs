//! Exchanges of a conversation into its file, and what was said so far. Waits for the disk: see [`Clerk`](super::Clerk).

use std::path::PathBuf;

use jiff::Timestamp;

use super::{
    Settings,
    entry::{Entry, Line},
    id::Id,
    markdown,
    recorder::Recorder,
    store::{Conversation, Sessions},
};
use crate::{
    error::{Error, Result, Room},
    os::paths::Paths,
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
        let mut keeper = Self { paths, settings, models, recorder, before: None, conversation: nothing_said() };
        let note = past.and_then(|past| keeper.go_on(past, None).err());
        Ok((keeper, note))
    }

    /// Keeps an exchange that is over: see [`write`](Self::write).
    pub fn keep(&mut self, turn: TurnId, entry: Entry) -> Option<Error> {
        self.write(turn, Line::Exchange(entry))
    }

    /// Keeps a question when it is asked, or the exchange when it is over. The error is to be said once: nothing needs to
    /// stop.
    pub fn write(&mut self, turn: TurnId, line: Line) -> Option<Error> {
        if let Some((last, recorder)) = &mut self.before
            && turn <= *last
        {
            return recorder.write(&line).err();
        }
        // A turn of this conversation is over: nothing of the one before can come any more.
        if matches!(line, Line::Exchange(_)) {
            self.before = None;
        }
        let result = self.recorder.write(&line);
        self.conversation.take(line);
        if self.conversation.entries.len() > HELD {
            self.conversation.entries.remove(0);
        }
        self.recorder.id().inspect(|id| self.conversation.id = (*id).clone());
        result.err()
    }

    /// `/new`: what is said after the turn `newest` is another conversation.
    pub fn anew(&mut self, newest: Option<TurnId>) -> Result<()> {
        let next = Recorder::start(&self.paths, &self.settings, &self.models)?;
        self.turn_over(next, newest);
        self.conversation = nothing_said();
        Ok(())
    }

    /// `/resume`: after the turn `newest` goes on with another conversation. Gives what was said in it; the sentence
    /// beside it is to be said.
    pub fn resume(&mut self, wanted: &str, newest: Option<TurnId>) -> Result<(Conversation, Option<Error>)> {
        let past = Sessions::open(&self.paths).load(wanted)?;
        if Some(&past.id) == self.recorder.id() {
            return Ok((past, None));
        }
        let note = self.go_on(past.clone(), newest).err();
        Ok((past, note))
    }

    /// `/export`: writes what was said so far as Markdown, into this file or one named after the conversation. An existing
    /// file stays as it is.
    pub fn export(&self, file: Option<String>) -> Result<PathBuf> {
        if self.conversation.entries.is_empty() {
            return Err(Error::reword(Room::Os, "nothing was said yet that could be exported").hint("ask something first"));
        }
        let path = file.map_or_else(|| PathBuf::from(format!("xnai-{}.md", self.conversation.id)), PathBuf::from);
        let saved = markdown::save(&self.document(), &path, false);
        saved.map(|()| path).map_err(|e| Error::new(e.kind(), e.room(), e.message()).hint("name another file, as in /export talk.md"))
    }

    /// What was said so far, by this conversation's file or, where none is kept, from memory.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The conversation as Markdown, also where nothing is saved.
    pub fn document(&self) -> String {
        markdown::document(&self.conversation)
    }

    fn go_on(&mut self, past: Conversation, newest: Option<TurnId>) -> Result<()> {
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
        self.turn_over(next, newest);
        self.conversation = Conversation { models: self.models.clone(), ..past };
        note
    }

    fn turn_over(&mut self, next: Recorder, newest: Option<TurnId>) {
        let ended = std::mem::replace(&mut self.recorder, next);
        self.before = newest.map(|last| (last, ended));
    }
}

fn nothing_said() -> Conversation {
    let started = Timestamp::now();
    Conversation { id: Id::of(started), started, models: Vec::new(), entries: Vec::new(), damaged: 0 }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
