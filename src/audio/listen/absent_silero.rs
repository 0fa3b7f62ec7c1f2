//! Stands in for Silero in a build without ONNX Runtime, and says how to get it.

use super::VoiceDetector;
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};

pub(super) fn open(_file: &ModelFile) -> Result<Box<dyn VoiceDetector>> {
    Err(Error::fetch(Room::Audio, "this build has no ONNX Runtime").hint("build with the feature `onnx`, or set listen.vad to earshot"))
}
