//! What cpal calls a device into a microphone or a speaker. Only this folder names cpal.

mod choose;
mod quiet;
mod stream;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use choose::{Way, choose};
use cpal::traits::StreamTrait;

use super::{
    DeviceInfo, Microphone, Settings, Speaker,
    live::{Drive, Ear, Playing, Reopening, Shared, Voice, Watch, keep, ring},
};
use crate::error::{Error, Result, Room};

pub(super) fn inputs() -> Result<Vec<DeviceInfo>> {
    choose::list(Way::In)
}

pub(super) fn outputs() -> Result<Vec<DeviceInfo>> {
    choose::list(Way::Out)
}

pub(super) fn open(settings: &Settings) -> Result<Box<dyn Speaker>> {
    let choice = choose(&settings.output, Way::Out)?;
    let (to, mouth, shared) = ring(choice.rate(), settings.volume);
    let playing = stream::play(&choice, &shared)?;
    playing.seat.put(Box::new(mouth.for_device(playing.channels, playing.rate)));
    Ok(Box::new(Voice::new(Once { playing, begun: None }, to, shared)))
}

pub(super) fn open_live_speaker(settings: &Settings) -> Box<dyn Speaker> {
    let open = |wanted: &str, shared: &Arc<Shared>| {
        let choice = choose(wanted, Way::Out)?;
        let playing = stream::play(&choice, shared)?;
        // At once, although there is nothing to play yet: the first word is heard sooner, and a loss is noticed.
        playing.stream.play().map_err(|e| choice.fault(&e))?;
        Ok(playing.boxed())
    };
    keep(Arc::new(open), &settings.output, settings.volume)
}

pub(super) fn open_microphone(wanted: &str) -> Result<Box<dyn Microphone>> {
    let choice = choose(wanted, Way::In)?;
    let ear = Ear::open(&choice.name(), choice.channels(), choice.rate(), |lung, breath| {
        let stream = stream::capture(&choice, lung, breath)?;
        stream.play().map_err(|e| choice.fault(&e))?;
        Ok(stream)
    });
    Ok(Box::new(ear?))
}

pub(super) fn open_live_microphone(settings: &Settings) -> Box<dyn Microphone> {
    Box::new(Reopening::new(Arc::new(open_microphone), &settings.input))
}

/// A device for as long as it lasts.
struct Once {
    playing: Playing<cpal::Stream>,
    /// The device is asked for sound only once there is some.
    begun: Option<Watch>,
}

impl Drive for Once {
    fn look(&mut self, shared: &Shared) -> Result<()> {
        let watch = match &mut self.begun {
            Some(watch) => watch,
            none => {
                let fault = |e| Error::reopen(Room::Audio, format!("the sound device {} does not begin: {e}", self.playing.name));
                self.playing.stream.play().map_err(fault)?;
                none.insert(Watch::for_playing_once(Instant::now()))
            }
        };
        let asked = shared.asked.load(Relaxed);
        let reported = self.playing.failed.load(Relaxed);
        if reported || watch.is_lost(asked, Instant::now()) {
            tracing::warn!(device = self.playing.name, reported, asked, "lost");
            return Err(Error::reopen(Room::Audio, format!("the sound device {} went away", self.playing.name))
                .hint("plug it in again, or name another as audio.output"));
        }
        Ok(())
    }
}
