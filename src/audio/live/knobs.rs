//! What may be told to a speaker, and asked of it, from any thread while its owner may be waiting inside `play`.

use std::sync::{Arc, PoisonError, atomic::Ordering::Relaxed};

use super::{reference::Reference, shared::Shared};
use crate::error::Error;

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
#[derive(Clone)]
pub struct Knobs(pub(super) Arc<Shared>);

/// Knobs of nothing.
impl Default for Knobs {
    fn default() -> Self {
        Self(Arc::new(Shared::new(1.0)))
    }
}

impl Knobs {
    /// Discards all sound, with a 5 ms fade at the next period of the device, and keeps silent until the owner plays
    /// for a turn that is still alive. Cancel the turn first: then not one sample of it comes after the fade. Ends a hold.
    pub fn hush(&self) {
        self.0.hush();
    }

    /// Pauses with a 5 ms fade at the next period of the device, keeping what is queued; and goes on with a 5 ms fade.
    pub fn hold(&self, on: bool) {
        self.0.hold(on);
    }

    pub fn held(&self) -> bool {
        self.0.is_held()
    }

    /// 0.0 to 1.0, from the next period of the device on.
    pub fn set_volume(&self, volume: f32) {
        self.0.set_volume(volume);
    }

    pub fn volume(&self) -> f32 {
        self.0.volume()
    }

    /// Samples heard of what was played since the last [`super::super::Speaker::begin_turn`], or since the first
    /// `play` after a hush; at the rate of what was given to `play`. Good to one buffer of the device. After a hush it
    /// keeps its last value until the next `play`.
    pub fn played(&self) -> u64 {
        self.0.played()
    }

    /// How often the ear outran the voice: silence where sound was still to come.
    pub fn underruns(&self) -> u64 {
        self.0.underruns.load(Relaxed)
    }

    /// Another device from now on: what `audio.output` takes. A speaker that has only one ignores it.
    pub fn retarget(&self, output: &str) {
        *self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(output.to_owned());
    }

    pub fn state(&self) -> SpeakerState {
        if self.0.lost.load(Relaxed) { SpeakerState::Lost } else { SpeakerState::Fine }
    }

    /// Why nobody hears it, while that is so.
    pub fn trouble(&self) -> Option<Error> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Name of the device that plays, or played before it was lost: once one was opened.
    pub fn device(&self) -> Option<String> {
        self.0.device.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is really played, for echo cancellation. There is one; the second call gets none.
    pub fn reference(&self) -> Option<Reference> {
        let tap = self.0.tap.lock().unwrap_or_else(PoisonError::into_inner).take();
        tap.map(|tap| Reference::new(tap, self.0.clone()))
    }
}
