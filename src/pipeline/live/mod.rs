//! A conversation that listens and speaks: commands in, news out.

use std::{sync::mpsc::Receiver, time::Duration};

use super::news::Told;
use crate::{
    config::Context,
    error::{Error, Result, Room},
    parcel::Exchange,
};

/// What a face may ask of a conversation. None of them waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The talk key went down: silence at once, and listen.
    Press,
    /// The talk key was let go: the question is complete.
    Release,
    /// A typed question, or an edited transcript.
    Ask(String),
    /// Silence at once; what was heard of the answer stays in the history.
    Silence,
    /// Holds the voice where it is, or lets it go on.
    Pause(bool),
    /// Speaks the last answer once more.
    Repeat,
    /// Listens all the time and answers whoever speaks.
    HandsFree(bool),
    /// Hands transcripts to the face as drafts instead of answering them.
    Edit(bool),
    /// Answers aloud, or only in text.
    Aloud(bool),
    /// 0.0 to 1.0.
    Volume(f32),
    /// Speaking rate, 0.5 to 2.0.
    Speed(f32),
    /// Kokoro voice or blend.
    Voice(String),
    /// Microphone, by name or number.
    Input(String),
    /// Speaker, by name or number.
    Output(String),
    /// Language model: registry id or path.
    Model(String),
    /// Answers out of the documents, or without them.
    Documents(bool),
    /// Begins a conversation anew, with this as its past (empty: none).
    Recall(Vec<Exchange>),
}

/// How a conversation begins.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Listens without a key from the beginning.
    pub hands_free: bool,
    /// What was said before.
    pub history: Vec<Exchange>,
}

/// A running conversation. Dropping it ends it.
pub struct Live;

impl Live {
    /// Begins: engines load at once, in parallel; what is missing is told by [`News`](super::news::News), not an error.
    pub fn start(_context: &Context, _start: Start) -> Result<Started> {
        Err(Error::report(Room::Pipeline, "there is no live conversation yet"))
    }

    /// Hands a command to the conductor. Errors only when the conductor has ended, a fault of ours.
    pub fn send(&self, _command: Command) -> Result<()> {
        Err(Error::report(Room::Pipeline, "there is no live conversation yet"))
    }

    /// Ends it, and waits until the device is in order, but no longer than this.
    pub fn stop(self, _patience: Duration) {}
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
