//! What every microphone gives: 16 kHz mono samples, and what is to be known about them.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// Hears. Read from one thread; never blocks much longer than `patience`.
pub trait Microphone: Send {
    /// Appends what was captured since the last call, 16 kHz mono; waits up to `patience` for at least one sample.
    ///
    /// A plain microphone that went away is an error of the kind `Reopen`, now and at every later call. One that reopens
    /// itself ([`super::open_live_microphone`]) gives no samples meanwhile and says so in [`Heard::state`].
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard>;

    /// Another device from now on: what `audio.input` takes. A microphone that has only one ignores it.
    fn retarget(&mut self, _input: &str) {}

    /// What it is, for people.
    fn name(&self) -> String;

    /// Why it is lost, while it is.
    fn trouble(&self) -> Option<Error> {
        None
    }
}

/// What one [`Microphone::read`] brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Appended by this call.
    pub samples: usize,
    /// Frames of the device lost since the last call because nobody read (`mic_dropped_frames`); at the device's rate.
    pub dropped: u64,
    /// When the newest sample was captured; without samples the time of the call.
    pub at: Instant,
    pub state: MicState,
    /// What changed since the last call; the last of it if several things did.
    pub news: Option<DeviceNews>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MicState {
    #[default]
    Live,
    /// Exact zeros for 2 s: a switch on the microphone, or a virtual source without a player. Not lost.
    Muted,
    /// Gone; it is being opened again.
    Lost,
}

/// What happened to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceNews {
    Lost,
    /// It gives sound: for the first time, or again.
    Back,
    Muted,
    Unmuted,
}
