//! Deaf until the key phrase was spoken, then all ears for one question.

use std::{
    sync::mpsc::{SyncSender, TrySendError},
    thread,
    time::{Duration, Instant},
};

use crate::{
    audio::listen::Segmenter,
    error::Result,
    parcel::EAR_RATE,
    pipeline::{
        Message, edges,
        news::{self, News},
        wake::{Phrase, Report, Spotter},
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
            tell(&messages, note);
        };
        let window = (phrase.window.as_secs_f64() * f64::from(EAR_RATE)) as u64;
        let spotter = Some(Spotter::start(phrase.clone(), report)?);
        Ok(Self { spotter, window, ..Self::deaf() })
    }

    /// Never hears the phrase.
    pub fn deaf() -> Self {
        Self { spotter: None, window: 0, on: false, heard: 0, until: None }
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
        let spotted = spotter.found().filter(|_| self.on)?;
        self.until = Some(self.heard + self.window);
        Some(spotted.at)
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

/// A note to the face. It waits for a conductor that is behind, but not for ever.
fn tell(messages: &SyncSender<Message>, note: String) {
    let mut message = Message::News(News::Note(note));
    let deadline = Instant::now() + edges::POST;
    while let Err(TrySendError::Full(back)) = messages.try_send(message) {
        if Instant::now() > deadline {
            return;
        }
        message = back;
        thread::sleep(Duration::from_millis(2));
    }
}
