//! Everything that can happen to a turn, and what a face asks.

use std::time::{Duration, Instant};

use super::{Change, Made};
use crate::{
    error::Result,
    parcel::{Exchange, Filter, Finish, Passages, Piece, Sampling, Transcript, Utterance},
    pipeline::news::Origin,
    turn::{Turn, TurnId},
};

/// What a face asks.
#[derive(Clone, Debug)]
pub enum Question {
    Typed(String),
    /// One utterance, or several where long audio was split at its pauses.
    Spoken(Vec<Utterance>),
}

impl Question {
    /// Of the sound; nothing for a typed one.
    pub(super) fn length(&self) -> Duration {
        match self {
            Self::Typed(_) => Duration::ZERO,
            Self::Spoken(parts) => parts.iter().map(Utterance::duration).sum(),
        }
    }
}

/// How to answer; fixed for one turn.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub system: String,
    pub sampling: Sampling,
    /// `None`: answer without documents.
    pub retrieve: Option<Retrieve>,
    /// Fail with [`Broaden`](crate::error::Kind::Broaden) when the documents hold nothing.
    pub require_docs: bool,
    /// Speak the answer.
    pub aloud: bool,
    pub history: Vec<Exchange>,
}

#[derive(Clone, Debug, Default)]
pub struct Retrieve {
    pub limit: usize,
    pub filter: Filter,
}

/// Everything that can happen.
#[derive(Debug)]
pub enum Event {
    Asked {
        turn: Turn,
        question: Question,
        wish: Box<Wish>,
    },
    Heard {
        turn: TurnId,
        result: Result<Transcript>,
    },
    /// What was understood of speech that goes on; the number of the order.
    Partly {
        turn: TurnId,
        number: u32,
        result: Result<Transcript>,
    },
    Found {
        turn: TurnId,
        result: Result<Passages>,
    },
    Wrote {
        turn: TurnId,
        piece: Piece,
    },
    Finished {
        turn: TurnId,
        result: Result<Finish>,
    },
    /// A fragment was synthesised.
    Spoke {
        turn: TurnId,
        result: Result<Made>,
    },
    /// The first sample of the turn reached the speaker.
    Sounded {
        turn: TurnId,
    },
    /// This fragment begins to be heard.
    Sounding {
        turn: TurnId,
        index: u32,
    },
    /// The speaker has nothing left of the turn.
    Drained {
        turn: TurnId,
        result: Result<()>,
    },
    /// The speaker fell silent in the middle of a superseded turn, after playing this much of it.
    Hushed {
        turn: TurnId,
        played: Duration,
    },
    /// From the microphone.
    Sound(Sound),
    /// A conversation begins, or its rules change.
    Changed(Change),
    /// Typed into a conversation.
    Typed {
        turn: Turn,
        text: String,
    },
    /// The last answer is to be spoken once more.
    Again {
        turn: Turn,
    },
    /// The user wants silence.
    Interrupted,
    /// The talk key went down: what is being said falls silent; what is being heard may be meant.
    Pressed,
    /// The state lasted longer than [`State::deadline`] allows.
    Overdue,
}

/// What the listener makes of the microphone.
#[derive(Debug)]
pub enum Sound {
    /// Somebody began to speak, or pressed the key.
    Began { turn: Turn, origin: Origin },
    /// Everything so far, some times a second.
    SoFar { turn: TurnId, speech: Utterance },
    /// Nothing so far that could be transcribed, some times a second: the key is down, and its owner thinks.
    Silent { turn: TurnId },
    /// Too long to be transcribed at once: what is there so far; the rest follows.
    Part { turn: TurnId, speech: Utterance },
    /// A short pause: perhaps the end. `since`: the last voiced sample.
    Paused { turn: TurnId, speech: Utterance, since: Instant },
    /// It was not the end: the next revision of the turn.
    Resumed { turn: Turn },
    /// The end. An empty utterance: there was no voice in it.
    Ended { turn: TurnId, speech: Utterance, since: Instant },
    /// Too short to be speech.
    Dropped { turn: TurnId },
}
