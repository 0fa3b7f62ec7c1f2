//! Deaf until the key phrase was spoken, then all ears for one question.

use std::sync::mpsc::SyncSender;

use crate::{
    audio::listen::Segmenter,
    error::Result,
    parcel::EAR_RATE,
    pipeline::{
        Message, edges,
        news::{self, News},
        wake::{Phrase, Report, Spotted, Spotter},
    },
};

/// The listener's part in it. Time is counted in samples.
pub(super) struct Waking {
    /// Nothing: the phrase cannot be spotted here.
    spotter: Option<Spotter>,
    window: u64,
    on: bool,
    /// Samples heard.
    heard: u64,
    /// What was spoken until there opens nothing.
    over: u64,
    /// A question may begin until then.
    until: Option<u64>,
}

impl Waking {
    /// Starts the spotter, which rests until hands-free listening begins.
    pub fn start(phrase: &Phrase, messages: SyncSender<Message>) -> Result<Self> {
        let name = phrase.name();
        let report = move |report| {
            let note = match report {
                Report::Ready(spotter) => format!("hands-free waits for {name} ({spotter} listens for it)"),
                Report::Deaf(why) => format!("hands-free is deaf until {name} can be spotted, the talk key is not: {why}"),
            };
            // A conductor that is behind is waited for, but not for ever.
            let _ = edges::post(&messages, Message::News(News::Note(note)));
        };
        let window = (phrase.window.as_secs_f64() * f64::from(EAR_RATE)) as u64;
        let spotter = Some(Spotter::start(phrase.clone(), report)?);
        Ok(Self { spotter, window, ..Self::deaf() })
    }

    /// Never hears the phrase.
    pub fn deaf() -> Self {
        Self { spotter: None, window: 0, on: false, heard: 0, over: 0, until: None }
    }

    /// Hands-free listening begins or ends. A window that is open is shut.
    pub fn switch(&mut self, on: bool) {
        if let Some(spotter) = self.spotter.as_ref().filter(|_| self.on != on) {
            spotter.want(on);
        }
        (self.on, self.until) = (on, None);
    }

    /// What is waited for, as a face shows it.
    pub fn waits_for(&self) -> news::Phrase {
        match (&self.spotter, self.on, self.until) {
            (None, ..) | (_, false, _) => news::Phrase::Unwanted,
            (_, _, None | Some(0)) => news::Phrase::Awaited,
            _ => news::Phrase::Spoken,
        }
    }

    /// Hears on, 16 kHz; the position from which a question may begin, when the phrase was spoken.
    pub fn hear(&mut self, sound: &[f32]) -> Option<u64> {
        let spotter = self.spotter.as_ref()?;
        spotter.hear(sound, self.heard);
        self.heard += sound.len() as u64;
        let spotted = spotter.found()?;
        self.open(spotted)
    }

    fn open(&mut self, spotted: Spotted) -> Option<u64> {
        if !self.on || spotted.at <= self.over {
            return None;
        }
        self.until = Some(self.heard + self.window);
        Some(spotted.at)
    }

    /// The microphone went away, and who spoke the phrase perhaps too: time, which is counted in samples, stands still.
    pub fn lose(&mut self) {
        self.over = self.heard;
        self.answered();
    }

    /// A question was understood: the next one needs the phrase again.
    pub fn answered(&mut self) {
        self.until = self.until.map(|_| 0);
    }

    /// Shuts a window whose time is over, unless somebody `speaks`.
    pub fn shut(&mut self, speaks: bool, segmenter: &mut Segmenter) {
        if !speaks && self.until.is_some_and(|until| self.heard >= until) {
            self.until = None;
            segmenter.hands_free(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_from_before_the_loss_opens_nothing_after_it() {
        let mut waking = Waking { window: 16_000, on: true, heard: 8000, ..Waking::deaf() };
        assert_eq!((waking.open(Spotted { at: 7000 }), waking.until), (Some(7000), Some(24_000)));
        waking.lose();
        assert_eq!(waking.until, Some(0), "shut at the next look");
        waking.until = None;
        assert_eq!((waking.open(Spotted { at: 8000 }), waking.until), (None, None), "told too late");
        assert_eq!(waking.open(Spotted { at: 8001 }), Some(8001));
    }
}
