//! What the microphone hears, less what we say ourselves.

use crate::{
    audio::{
        Knobs, Reference,
        echo::{self, Canceller},
    },
    error::Result,
    parcel::EAR_RATE,
};

/// An echo canceller, fed with what the speaker was given.
pub(super) struct Cleaner {
    canceller: Canceller,
    reference: Option<Reference>,
    played: Vec<f32>,
}

impl Cleaner {
    pub fn new(settings: &echo::Settings) -> Result<Self> {
        Ok(Self { canceller: Canceller::new(settings, EAR_RATE)?, reference: None, played: Vec::new() })
    }

    /// The microphone was opened again: what was played while it was gone has no echo in what it hears from now on.
    pub fn begin_anew(&mut self) {
        self.canceller.reset();
        self.played.clear();
        if let Some(reference) = &mut self.reference {
            // The same answer as below: without it nothing is cancelled.
            let _ = reference.read(&mut self.played);
        }
    }

    /// Appends to `out` what is left of `raw` (16 kHz) without our own voice.
    pub fn clean(&mut self, raw: &[f32], knobs: Option<&Knobs>, out: &mut Vec<f32>) {
        if self.reference.is_none() {
            self.reference = knobs.and_then(Knobs::reference);
        }
        if let Some(reference) = &mut self.reference {
            self.played.clear();
            // Without a reference nothing is cancelled, which is all that can be done then.
            if let Ok(delay) = reference.read(&mut self.played) {
                self.canceller.set_delay(delay);
                self.canceller.played(&self.played);
            }
        }
        self.canceller.captured(raw, out);
    }
}

#[cfg(all(test, feature = "echo"))]
#[path = "cleaner_tests.rs"]
mod tests;
