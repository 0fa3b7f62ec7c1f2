//! What is known of an utterance while it is spoken.

use crate::parcel::EAR_RATE;

/// An unbroken stretch of speech.
#[derive(Clone, Copy)]
pub struct Onset {
    pub from: u64,
    pub best: f32,
}

/// What is known of an utterance that has begun.
#[derive(Clone, Copy)]
pub struct Speech {
    /// First sample of all of it, pre-roll included.
    pub began: u64,
    /// First sample of what was not handed out as a part of it.
    pub from: u64,
    /// First sample of speech after that.
    pub first: Option<u64>,
    /// After the last frame of speech.
    pub last: u64,
    /// Speech in all of it, in samples.
    pub voiced: u64,
    /// Its surest frame, 0..1.
    pub best: f32,
}

impl Speech {
    pub fn at(from: u64) -> Self {
        Self { began: from, from, first: None, last: from, voiced: 0, best: 0.0 }
    }

    /// A frame of it that is speech.
    pub fn hears(&mut self, before: u64, now: u64, probability: f32) {
        self.first.get_or_insert(before);
        (self.last, self.best) = (now, self.best.max(probability));
        self.voiced += now - before;
    }

    /// Whether any of it is before this position.
    pub fn is_before(&self, at: u64) -> bool {
        self.first.is_some_and(|first| first < at)
    }

    /// What is before this position was handed out, or was silent.
    pub fn cut_at(&mut self, at: u64) {
        if self.is_before(at) {
            self.first = (self.last > at).then_some(at);
        }
        (self.from, self.last) = (at, self.last.max(at));
    }
}

/// Of so many ms at 16 kHz.
pub fn samples(ms: u32) -> u64 {
    u64::from(ms) * u64::from(EAR_RATE) / 1000
}

/// Root mean square in dB of full scale, −90 to 0.
pub fn decibels(frame: &[f32]) -> f32 {
    let power = frame.iter().map(|s| s * s).sum::<f32>() / frame.len().max(1) as f32;
    (10.0 * power.log10()).clamp(-90.0, 0.0)
}
