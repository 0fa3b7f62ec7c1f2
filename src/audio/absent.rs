//! Stands in for the sound devices in a build without them, and says how to get them.

use super::{DeviceInfo, Settings, Speaker};
use crate::error::{Error, Result, Room};

pub(super) fn list() -> Result<Vec<DeviceInfo>> {
    Err(absent())
}

pub(super) fn open(_settings: &Settings) -> Result<Box<dyn Speaker>> {
    Err(absent())
}

fn absent() -> Error {
    Error::reopen(Room::Audio, "this build has no sound devices").hint("use --out FILE.wav, or build with the feature `audio`")
}
