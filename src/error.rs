//! One error for the whole program; its kind says what whoever meets it should do next.
//!
//! A kind is named by its remedy, not by the library it came from: a caller decides from the kind alone, and
//! `main` turns it into an exit code. The message says what is wrong and where; the hint says what to do.

use std::{fmt, io, path::Path};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the person or the program that meets the error should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line or the configuration does not mean anything: say it differently.
    Reword,
    /// A file or text that was given cannot be used: give another.
    Replace,
    /// No speech was found in the sound: say it again.
    Repeat,
    /// A model or a run-time library is missing, or was refused: fetch it or choose another.
    Fetch,
    /// The documents hold no answer and `--require-docs` was given: add documents or ask more broadly.
    Broaden,
    /// A device went away: open it again, or name another.
    Reopen,
    /// The memory budget does not hold this: choose smaller models.
    Shrink,
    /// Somebody else holds it, or the network failed: try again later.
    Retry,
    /// The disk is full or cannot be written: make room.
    MakeRoom,
    /// The turn was superseded. Never shown: the parcel is dropped and counted.
    Stale,
    /// The user asked to stop.
    Stopped,
    /// A fault of ours: report it.
    Report,
}

impl Kind {
    /// The process exit code, as documented in `--help` and the README.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Reword => 2,
            Kind::Replace => 3,
            Kind::Repeat => 4,
            Kind::Fetch => 5,
            Kind::Broaden => 6,
            Kind::Reopen => 7,
            Kind::Shrink => 8,
            Kind::Retry => 9,
            Kind::MakeRoom => 10,
            Kind::Report | Kind::Stale => 70, // EX_SOFTWARE of sysexits.h
            Kind::Stopped => 130,             // 128 + SIGINT, as shells count
        }
    }
}

/// The part of the program where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Audio,
    Stt,
    Rag,
    Llm,
    Tts,
    Models,
    Config,
    Pipeline,
    Os,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    kind: Kind,
    room: Room,
    message: String,
    hint: Option<String>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $make:ident => $kind:ident),* $(,)?) => { impl Error {
        $($(#[$doc])* pub fn $make(room: Room, message: impl Into<String>) -> Self { Self::new(Kind::$kind, room, message) })*
    } };
}

kinds! {
    reword => Reword, replace => Replace, repeat => Repeat, fetch => Fetch, broaden => Broaden, reopen => Reopen,
    shrink => Shrink, retry => Retry, make_room => MakeRoom, report => Report,
}

impl Error {
    pub fn new(kind: Kind, room: Room, message: impl Into<String>) -> Self {
        Self { kind, room, message: message.into(), hint: None }
    }

    /// The turn was superseded; see [`crate::turn::Turn::alive`].
    pub fn stale() -> Self {
        Self::new(Kind::Stale, Room::Pipeline, "this turn was superseded")
    }

    pub fn stopped() -> Self {
        Self::new(Kind::Stopped, Room::Pipeline, "stopped")
    }

    /// Says what to do, in the imperative and without a full stop: "run `xnai models pull`".
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An I/O failure on a path: a full disk asks for room, everything else for another path.
    pub fn io(room: Room, doing: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("{doing} {} failed: {}", path.display(), plain(error));
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::make_room(room, message).hint("free some space, or choose another folder")
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::make_room(room, message).hint("choose a folder that can be written"),
            _ => Self::replace(room, message),
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn room(&self) -> Room {
        self.room
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub fn is_stale(&self) -> bool {
        self.kind == Kind::Stale
    }
}

/// An I/O error without the "(os error 2)" that means nothing to most people.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => write!(f, "{}: {hint}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
