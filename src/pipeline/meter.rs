//! When each stage of a turn gave its first output, in ms from the end of the input.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{News, Notice, Told, worker::Engine};

/// Times of one turn. Zero is when the question was complete: the last key of a typed one, the last sample read of a
/// spoken one. Loading runs in parallel and is part of a stage's time where the stage had to wait for it.
#[derive(Clone, Debug, Serialize)]
pub struct Timings {
    #[serde(skip)]
    zero: Instant,
    pub transcript_ms: Option<f64>,
    /// When the pause after the question was long enough. Until then what was made of it is kept back.
    #[serde(skip)]
    pub certain_ms: Option<f64>,
    pub passages_ms: Option<f64>,
    pub first_token_ms: Option<f64>,
    pub first_fragment_ms: Option<f64>,
    pub first_sample_ms: Option<f64>,
    pub written_ms: Option<f64>,
    pub done_ms: Option<f64>,
    /// How long each engine took to open, on its own thread.
    pub load_ms: BTreeMap<&'static str, f64>,
}

impl Timings {
    pub fn from(zero: Instant) -> Self {
        Self {
            zero,
            transcript_ms: None,
            certain_ms: None,
            passages_ms: None,
            first_token_ms: None,
            first_fragment_ms: None,
            first_sample_ms: None,
            written_ms: None,
            done_ms: None,
            load_ms: BTreeMap::new(),
        }
    }

    /// When the input was complete: this is zero.
    pub fn begin(&mut self, complete: Instant) {
        self.zero = complete;
    }

    /// Takes down what a notice says about time; only the first of each kind counts.
    pub fn note(&mut self, told: &Told) {
        let since = ms(told.at.saturating_duration_since(self.zero));
        let slot = match &told.news {
            News::Loaded(engine, took) => return self.loaded(*engine, *took),
            News::Doing(_) | News::Level(_) | News::Device(..) | News::Phrase(_) | News::Stays(_) | News::Note(_) => return,
            News::Turn(_, Notice::Complete(at)) => return self.begin(*at),
            News::Turn(_, notice) => match notice {
                Notice::Transcript(_) => &mut self.transcript_ms,
                Notice::Certain => &mut self.certain_ms,
                Notice::Passages(_) => &mut self.passages_ms,
                Notice::Piece(_) => &mut self.first_token_ms,
                Notice::Fragment(_) => &mut self.first_fragment_ms,
                Notice::Sounded => &mut self.first_sample_ms,
                Notice::Written(_) => &mut self.written_ms,
                Notice::Done | Notice::Failed(_) => &mut self.done_ms,
                _ => return,
            },
        };
        slot.get_or_insert(since);
    }

    fn loaded(&mut self, engine: Engine, took: Duration) {
        self.load_ms.insert(engine.name(), ms(took));
    }
}

/// Milliseconds with a tenth: more digits would be noise.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parcel::Piece, turn::Session};

    #[test]
    fn only_the_first_piece_counts() {
        let zero = Instant::now();
        let mut timings = Timings::from(zero);
        let turn = Session::new().turn().id();
        for ms in [5, 9] {
            let notice = Notice::Piece(Piece { text: "a".into() });
            timings.note(&Told { at: zero + Duration::from_millis(ms), news: News::Turn(turn, notice) });
        }
        assert_eq!(timings.first_token_ms, Some(5.0));
        assert_eq!(timings.done_ms, None);
    }
}
