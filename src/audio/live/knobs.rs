//! What may be told to a speaker, and asked of it, from any thread while its owner may be waiting inside `play`.

/// Whether anybody can hear a speaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpeakerState {
    /// The device plays, or will when there is something to play.
    #[default]
    Fine,
    /// There is no device, or it went away: sound is discarded in its own time until there is one.
    Lost,
}

/// A handle on a speaker; clones are the same speaker. Every call is a few atomic operations and never waits.
#[derive(Clone, Debug, Default)]
pub struct Knobs {}

impl Knobs {
    /// Discards all sound, with a 5 ms fade at the next period of the device, and keeps silent until the owner plays
    /// for a turn that is still alive. Cancel the turn first: then not one sample of it comes after the fade.
    pub fn hush(&self) {}

    /// Pauses with a 5 ms fade at the next period of the device, keeping what is queued; and goes on with a 5 ms fade.
    pub fn hold(&self, _on: bool) {}

    pub fn held(&self) -> bool {
        false
    }

    /// 0.0 to 1.0, from the next period of the device on.
    pub fn set_volume(&self, _volume: f32) {}

    pub fn volume(&self) -> f32 {
        1.0
    }

    /// Samples heard of what was played since the last [`super::super::Speaker::begin_turn`], or since the first
    /// `play` after a hush; at the rate of what was given to `play`. Good to one buffer of the device. After a hush it
    /// keeps its last value until the next `play`.
    pub fn played(&self) -> u64 {
        0
    }

    /// Another device from now on: what `audio.output` takes.
    pub fn retarget(&self, _output: &str) {}

    pub fn state(&self) -> SpeakerState {
        SpeakerState::default()
    }
}
