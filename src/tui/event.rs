//! All that can happen to the screen, and all that can follow from it.

use std::time::Instant;

use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use super::{
    choices::{Choice, Kind},
    vitals::Vitals,
};
use crate::{
    pipeline::{Told, live::Command},
    sessions::Entry,
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
    /// There is one of this name, asked for by [`Effect::Check`].
    Named(Kind, String),
    /// A new conversation, asked for by [`Effect::Fresh`].
    Begun,
    /// It is the same conversation as before: neither of them could be had, and why.
    Stayed(String),
    /// An earlier conversation, asked for by [`Effect::Resume`].
    Recalled(Vec<Entry>),
    /// A command that may fail was carried out.
    Obeyed(Command),
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
    /// Find out what there is.
    List(Kind),
    /// Find out whether there is one of this name.
    Check(Kind, String),
    /// Find the sessions that hold these words.
    Find(String),
    /// Go on with the session of this name.
    Resume(String),
    /// Write the session at hand as Markdown, to this file or one named after it.
    Export(Option<String>),
    /// Begin another session on disk.
    Fresh,
    /// The first run was seen.
    Greeted,
    Suspend,
    Redraw,
    Quit,
    /// There is no terminal any more.
    Lost,
}
