//! A fake ear for tests: says what its script says, whatever it hears.

use super::Stt;
use crate::{
    error::Result,
    parcel::{Transcript, Utterance},
    turn::Turn,
};

/// Returns the same text for every utterance that is not silence.
#[derive(Clone, Debug)]
pub struct Scripted(pub String);

impl Default for Scripted {
    fn default() -> Self {
        Self("How long is the refund window?".into())
    }
}

impl Stt for Scripted {
    fn transcribe(&mut self, speech: &Utterance, turn: &Turn) -> Result<Transcript> {
        turn.alive()?;
        let silent = speech.samples.iter().all(|s| s.abs() < 1e-4);
        let text = if silent { String::new() } else { self.0.clone() };
        Ok(Transcript { text, confidence: 1.0, language: "en".into(), ..Transcript::default() })
    }
}
