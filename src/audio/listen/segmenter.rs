//! The state machine of live listening: frames in, events out.

use std::time::Duration;

use super::{Event, Settings, VoiceDetector};
use crate::parcel::{EAR_RATE, Utterance};

/// Cuts live sound into utterances. It holds at most the longest utterance and the pre-roll.
pub struct Segmenter {
    settings: Settings,
    detector: Box<dyn VoiceDetector>,
    soft_pause: u64,
    /// Samples looked at.
    position: u64,
}

impl Segmenter {
    pub fn new(settings: &Settings, detector: Box<dyn VoiceDetector>) -> Self {
        let soft_pause = samples(Duration::from_millis(settings.soft_pause_ms.into()));
        Self { settings: settings.clone(), detector, soft_pause, position: 0 }
    }

    /// Hears on. Any length; what does not fill a frame waits for the next call.
    pub fn push(&mut self, _sound: &[f32]) -> Vec<Event> {
        Vec::new()
    }

    /// The talk key went down: everything from here to the release is one utterance.
    pub fn press(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// The talk key came up: `Ended` or `Dropped` follows within `release_ms` of sound.
    pub fn release(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Whether speech begins an utterance by itself; else only the key does. On at first.
    pub fn hands_free(&mut self, _on: bool) -> Vec<Event> {
        Vec::new()
    }

    /// The utterance so far, while there is one: for partial transcripts.
    pub fn snapshot(&self) -> Option<Utterance> {
        None
    }

    /// The silence after which `Paused` comes, from now on: shorter when what was said ends like a sentence.
    pub fn set_soft_pause(&mut self, pause: Duration) {
        self.soft_pause = samples(pause);
    }

    /// Ends what has begun, now: the microphone went away, or another one comes.
    pub fn flush(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Forgets what has begun, without a word.
    pub fn forget(&mut self) {}

    /// Samples looked at so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn detector(&self) -> &'static str {
        self.detector.name()
    }
}

fn samples(time: Duration) -> u64 {
    time.as_millis() as u64 * u64::from(EAR_RATE) / 1000
}
