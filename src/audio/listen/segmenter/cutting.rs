//! Where an utterance begins and ends in the sound, and where one that is too long is cut.

use std::time::Duration;

use super::{ONSET_MS, Segmenter, State};
use crate::{
    audio::listen::{
        End, Event,
        speech::{Speech, samples},
    },
    parcel::{EAR_RATE, Utterance},
};

/// Every word has a frame this far above the threshold; the onset of a noise hovers just above it for 150 ms.
const SURE: f32 = 0.2;

/// Where speech is too long for the recogniser, it is cut at the quietest moment of its last so many ms.
const CUT_MS: u32 = 3000;

impl Segmenter {
    /// The utterance so far, while there is one: for partial transcripts.
    pub fn snapshot(&self) -> Option<Utterance> {
        match &self.state {
            State::Speaking(speech) | State::Pressed(speech) | State::Released(speech, _) if speech.first.is_some() => {
                Some(self.utterance(self.head(speech), self.sound.end()))
            }
            State::Paused(speech) => Some(self.trimmed(speech)),
            _ => None,
        }
    }

    /// Too long for the recogniser at once: what is before its quietest late moment is a part of it.
    pub(super) fn cut(&mut self, mut speech: Speech, events: &mut Vec<Event>) -> Speech {
        if self.position - speech.from < self.longest_part() {
            return speech;
        }
        let at = self.quiet_place(&speech);
        if speech.is_before(at) {
            events.push(Event::Part { utterance: self.utterance(self.head(&speech), at), at });
        }
        speech.cut_at(at);
        speech
    }

    /// Too long for a question: what follows its quietest late moment begins the next.
    pub(super) fn end_and_begin(&mut self, speech: Speech, events: &mut Vec<Event>) {
        let at = self.quiet_place(&speech);
        events.push(Event::Ended { utterance: self.utterance(self.head(&speech), at), at, why: End::Length });
        let mut next = Speech::at(at);
        next.hears(at, self.position, speech.best);
        self.state = State::Speaking(next);
        events.push(Event::Began { at });
    }

    fn quiet_place(&self, speech: &Speech) -> u64 {
        self.sound.quietest(self.position.saturating_sub(samples(CUT_MS)).max(speech.from), self.position)
    }

    /// For one that the key, the length or the microphone ended.
    pub(super) fn finish(&self, speech: Speech, why: End) -> Vec<Event> {
        let at = self.position;
        // Who holds the key means to speak: more than a click is enough.
        let meant = matches!(why, End::Released | End::Length) && speech.voiced >= samples(ONSET_MS);
        vec![match meant || self.is_speech(&speech) {
            true => Event::Ended { utterance: self.trimmed(&speech), at, why },
            false => Event::Dropped { at },
        }]
    }

    pub(super) fn is_speech(&self, speech: &Speech) -> bool {
        speech.voiced >= samples(self.settings.min_speech_ms).max(1) && speech.best >= (self.settings.threshold + SURE).min(0.9)
    }

    /// Of what is handed out at once, in samples.
    fn longest_part(&self) -> u64 {
        u64::from(self.settings.max_utterance_s.max(2)) * u64::from(EAR_RATE)
    }

    /// Of all that is one question, in samples.
    pub(super) fn longest(&self) -> u64 {
        u64::from(self.settings.max_question_s.max(self.settings.max_utterance_s).max(2)) * u64::from(EAR_RATE)
    }

    /// With the pre-roll before the first speech and a little after the last.
    pub(super) fn trimmed(&self, speech: &Speech) -> Utterance {
        let tail = samples(self.settings.hangover_ms.max(self.settings.release_ms));
        // Not what came after: the same sound gives the same utterance, however it was cut into pieces.
        self.utterance(self.head(speech), (speech.last + tail).min(self.position))
    }

    /// Where it begins once the silence before it is cut off.
    fn head(&self, speech: &Speech) -> u64 {
        let first = speech.first.unwrap_or(speech.from);
        first.saturating_sub(samples(self.settings.preroll_ms)).max(speech.from)
    }

    fn utterance(&self, from: u64, to: u64) -> Utterance {
        Utterance::new(self.sound.cut(from, to)).at(Duration::from_secs_f64(from as f64 / f64::from(EAR_RATE)))
    }
}
