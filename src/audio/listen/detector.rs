//! Which frames are speech: one trait, and the detector that needs no file.

use crate::{
    audio::vad::{FRAME, Vad},
    error::Result,
};

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

/// A detector that can fail while it is at work.
pub trait Fallible: Send {
    /// See [`VoiceDetector::frame`].
    fn frame(&self) -> usize;

    /// See [`VoiceDetector::probability`].
    fn try_probability(&mut self, frame: &[f32]) -> Result<f32>;

    /// See [`VoiceDetector::name`].
    fn name(&self) -> &'static str;
}

/// A detector whose place earshot takes for good once it fails: nobody is deaf because of it.
pub struct Relieved<D> {
    detector: D,
    relief: Option<Earshot>,
}

impl<D: Fallible> Relieved<D> {
    pub fn new(detector: D) -> Self {
        Self { detector, relief: None }
    }
}

impl<D: Fallible> VoiceDetector for Relieved<D> {
    fn frame(&self) -> usize {
        self.detector.frame()
    }

    fn probability(&mut self, frame: &[f32]) -> f32 {
        if self.relief.is_none() {
            match self.detector.try_probability(frame) {
                Ok(probability) => return probability,
                Err(error) => tracing::warn!(%error, "the speech detector {} fails: earshot takes its place", self.detector.name()),
            }
        }
        let earshot = self.relief.get_or_insert_default();
        // Where its frames are shorter, the surest of them counts.
        frame.chunks(FRAME).map(|part| earshot.probability(part)).fold(0.0, f32::max)
    }

    fn name(&self) -> &'static str {
        self.relief.as_ref().map_or_else(|| self.detector.name(), Earshot::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Room};

    /// Sure of everything, for so many frames of 32 ms.
    struct Brief(u32);

    impl Fallible for Brief {
        fn frame(&self) -> usize {
            2 * FRAME
        }

        fn try_probability(&mut self, _: &[f32]) -> Result<f32> {
            self.0 = self.0.checked_sub(1).ok_or_else(|| Error::report(Room::Audio, "tired"))?;
            Ok(0.75)
        }

        fn name(&self) -> &'static str {
            "brief"
        }
    }

    #[test]
    fn earshot_takes_the_place_of_a_detector_that_fails() {
        let mut reader = hound::WavReader::open("assets/question.wav").unwrap();
        let speech: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
        let (mut relieved, mut earshot) = (Relieved::new(Brief(2)), Earshot::default());
        let mut frames = speech.chunks_exact(relieved.frame());
        for _ in 0..2 {
            assert_eq!((relieved.probability(frames.next().unwrap()), relieved.name()), (0.75, "brief"));
        }
        let heard: Vec<f32> = frames.clone().map(|frame| relieved.probability(frame)).collect();
        let alone = frames.map(|frame| frame.chunks(FRAME).map(|part| earshot.probability(part)).fold(0.0, f32::max));
        assert_eq!((heard.clone(), relieved.name()), (alone.collect(), "earshot"));
        assert!(heard.iter().any(|probability| *probability > 0.9), "the speaker is heard");
    }
}
