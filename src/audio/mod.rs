//! Files and devices into samples and back. The only room that knows cpal, hound and symphonia.

use serde::{Deserialize, Serialize};

use crate::{error::Result, parcel::Pcm, turn::Turn};

/// Plays. The implementation decides how far ahead of the ear it lets the caller run, and blocks beyond that.
pub trait Speaker: Send {
    /// Queues sound; blocks while the queue is full; returns `Stale` as soon as the turn is superseded.
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()>;

    /// Waits until everything queued was heard (or written), then closes the file or leaves the device idle.
    fn drain(&mut self, turn: &Turn) -> Result<()>;

    /// Discards what is queued, at once.
    fn hush(&mut self);
}

/// `[audio]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Device name or index, or `default`.
    pub output: String,
    /// 0.0 to 1.0.
    pub volume: f32,
    /// Longest sound file taken as a question, in seconds.
    pub max_audio_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { output: "default".into(), volume: 1.0, max_audio_s: 120 }
    }
}
