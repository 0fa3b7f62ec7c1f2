//! Hearing once more what was let pass: a key phrase is noticed after what follows it has begun.

use std::time::Duration;

use super::{super::recent::Frame, Event, Segmenter, State};
use crate::parcel::EAR_RATE;

impl Segmenter {
    /// Keeps so much sound for [`Segmenter::hear_from`].
    pub fn remember(&mut self, time: Duration) {
        self.keep = time.as_millis() as u64 * u64::from(EAR_RATE) / 1000;
    }

    /// Speech begins an utterance by itself, from that position on, which may lie back as far as is remembered; nothing
    /// before it becomes part of one. What has begun already goes on.
    pub fn hear_from(&mut self, position: u64) -> Vec<Event> {
        let mut events = Vec::new();
        self.hands_free = true;
        if matches!(self.state, State::Idle) {
            let frames = self.recent.since(position, self.settings.neg_threshold);
            self.floor = frames.first().map_or(self.position, |frame| frame.from);
            (self.onset, self.voiced) = (None, false);
            for Frame { from, length, probability } in frames {
                self.look(from, length, probability);
                self.step(from, probability, &mut events);
            }
        }
        events
    }
}
