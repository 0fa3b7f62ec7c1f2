//! Keys, mouse, paste and size of the terminal into events, on a thread of its own.

use std::{sync::mpsc::SyncSender, time::Duration};

use ratatui::crossterm::event::{self as terminal, Event as Typed};

use super::event::Event;
use crate::{error::Result, os::stop, pipeline::worker};

/// How often it looks whether anybody still wants its events.
const PATIENCE: Duration = Duration::from_millis(250);

pub fn start(events: SyncSender<Event>) -> Result<()> {
    worker::start("keys", move || {
        while !stop::requested() {
            let event = match terminal::poll(PATIENCE) {
                Ok(false) => continue,
                Ok(true) => terminal::read().map_or(Some(Event::Lost), meant),
                Err(_) => Some(Event::Lost),
            };
            let lost = matches!(event, Some(Event::Lost));
            if event.is_some_and(|event| events.send(event).is_err()) || lost {
                return;
            }
        }
    })
    .map(drop)
}

fn meant(typed: Typed) -> Option<Event> {
    Some(match typed {
        Typed::Key(key) => Event::Key(key),
        Typed::Mouse(mouse) => Event::Mouse(mouse),
        Typed::Paste(text) => Event::Pasted(text),
        Typed::Resize(columns, rows) => Event::Resized(columns, rows),
        Typed::FocusGained | Typed::FocusLost => return None,
    })
}
