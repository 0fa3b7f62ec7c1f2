//! A question into an answer: the conductor decides, workers do, faces are told.
//!
//! ```text
//! face ──ask──► conductor ──jobs──► ear · documents · writer · voice ──sound──► lane ──► speaker
//!   ▲               ▲                          │                                            │
//!   └───notices─────┴──────────events──────────┴────────────────────────────────────────────┘
//! ```

pub mod barge;
pub mod conductor;
pub mod crew;
pub mod edges;
pub mod lane;
mod lead;
pub mod live;
pub mod meter;
pub mod news;
mod pump;
pub mod recording;
mod speaker;
pub mod stable;
pub mod wake;
pub mod worker;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use conductor::Event;
pub use conductor::{Question, Retrieve, Wish};
pub use crew::Crew;
use lane::Lane;
pub use news::{News, Notice, Told};
use worker::{Engine, Swap};

/// What a user says of the documents that may answer.
pub use crate::rag::filter::parse as parse_filter;
use crate::{
    audio::pipe::Place,
    error::{Error, Result, Room},
    llm::Llm,
    tts::Tts,
    turn::{Session, Turn, TurnId},
};

/// What reaches the pump: an event for the conductor, or news about a worker.
pub enum Message {
    Event(Event),
    Free(Engine),
    Loaded(Engine, Duration),
    /// A worker met a fault of ours in the middle of a job.
    Broke(TurnId, Error),
    /// News that the conductor has no part in; levels are dropped where the face is behind.
    News(News),
    /// Where the listener takes what the conductor wants of it.
    Listener(SyncSender<live::Wanted>),
    /// Another writer, another voice.
    Writer(Box<Swap<dyn Llm>>),
    Voice(Box<Swap<dyn Tts>>),
    Stop,
}

/// A running pipeline. Dropping it supersedes the turn at hand and lets every thread end.
pub struct Pipeline {
    session: Arc<Session>,
    messages: SyncSender<Message>,
    lane: Arc<Lane>,
    /// Gives way once the speaker has closed its file or device.
    speaker_gone: Receiver<()>,
}

impl Pipeline {
    /// Starts one thread per engine of the crew; they load at once, in parallel. Notices come from the receiver.
    pub fn start(crew: Crew) -> Result<(Self, Receiver<Told>)> {
        let (messages, inbox) = sync_channel(edges::EVENTS);
        let (told, notices) = sync_channel(edges::NOTICES);
        let (gone, speaker_gone) = sync_channel(1);
        let lane = Arc::new(Lane::open(&crew.pipes.clone().unwrap_or_else(Place::memory))?);
        let pump = pump::Pump::staff(crew, &messages, &lane, gone, told)?;
        worker::start("conductor", move || pump.run(&inbox))?;
        Ok((Self { session: Arc::default(), messages, lane, speaker_gone }, notices))
    }

    /// Asks; supersedes whatever was being answered.
    pub fn ask(&self, question: Question, wish: Wish) -> Result<Turn> {
        let turn = self.session.turn();
        self.post(Message::Event(Event::Asked { turn: turn.clone(), question, wish: Box::new(wish) }))?;
        Ok(turn)
    }

    /// Silence, at once.
    pub fn interrupt(&self) -> Result<()> {
        self.post(Message::Event(Event::Interrupted))
    }

    /// Ends everything and waits until the speaker has put its file or device in order, but no longer than this.
    pub fn stop(self, patience: Duration) {
        let _ = self.messages.try_send(Message::Event(Event::Interrupted));
        self.lane.close();
        // A speaker that does not end in time is left to the end of the process.
        let _ = self.speaker_gone.recv_timeout(patience);
    }

    fn post(&self, message: Message) -> Result<()> {
        edges::post(&self.messages, message).map_err(|error| late(&error, "conductor"))
    }
}

/// Why something could not be handed to that thread.
fn late<T>(error: &TrySendError<T>, who: &str) -> Error {
    match error {
        TrySendError::Full(_) => Error::retry(Room::Pipeline, "the conversation is behind with what it was told").hint("try again"),
        TrySendError::Disconnected(_) => {
            Error::report(Room::Pipeline, format!("the {who} has ended unexpectedly")).hint("please report this, with the log")
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let _ = self.messages.try_send(Message::Stop);
        self.lane.close();
    }
}

#[cfg(test)]
mod tests;
