//! What a face is told, and when it happened.

use std::{
    fmt,
    time::{Duration, Instant},
};

use super::{
    conductor::{Ear, Voice, Work},
    worker::Engine,
};
use crate::{
    error::Error,
    parcel::{Finish, Passages, Piece, Sentence, Transcript},
    turn::TurnId,
};

/// News, and when it happened: what was kept back is told later than that.
#[derive(Clone, Debug)]
pub struct Told {
    pub at: Instant,
    pub news: News,
}

#[derive(Clone, Debug)]
pub enum News {
    Turn(TurnId, Notice),
    /// An engine finished loading; how long it took.
    Loaded(Engine, Duration),
    /// What is going on, after every change of it. Live only, like all below.
    Doing(Doing),
    /// About twenty times a second while a microphone is open.
    Level(Level),
    Device(Side, DeviceState),
    /// Of hands-free listening that waits for a key phrase, after every change of it.
    Phrase(Phrase),
    /// A wish could not be fulfilled.
    Stays(Stays),
    /// A sentence for the status line: a setting was taken, or could not be.
    Note(String),
}

/// Another engine could not be opened, and the one that was at work is so again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stays {
    pub engine: Engine,
    /// Name of the other.
    pub refused: String,
    /// Name of the one at work.
    pub name: String,
    pub why: String,
}

impl fmt::Display for Stays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} stays as it was: {}", self.engine.name(), self.why)
    }
}

/// The conductor's state as a face shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doing {
    pub ear: Ear,
    pub work: Work,
    pub voice: Voice,
    pub hands_free: bool,
}

/// What hands-free listening waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phrase {
    /// No phrase is wanted: it is off, or everybody is heard.
    #[default]
    Unwanted,
    /// Nothing is heard before the phrase was spoken.
    Awaited,
    /// The phrase was understood: a question may begin.
    Spoken,
}

/// Of the microphone, over the last 50 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Loudness in dB of full scale: −90 (silence) to 0.
    pub db: f32,
    /// The voice activity detector takes it for speech.
    pub speech: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Input,
    Output,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Open, under this name.
    Open(String),
    /// Gone, or not to be opened; why. It is looked for again and again.
    Lost(String),
    /// Nothing but exact zeros for 2 s: perhaps switched off.
    Muted,
}

/// Where a turn comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Typed,
    /// A key was held or pressed.
    Key,
    /// Somebody began to speak.
    HandsFree,
    /// The last answer, spoken once more.
    Repeat,
}

/// News of one turn.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A turn begins: the screen may make room for it. Live only.
    Began(Origin),
    /// What was understood so far: `stable` will not change any more, `rest` may. Live only.
    Partial {
        stable: String,
        rest: String,
    },
    /// The question is complete since that moment: zero of the turn's timings. Live only.
    Complete(Instant),
    /// The pause after it was long enough: what was kept back until now follows. Hands-free only.
    Certain,
    Transcript(Transcript),
    /// The transcript waits for its editor; the turn is over. Send it with [`Ask`](super::live::Command::Ask).
    Drafted(String),
    Passages(Passages),
    Piece(Piece),
    /// A fragment was handed to the voice.
    Fragment(Sentence),
    /// The first sample reached the speaker.
    Sounded,
    /// This fragment (its `index`) is being heard now. Live only.
    Sounding(u32),
    /// The whole answer is written; the voice may still be busy.
    Written(Finish),
    /// The turn is over and nothing of it is left anywhere.
    Done,
    /// The turn was ended by the user, and this much of its answer was heard. Live only.
    Interrupted {
        heard: String,
    },
    /// The speaker went on before the pause was over: a later revision of the same turn follows, forget this one.
    /// Or nothing was said after all. Live only.
    Withdrawn,
    Failed(Error),
}
