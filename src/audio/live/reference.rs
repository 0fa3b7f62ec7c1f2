//! What a speaker was really given, sample by sample, silence included: the far end of an echo.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use rtrb::Consumer;

use super::shared::Shared;
use crate::{
    audio::resample::Flow,
    error::Result,
    parcel::{EAR_RATE, Pcm},
};

/// Read it at least once a second; what is not read by then is left out, newest first.
pub struct Reference {
    tap: Consumer<f32>,
    shared: Arc<Shared>,
    flow: Flow,
    taken: Vec<f32>,
}

impl Reference {
    pub(super) fn new(mut tap: Consumer<f32>, shared: Arc<Shared>) -> Self {
        // It filled up while nobody read.
        let old = tap.slots();
        if let Ok(chunk) = tap.read_chunk(old) {
            chunk.commit_all();
        }
        Self { tap, shared, flow: Flow::new(EAR_RATE), taken: Vec::new() }
    }

    /// Appends what was handed to the device since the last call, 16 kHz mono, after volume and fades. Never waits.
    /// Returns how long the newest of it takes from the device's buffer to the ear.
    pub fn read(&mut self, out: &mut Vec<f32>) -> Result<Duration> {
        self.taken.resize(self.tap.slots(), 0.0);
        let (taken, _) = self.tap.pop_partial_slice(&mut self.taken);
        let rate = self.shared.rate.load(Relaxed);
        self.flow.push(&Pcm::new(&*taken, rate), out)?;
        Ok(self.shared.latency())
    }
}
