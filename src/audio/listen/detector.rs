//! Which frames are speech: one trait, and the detector that needs no file.

use crate::audio::vad::{FRAME, Vad};

/// Tells speech from everything else, one frame after the other: it has a memory, so frames must come in order.
pub trait VoiceDetector: Send {
    /// Samples in one frame, 16 kHz.
    fn frame(&self) -> usize;

    /// Probability that this frame is speech, 0..1. The frame has [`VoiceDetector::frame`] samples.
    fn probability(&mut self, frame: &[f32]) -> f32;

    /// What it is, for people and reports.
    fn name(&self) -> &'static str;
}

/// A small network that is part of the program; frames of 16 ms.
#[derive(Default)]
pub struct Earshot(Vad);

impl VoiceDetector for Earshot {
    fn frame(&self) -> usize {
        FRAME
    }

    fn probability(&mut self, frame: &[f32]) -> f32 {
        self.0.probability(frame)
    }

    fn name(&self) -> &'static str {
        "earshot"
    }
}
