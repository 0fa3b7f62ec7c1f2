//! What follows from an event, done: commands sent, lists found, the session kept, the clipboard filled.

use std::{
    fs,
    io::{Write, stdout},
};

use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    crossterm::{
        execute,
        terminal::{Clear, ClearType},
    },
};

use super::{Face, greeted, trouble};
use crate::{
    error::{Error, Result},
    pipeline::live::Command,
    sessions::clerk::{Errand, Reply},
    talk::kept::{self, Choices},
    tui::{
        choices::{self, Kind},
        clipboard,
        event::{Effect, Event},
    },
};

impl Face<'_> {
    pub(super) fn carry_out(&mut self, effect: Effect) -> Result<()> {
        match effect {
            Effect::Send(command) => self.send(command),
            Effect::Copy(text) => self.copy(&text),
            Effect::List(kind) => self.list(kind, None),
            Effect::Check(kind, name) => self.name(kind, name),
            Effect::Find(words) => self.list(Kind::Sessions, Some(words)),
            Effect::Resume(name) => self.errand(Errand::Resume(name)),
            Effect::Export(file) => self.errand(Errand::Export(file)),
            Effect::Fresh => self.errand(Errand::Anew),
            Effect::Greeted => {
                self.remember_greeting();
                Ok(())
            }
            Effect::Suspend => {
                self.guard.suspend(&self.log)?;
                self.redraw()
            }
            Effect::Redraw => self.redraw(),
            Effect::Quit => {
                self.leaving = true;
                Ok(())
            }
            Effect::Lost => Err(Error::stopped()),
        }
    }

    /// What cannot be done is said and changes nothing.
    fn send(&mut self, command: Command) -> Result<()> {
        if let Command::Ask(text) = &command {
            self.clerk.asked(text);
        }
        let done = self.conversation.send(command.clone()).map(|()| vec![Event::Obeyed(command)]);
        self.follow(done)
    }

    /// What was chosen since the last look is kept for the next time.
    pub(super) fn keep_choices(&mut self) {
        let now = self.model.choices();
        let chosen = now.since(&self.choices);
        if chosen == Choices::default() {
            return;
        }
        self.choices = now;
        if self.context.config.sessions.save {
            let paths = self.context.paths.clone();
            let refused = self.clerk.also(move || kept::keep(&paths, chosen)).err();
            self.tell(refused);
        }
    }

    /// Whether there is such a one is found out on another thread.
    fn name(&mut self, kind: Kind, name: String) -> Result<()> {
        let sender = self.sender.clone();
        choices::check(kind, name, self.context, move |found| {
            // The screen may be gone by now; then nobody wants to know.
            let _ = sender.send(found.map_or_else(|error| Event::Said(error.to_string()), |name| Event::Named(kind, name)));
        })
    }

    /// The disk is another thread's: what became of it comes as a reply.
    fn errand(&mut self, errand: Errand) -> Result<()> {
        match self.clerk.send(errand.clone()) {
            Ok(()) => Ok(()),
            Err(error) if matches!(errand, Errand::Export(_)) => {
                self.tell(Some(error));
                Ok(())
            }
            Err(error) => self.step(Event::Stayed(error.to_string())),
        }
    }

    pub(super) fn replied(&mut self, reply: Reply) -> Result<()> {
        let events = match reply {
            Reply::Trouble(error) => Err(error),
            Reply::Anew(begun) => Ok(vec![begun.map_or_else(|error| Event::Stayed(error.to_string()), |()| Event::Begun)]),
            Reply::Resumed(Err(error)) => Ok(vec![Event::Stayed(error.to_string())]),
            Reply::Resumed(Ok((past, note))) => {
                let note = note.map(|error| Event::Said(error.to_string()));
                Ok(std::iter::once(Event::Recalled(past.entries)).chain(note).collect())
            }
            Reply::Exported(path) => path.map(|path| vec![Event::Said(format!("written to {}", path.display()))]),
        };
        self.follow(events)
    }

    fn follow(&mut self, events: Result<Vec<Event>>) -> Result<()> {
        match events {
            Ok(events) => events.into_iter().try_for_each(|event| self.step(event)),
            Err(error) => {
                self.tell(Some(error));
                Ok(())
            }
        }
    }

    /// An error that ends nothing: one sentence in the status line.
    pub(super) fn tell(&mut self, error: Option<Error>) {
        if let Some(error) = error {
            self.model.say(&error.to_string());
            self.model.stale = true;
        }
    }

    fn copy(&mut self, text: &str) -> Result<()> {
        match clipboard::sequence(text) {
            Some(sequence) => {
                let backend = self.terminal.backend_mut();
                backend.write_all(sequence.as_bytes()).and_then(|()| backend.flush()).map_err(|e| trouble(&e))
            }
            None => {
                self.model.say("the answer is too long for the terminal's clipboard");
                Ok(())
            }
        }
    }

    fn list(&mut self, kind: Kind, words: Option<String>) -> Result<()> {
        let sender = self.sender.clone();
        choices::find(kind, words, self.context, move |found| {
            let event = found.unwrap_or_else(|error| {
                // The screen may be gone by now; then nobody wants to know.
                let _ = sender.send(Event::Said(error.to_string()));
                Vec::new()
            });
            let _ = sender.send(Event::Listed(kind, event));
        })
    }

    /// Best effort: whoever cannot write there is greeted again.
    fn remember_greeting(&mut self) {
        let marker = greeted(self.context);
        let written = marker.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&marker, ""));
        if let Err(error) = written {
            tracing::debug!(%error, "the greeting could not be remembered");
        }
    }

    fn redraw(&mut self) -> Result<()> {
        self.model.stale = true;
        // Not `Terminal::clear`: it asks where the cursor is, and the answer would come among the keys.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout())).map_err(|e| trouble(&e))?;
        execute!(self.terminal.backend_mut(), Clear(ClearType::All)).map_err(|e| trouble(&e))
    }
}
