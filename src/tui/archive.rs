//! Where conversations are kept. The screen needs no more of it than this.

use std::path::PathBuf;

use super::event::Record;
use crate::{
    error::{Error, Result, Room},
    parcel::{Exchange, Passage},
};

/// A conversation that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What [`Archive::recall`] takes.
    pub name: String,
    /// When, and how it began: for people.
    pub hint: String,
}

/// Keeps exchanges as they happen, and finds them again.
pub trait Archive {
    /// An exchange is over; `citations` are the passages the answer stands on.
    fn keep(&mut self, question: &str, answer: &str, citations: &[Passage]) -> Result<()>;

    /// What follows belongs to a new conversation.
    fn begin_anew(&mut self) -> Result<()>;

    /// The latest first.
    fn list(&mut self) -> Result<Vec<Kept>>;

    /// What was said then; what follows is added to it.
    fn recall(&mut self, name: &str) -> Result<Vec<Exchange>>;

    /// Writes the conversation at hand as Markdown; gives the path.
    fn export(&mut self) -> Result<PathBuf>;
}

/// Keeps nothing: sessions are off.
pub struct Nowhere;

impl Archive for Nowhere {
    fn keep(&mut self, _: &str, _: &str, _: &[Passage]) -> Result<()> {
        Ok(())
    }

    fn begin_anew(&mut self) -> Result<()> {
        Ok(())
    }

    fn list(&mut self) -> Result<Vec<Kept>> {
        Err(off())
    }

    fn recall(&mut self, _: &str) -> Result<Vec<Exchange>> {
        Err(off())
    }

    fn export(&mut self) -> Result<PathBuf> {
        Err(off())
    }
}

fn off() -> Error {
    Error::reword(Room::Config, "conversations are not kept").hint("set tui.sessions = true")
}

/// Hands an exchange over.
pub(super) fn keep(archive: &mut dyn Archive, record: &Record) -> Result<()> {
    archive.keep(&record.question, &record.answer, &record.citations)
}
