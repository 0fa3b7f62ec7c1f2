//! A stream of sound into the moments when a key phrase was spoken, by a detector behind the protocol.
//!
//! For hands-free listening: sound is pushed as it is captured; only a detector that is seconds behind is waited for.

use std::time::Duration;

use serde_json::json;

use super::{
    event::Event,
    link::{Line, Link},
    sound,
    wire::Fault,
};
use crate::{error::Result, turn::Turn};

/// A key phrase was spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// The phrase, as the detector names it.
    pub name: String,
    /// Where in the stream, counted from its begin; `None`: it did not say.
    pub at: Option<Duration>,
}

/// One detector that listens until it is dropped. After an error it is to be opened again.
#[derive(Debug)]
pub struct Wake {
    line: Line,
}

impl Wake {
    /// Begins to listen for these phrases; for all that the detector knows when there are none.
    pub fn open(link: Link, phrases: &[String], turn: &Turn) -> Result<Self> {
        let mut line = link.into_line(turn)?;
        let names = if phrases.is_empty() { json!(null) } else { json!(phrases) };
        for event in [Event::new("detect", json!({ "names": names })), sound::start()] {
            line.send(&event, turn)?;
        }
        Ok(Self { line })
    }

    /// Hands on what was captured, 16 kHz; gives what was detected up to now, which may be in sound pushed before.
    pub fn push(&mut self, samples: &[f32], turn: &Turn) -> Result<Vec<Detection>> {
        for chunk in sound::chunks(samples) {
            self.line.send(&chunk, turn)?;
        }
        let mut found = Vec::new();
        while let Some(event) = self.line.event()? {
            match event.kind.as_str() {
                "detection" => found.push(Detection {
                    name: event.text("name").unwrap_or_default().to_owned(),
                    at: event.number("timestamp").map(Duration::from_millis),
                }),
                "error" => return Err(self.line.error(&Fault::Complaint(super::talk::harmless(event.text("text").unwrap_or_default())))),
                _ => {}
            }
        }
        Ok(found)
    }
}
