//! Stands in for an ear that was not built in, and says how to get it.

use super::{Settings, Stt};
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};

pub fn open(_: &Settings, _: Option<&ModelFile>, _: usize) -> Result<Box<dyn Stt>> {
    Err(Error::fetch(Room::Stt, "this build cannot hear: it was made without the feature `whisper`").hint("build with default features"))
}
