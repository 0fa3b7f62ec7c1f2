//! A microphone that outlives its device: lost, it is opened again until it is back, and its reader is only told.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::opening::{Opening, is_news};
use crate::{
    audio::microphone::{DeviceNews, Heard, MicState, Microphone},
    error::{Error, Result, Room},
};

/// Opens the microphone of that name, as `audio.input` has it.
pub type OpenMicrophone = dyn Fn(&str) -> Result<Box<dyn Microphone>> + Send + Sync;

/// Between two looks while it is gone.
const LOOK: Duration = Duration::from_millis(10);

/// A device that was opened and gave no sound within this is opened once more: what returns can be opened before it is
/// there. Doubled each time, for one that takes its time; how long that may be, the device itself knows (`live::watch`).
const FIRST_SOUND: Duration = Duration::from_millis(800);

pub struct Reopening {
    open: Arc<OpenMicrophone>,
    wanted: String,
    device: Option<Box<dyn Microphone>>,
    opening: Opening<Box<dyn Microphone>>,
    /// When it was opened, until it gives sound; and how many before it, one after the other, gave none.
    silent: Option<Instant>,
    given_up: u32,
    trouble: Option<Error>,
}

impl Reopening {
    /// The first attempt begins with the first `read`.
    pub fn new(open: Arc<OpenMicrophone>, wanted: &str) -> Self {
        let opening = Opening::new(Instant::now());
        Self { open, wanted: wanted.to_owned(), device: None, opening, silent: None, given_up: 0, trouble: None }
    }

    /// Looks whether it can be opened. It is back with its first sound.
    fn try_open(&mut self) -> Option<DeviceNews> {
        let (open, wanted) = (self.open.clone(), self.wanted.clone());
        match self.opening.poll(Instant::now(), move || open(&wanted))? {
            Ok(device) => {
                (self.device, self.silent) = (Some(device), Some(Instant::now()));
                None
            }
            Err(error) => self.lose(error),
        }
    }

    /// Told once, however often it cannot be opened after that, and once more where it begins to hang.
    fn lose(&mut self, error: Error) -> Option<DeviceNews> {
        if !is_news(self.trouble.as_ref(), &error) {
            return None;
        }
        tracing::warn!(%error, "no microphone");
        self.trouble = Some(error);
        Some(DeviceNews::Lost)
    }

    /// Closes the device, however long that takes.
    fn leave(&mut self) {
        self.silent = None;
        if let Some(device) = self.device.take() {
            self.opening.leave(device, Instant::now());
        }
    }

    fn read_device(&mut self, out: &mut Vec<f32>, patience: Duration) -> Option<Heard> {
        match self.device.as_mut()?.read(out, patience) {
            Ok(heard) => match self.silent {
                None => Some(heard),
                Some(opened) if heard.samples == 0 => Some(Heard { news: self.wait(opened), ..nothing() }),
                Some(_) => Some(self.begin(heard)),
            },
            Err(error) => {
                self.leave();
                self.lose(error).map(|news| Heard { news: Some(news), ..nothing() })
            }
        }
    }

    /// It gives sound.
    fn begin(&mut self, heard: Heard) -> Heard {
        tracing::info!(device = self.name(), "the microphone is open");
        (self.silent, self.given_up, self.trouble) = (None, 0, None);
        Heard { news: heard.news.or(Some(DeviceNews::Back)), ..heard }
    }

    /// It gives none yet. Once may be chance; after that it is told.
    fn wait(&mut self, opened: Instant) -> Option<DeviceNews> {
        if opened.elapsed() < FIRST_SOUND * 2u32.saturating_pow(self.given_up) {
            return None;
        }
        let error = Error::reopen(Room::Audio, format!("the microphone {} gives no sound", self.name()));
        self.leave();
        self.given_up += 1;
        let again = self.given_up > 1;
        again.then(|| self.lose(error.hint("plug it in again, or name another as audio.input"))).flatten()
    }
}

fn nothing() -> Heard {
    Heard { samples: 0, dropped: 0, at: Instant::now(), state: MicState::Lost, news: None }
}

impl Microphone for Reopening {
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard> {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if let Some(heard) = self.read_device(out, left) {
                return Ok(heard);
            }
            if let Some(news) = self.try_open() {
                return Ok(Heard { news: Some(news), ..nothing() });
            }
            if left.is_zero() {
                return Ok(nothing());
            }
            thread::sleep(LOOK.min(left));
        }
    }

    fn retarget(&mut self, input: &str) {
        self.wanted = input.to_owned();
        self.leave();
        self.opening.anew(Instant::now());
        (self.given_up, self.trouble) = (0, None);
    }

    fn name(&self) -> String {
        self.device.as_ref().map_or_else(|| self.wanted.clone(), |device| device.name())
    }

    fn trouble(&self) -> Option<Error> {
        self.trouble.clone()
    }
}

#[cfg(test)]
#[path = "reopening_tests.rs"]
mod tests;
