//! The state machine of live listening: frames in, events out.

mod again;
mod cutting;

use std::time::Duration;

use super::{
    End, Event, Level, Settings, VoiceDetector,
    recent::{Frame, Recent},
    sound::Sound,
    speech::{Onset, Speech, decibels, samples},
};
use crate::{audio::wav::sane, parcel::EAR_RATE};

/// Speech must last this long, in ms, before an utterance begins: a single frame is a click.
const ONSET_MS: u32 = 45;

/// Cuts live sound into utterances. It holds at most the longest stretch that is handed out, the pre-roll, and what is
/// to be [remembered](Segmenter::remember).
pub struct Segmenter {
    settings: Settings,
    detector: Box<dyn VoiceDetector>,
    soft_pause: u64,
    /// All that was pushed and may still be needed.
    sound: Sound,
    /// Samples looked at.
    position: u64,
    /// Speech before it is long enough to begin.
    onset: Option<Onset>,
    /// Whether the detector is within speech.
    voiced: bool,
    state: State,
    hands_free: bool,
    /// So many samples can be heard once more, and how sure the detector was of them.
    keep: u64,
    recent: Recent,
    /// No utterance reaches back beyond this.
    floor: u64,
}

#[derive(Clone, Copy)]
enum State {
    Idle,
    Speaking(Speech),
    /// Handed out as `Paused`.
    Paused(Speech),
    /// The key is down.
    Pressed(Speech),
    /// The key came up; ends at that position.
    Released(Speech, u64),
}

impl Segmenter {
    pub fn new(settings: &Settings, detector: Box<dyn VoiceDetector>) -> Self {
        Self {
            soft_pause: samples(settings.soft_pause_ms),
            settings: settings.clone(),
            detector,
            sound: Sound::default(),
            position: 0,
            onset: None,
            voiced: false,
            state: State::Idle,
            hands_free: true,
            keep: 0,
            recent: Recent::default(),
            floor: 0,
        }
    }

    /// Hears on. Any length; what does not fill a frame waits for the next call.
    pub fn push(&mut self, sound: &[f32]) -> Vec<Event> {
        let mut events = Vec::new();
        // Piece by piece, so that what is held stays small however much comes at once.
        for piece in sound.chunks(EAR_RATE as usize) {
            let sane: Vec<f32> = piece.iter().map(|s| sane(*s)).collect();
            self.sound.push(&sane);
            let frame = self.detector.frame() as u64;
            while self.sound.end() - self.position >= frame {
                self.frame(frame, &mut events);
            }
            self.drop_old();
        }
        events
    }

    /// The talk key went down: everything from here to the release is one utterance.
    pub fn press(&mut self) -> Vec<Event> {
        let from = self.sound.end().saturating_sub(samples(self.settings.preroll_ms)).max(self.sound.start());
        match std::mem::replace(&mut self.state, State::Idle) {
            // Somebody is speaking already: that belongs to it.
            State::Speaking(speech) | State::Paused(speech) | State::Released(speech, _) | State::Pressed(speech) => {
                self.state = State::Pressed(speech);
                Vec::new()
            }
            State::Idle => {
                self.state = State::Pressed(Speech::at(from));
                vec![Event::Began { at: from }]
            }
        }
    }

    /// The talk key came up: `Ended` or `Dropped` follows within `release_ms` of sound, at once where it was silent.
    pub fn release(&mut self) -> Vec<Event> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Pressed(speech) => {
                let keep = samples(self.settings.release_ms);
                let quiet_since = speech.last.max(speech.from + samples(self.settings.preroll_ms));
                if !self.voiced && self.sound.end() >= quiet_since + keep {
                    return self.finish(speech, End::Released);
                }
                self.state = State::Released(speech, self.sound.end() + keep);
            }
            other => self.state = other,
        }
        Vec::new()
    }

    /// Whether speech begins an utterance by itself; else only the key does. On at first.
    pub fn hands_free(&mut self, on: bool) -> Vec<Event> {
        self.hands_free = on;
        self.onset = None;
        match self.state {
            State::Speaking(_) | State::Paused(_) if !on => self.flush(),
            _ => Vec::new(),
        }
    }

    /// The silence after which `Paused` comes, from now on: shorter when what was said ends like a sentence.
    pub fn set_soft_pause(&mut self, pause: Duration) {
        self.soft_pause = pause.as_millis() as u64 * u64::from(EAR_RATE) / 1000;
    }

    /// Ends what has begun, now: the microphone went away, or another one comes.
    pub fn flush(&mut self) -> Vec<Event> {
        self.onset = None;
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => Vec::new(),
            State::Speaking(s) | State::Paused(s) | State::Pressed(s) | State::Released(s, _) => self.finish(s, End::Flushed),
        }
    }

    /// Forgets what has begun, without a word.
    pub fn forget(&mut self) {
        (self.state, self.onset) = (State::Idle, None);
        self.drop_old();
    }

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

    fn frame(&mut self, length: u64, events: &mut Vec<Event>) {
        let frame = self.sound.cut(self.position, self.position + length);
        let probability = self.detector.probability(&frame).clamp(0.0, 1.0);
        let before = self.position;
        self.recent.push(Frame { from: before, length, probability });
        self.look(before, length, probability);
        let speech = self.lamp(before);
        events.push(Event::Level(Level { at: self.position, db: decibels(&frame), probability, speech }));
        self.step(before, probability, events);
    }

    /// Is it speech, and since when?
    fn look(&mut self, before: u64, length: u64, probability: f32) {
        let threshold = if self.voiced { self.settings.neg_threshold.min(self.settings.threshold) } else { self.settings.threshold };
        self.voiced = probability >= threshold;
        self.position = before + length;
        let best = self.onset.map_or(probability, |onset| onset.best.max(probability));
        self.onset = self.voiced.then(|| Onset { from: self.onset.map_or(before, |onset| onset.from), best });
    }

    /// On while there is speech, and for the hangover after it.
    fn lamp(&self, before: u64) -> bool {
        let hangover = samples(self.settings.hangover_ms);
        let last = match &self.state {
            State::Speaking(s) | State::Paused(s) | State::Pressed(s) | State::Released(s, _) if s.first.is_some() => Some(s.last),
            _ => None,
        };
        self.voiced || last.is_some_and(|last| before < last + hangover)
    }

    fn step(&mut self, before: u64, probability: f32, events: &mut Vec<Event>) {
        let now = self.position;
        if let (true, State::Speaking(speech) | State::Pressed(speech) | State::Released(speech, _)) = (self.voiced, &mut self.state) {
            speech.hears(before, now, probability);
        }
        match self.state {
            State::Idle => self.begin(events),
            State::Speaking(speech) => self.pause_or_cut(speech, events),
            State::Paused(speech) => self.resume_or_end(speech, events),
            State::Pressed(speech) if now - speech.began >= self.longest() => events.extend(self.close(speech, End::Length)),
            State::Pressed(speech) => self.state = State::Pressed(self.cut(speech, events)),
            State::Released(speech, until) if now >= until => events.extend(self.close(speech, End::Released)),
            State::Released(..) => {}
        }
    }

    /// The key has ended it in the middle of whatever is being said: what follows is heard hands-free, and nothing twice.
    fn close(&mut self, speech: Speech, why: End) -> Vec<Event> {
        (self.state, self.onset, self.floor) = (State::Idle, None, self.position);
        self.finish(speech, why)
    }

    /// The speech at hand, once it is no mere click.
    fn lasting(&self) -> Option<Onset> {
        self.onset.filter(|onset| self.position - onset.from >= samples(ONSET_MS))
    }

    /// Speech that lasts long enough begins an utterance.
    fn begin(&mut self, events: &mut Vec<Event>) {
        let Some(onset) = self.lasting().filter(|_| self.hands_free) else { return };
        let from = onset.from.saturating_sub(samples(self.settings.preroll_ms)).max(self.sound.start()).max(self.floor);
        let mut speech = Speech::at(from);
        speech.hears(onset.from, self.position, onset.best);
        self.state = State::Speaking(speech);
        events.push(Event::Began { at: from });
    }

    fn pause_or_cut(&mut self, speech: Speech, events: &mut Vec<Event>) {
        let (silence, hangover) = (self.position - speech.last, samples(self.settings.hangover_ms));
        if silence >= hangover.max(1) && !self.is_speech(&speech) {
            self.state = State::Idle;
            events.push(Event::Dropped { at: self.position });
        } else if silence >= self.soft_pause.max(hangover).max(1) {
            self.state = State::Paused(speech);
            events.push(Event::Paused { utterance: self.trimmed(&speech), at: self.position });
        } else if self.position - speech.began >= self.longest() {
            self.end_and_begin(speech, events);
        } else {
            self.state = State::Speaking(self.cut(speech, events));
        }
    }

    /// What is heard here counts only once it goes on: until then `Ended` brings what `Paused` brought.
    fn resume_or_end(&mut self, mut speech: Speech, events: &mut Vec<Event>) {
        if let Some(onset) = self.lasting() {
            speech.hears(onset.from, self.position, onset.best);
            self.state = State::Speaking(speech);
            events.push(Event::Resumed { at: self.position });
        } else if !self.voiced && self.position - speech.last >= self.soft_pause + samples(self.settings.grace_ms) {
            self.state = State::Idle;
            events.push(Event::Ended { utterance: self.trimmed(&speech), at: self.position, why: End::Silence });
        }
    }

    fn drop_old(&mut self) {
        let needed = match &self.state {
            State::Speaking(s) | State::Paused(s) | State::Pressed(s) | State::Released(s, _) => s.from,
            State::Idle => self.onset.map_or(self.position, |onset| onset.from).saturating_sub(samples(self.settings.preroll_ms)),
        };
        let kept = self.position.saturating_sub(self.keep);
        self.sound.forget_before(needed.min(kept));
        self.recent.forget_before(kept);
    }
}

#[cfg(test)]
#[path = "segmenter_tests.rs"]
mod tests;
