//! Stands in for the sound devices in a build without them, and says how to get them.

use std::sync::Arc;

use super::{
    DeviceInfo, Microphone, Settings, Speaker,
    live::{Reopening, keep},
};
use crate::error::{Error, Result, Room};

pub(super) fn inputs() -> Result<Vec<DeviceInfo>> {
    Err(absent("type the question"))
}

pub(super) fn outputs() -> Result<Vec<DeviceInfo>> {
    Err(absent("use --out FILE.wav"))
}

pub(super) fn open(_settings: &Settings) -> Result<Box<dyn Speaker>> {
    Err(absent("use --out FILE.wav"))
}

pub(super) fn open_live_speaker(settings: &Settings) -> Box<dyn Speaker> {
    keep(Arc::new(|_, _| Err(absent("read the answer"))), &settings.output, settings.volume)
}

pub(super) fn open_microphone(_wanted: &str) -> Result<Box<dyn Microphone>> {
    Err(absent("type the question"))
}

pub(super) fn open_live_microphone(settings: &Settings) -> Box<dyn Microphone> {
    Box::new(Reopening::new(Arc::new(open_microphone), &settings.input))
}

fn absent(instead: &str) -> Error {
    Error::reopen(Room::Audio, "this build has no sound devices").hint(format!("{instead}, or build with the feature `audio`"))
}
