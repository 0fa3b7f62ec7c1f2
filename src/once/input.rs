//! Where the question comes from: typed, a sound file, or text on stdin.

use std::{
    io::{self, IsTerminal, Read as _},
    path::PathBuf,
    sync::mpsc::{Receiver, sync_channel},
    time::Instant,
};

use super::args::OnceArgs;
use crate::{
    audio,
    error::{Error, Result, Room},
    pipeline::{
        Question,
        recording::{self, Recording},
        worker,
    },
};

/// Text longer than this is a document, not a question.
const MOST_TEXT: u64 = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Typed(String),
    Sound(PathBuf),
    SoundOnStdin,
    TextOnStdin,
}

impl Input {
    /// Decides from the arguments alone; asks nothing of the terminal but whether it is one.
    pub fn choose(args: &OnceArgs) -> Result<Self> {
        let typed = args.once.clone().flatten();
        match (typed, &args.wav) {
            (Some(_), Some(_)) => Err(Error::reword(Room::Config, "a typed question and --wav were both given").hint("give one of them")),
            (Some(text), None) => Ok(Self::Typed(text)),
            (None, Some(path)) if path.as_os_str() == "-" => Ok(Self::SoundOnStdin),
            (None, Some(path)) => Ok(Self::Sound(path.clone())),
            (None, None) if io::stdin().is_terminal() => {
                Err(Error::reword(Room::Config, "no question was given")
                    .hint("type one after --once, name a file with --wav, or pipe text in"))
            }
            (None, None) => Ok(Self::TextOnStdin),
        }
    }

    pub fn is_sound(&self) -> bool {
        matches!(self, Self::Sound(_) | Self::SoundOnStdin)
    }

    /// Reads on a thread of its own, so that a slow pipe never keeps Ctrl-C waiting.
    pub fn read(self, settings: audio::Settings) -> Result<Receiver<Result<Recording>>> {
        let (done, result) = sync_channel(1);
        worker::start("input", move || drop(done.send(self.question(&settings))))?;
        Ok(result)
    }

    fn question(self, settings: &audio::Settings) -> Result<Recording> {
        let file = match &self {
            Self::Typed(text) => return asked(text),
            Self::TextOnStdin => return asked(&read_text()?),
            Self::Sound(path) => Some(path.as_path()),
            Self::SoundOnStdin => None,
        };
        recording::read(file, settings)
    }
}

fn asked(text: &str) -> Result<Recording> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::reword(Room::Config, "the question is empty").hint("type one after --once"));
    }
    Ok(Recording { question: Question::Typed(text.to_owned()), complete: Instant::now(), note: None })
}

fn read_text() -> Result<String> {
    let mut bytes = Vec::new();
    let failed = |e: io::Error| Error::replace(Room::Config, format!("stdin cannot be read: {e}"));
    io::stdin().lock().take(MOST_TEXT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.starts_with(b"RIFF") || bytes.starts_with(b"fLaC") || bytes.starts_with(b"OggS") {
        return Err(Error::replace(Room::Config, "stdin holds sound, not text").hint("say --wav - to have it heard"));
    }
    if bytes.len() as u64 > MOST_TEXT {
        return Err(
            Error::replace(Room::Config, "the text on stdin is over 64 KiB, too long for a question").hint("index it with `xnai ingest`")
        );
    }
    String::from_utf8(bytes).map_err(|_| Error::replace(Room::Config, "the text on stdin is not UTF-8"))
}
