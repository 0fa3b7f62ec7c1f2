//! Stands in for Kokoro in a build without ONNX Runtime: says how to get one.

use super::{Manner, Network};
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};

pub(super) fn open(model: &ModelFile, _manner: &Manner<'_>) -> Result<Box<dyn Network>> {
    Err(Error::fetch(Room::Tts, format!("this build cannot run the voice model {}", model.id))
        .hint("build with the feature `onnx`, or set tts.backend = \"espeak\""))
}
