//! A recording into a question: loaded, at the ear's rate, split at its silences.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::Question;
use crate::{
    audio::{
        self,
        load::{self, Loaded},
    },
    error::Result,
};

/// A question as it was read.
pub struct Recording {
    pub question: Question,
    /// When its last sample had been read.
    pub complete: Instant,
    /// What the user should know about it.
    pub note: Option<String>,
}

/// Reads a sound file, or stdin where none is named; no more than `max_audio_s` of it.
pub fn read(file: Option<&Path>, settings: &audio::Settings) -> Result<Recording> {
    let source = match file {
        Some(file) => load::Source::File(file),
        None => load::Source::stdin(),
    };
    let Loaded { sound, note } = load::load_noting(source, Duration::from_secs(settings.max_audio_s.into()))?;
    let complete = Instant::now();
    let speech = audio::resample::for_ear(&sound)?;
    let parts = audio::vad::split(&speech, settings).into_iter().map(|heard| heard.speech.at(heard.at));
    Ok(Recording { question: Question::Spoken(parts.collect()), complete, note })
}
