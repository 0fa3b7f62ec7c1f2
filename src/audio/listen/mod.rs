//! Live sound into utterances: 16 kHz chunks in, events with sample positions out. Pure: no clock, no thread, no device.
//!
//! ```text
//!  hands-free   speech ─► Began ─► silence for soft_pause_ms ─► Paused ─► grace_ms more ─► Ended
//!                           │                                     └─ speech ─► Resumed ─► …
//!                           ├─ too long for the recogniser at once ─► Part, and on
//!                           └─ too short or never sure ─► Dropped
//!  push-to-talk press  ─► Began ─► release ─► release_ms more ─► Ended (head and tail trimmed) or Dropped
//! ```

mod detector;
mod recent;
mod segmenter;
mod settings;
#[cfg(feature = "onnx")]
mod silero;
#[cfg(not(feature = "onnx"))]
#[path = "absent_silero.rs"]
mod silero;
mod sound;
mod speech;

pub use detector::{Earshot, Fallible, Relieved, VoiceDetector};
pub use segmenter::Segmenter;
pub use settings::Settings;

use crate::{
    error::{Error, Result, Room},
    parcel::{ModelFile, Utterance},
};

/// Registry id of the file that Silero needs.
pub const SILERO: &str = "silero-vad-v6.2-onnx";

/// The detector that `listen.vad` names, and what is to be said about the choice. `file` is Silero's, where it is
/// installed. With `auto` a Silero that cannot be opened is a note, and earshot takes its place.
pub fn open_detector(settings: &Settings, file: Option<&ModelFile>) -> Result<(Box<dyn VoiceDetector>, Option<String>)> {
    let earshot = || -> Box<dyn VoiceDetector> { Box::<Earshot>::default() };
    match (settings.vad.as_str(), file) {
        ("earshot", _) | ("auto", None) => Ok((earshot(), None)),
        ("auto", Some(file)) => Ok(match silero::open(file) {
            Ok(silero) => (silero, None),
            Err(error) => (earshot(), Some(format!("the speech detector is earshot, as Silero cannot be used: {error}"))),
        }),
        ("silero", Some(file)) => Ok((silero::open(file)?, None)),
        ("silero", None) => Err(Error::fetch(Room::Audio, "the speech detector Silero is not installed")
            .hint(format!("run `xnai models pull {SILERO}`, or set listen.vad to auto"))),
        (other, _) => Err(Error::reword(Room::Config, format!("listen.vad is {other:?}")).hint("set it to auto, earshot or silero")),
    }
}

/// What was noticed, with positions counted in 16 kHz samples since the segmenter was made.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// One frame (16 or 32 ms) was looked at. Comes before what follows from it.
    Level(Level),
    /// Somebody begins to speak, or the key was pressed. `at` is the first sample of the utterance, pre-roll included.
    Began { at: u64 },
    /// What was said so far was too long to be handed out at once: this is a part of it, and the rest follows. It ends
    /// at a quiet moment.
    Part { utterance: Utterance, at: u64 },
    /// Silent for the soft pause: start to work on this. If nobody speaks on, `Ended` brings the same utterance.
    Paused { utterance: Utterance, at: u64 },
    /// Speech within the grace period: the utterance of `Paused` was not all of it.
    Resumed { at: u64 },
    /// All of it, or all after its last part. `at` is the position after its last sample that was heard.
    Ended { utterance: Utterance, at: u64, why: End },
    /// What began was no speech: too short, or never surely speech.
    Dropped { at: u64 },
}

/// Why an utterance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nobody spoke on within the grace period.
    Silence,
    /// It reached the longest length of a question. Hands-free, what follows is the next utterance, also where the key is
    /// still down; else it is left out until the key is pressed again.
    Length,
    /// The key was released.
    Released,
    /// [`Segmenter::flush`]: the microphone went away, or the program ends.
    Flushed,
}

/// For the meter and the lamp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Position after the frame.
    pub at: u64,
    /// Root mean square in dB of full scale, −90 (silence) to 0.
    pub db: f32,
    /// Probability that it is speech, 0..1.
    pub probability: f32,
    /// The lamp: speech, with hangover.
    pub speech: bool,
}
