//! whisper.cpp behind the [`Stt`](super::Stt) trait.
use super::{Settings, Stt};
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};
pub fn open(_: &Settings, _: Option<&ModelFile>, _: usize) -> Result<Box<dyn Stt>> {
    Err(Error::report(Room::Stt, "not built yet"))
}
