//! All that can happen to the screen, and all that can follow from it.

use std::time::Instant;

use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use super::{
    choices::{Choice, Kind},
    vitals::Vitals,
};
use crate::{
    parcel::{Exchange, Passage},
    pipeline::{Told, live::Command},
};

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Pasted(String),
    /// Columns and rows.
    Resized(u16, u16),
    Told(Told),
    Vitals(Vitals),
    /// What there is to choose from, asked for by [`Effect::List`].
    Listed(Kind, Vec<Choice>),
    /// An earlier conversation, asked for by [`Effect::Resume`].
    Recalled(Vec<Exchange>),
    /// A sentence for the status line.
    Said(String),
    /// Time went by.
    Tick(Instant),
    /// The terminal went away.
    Lost,
}

/// What the loop must do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Send(Command),
    /// Into the clipboard of the terminal.
    Copy(String),
    /// An exchange is over: it belongs to the session on disk.
    Record(Record),
    /// Find out what there is.
    List(Kind),
    /// Go on with the session of this name.
    Resume(String),
    /// Write the session at hand as Markdown.
    Export,
    /// A conversation begins anew: so does the session on disk.
    Fresh,
    /// The first run was seen.
    Greeted,
    Suspend,
    Redraw,
    Quit,
}

/// A question, the answer as far as it was heard, and the passages it stands on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub question: String,
    pub answer: String,
    pub citations: Vec<Passage>,
}
