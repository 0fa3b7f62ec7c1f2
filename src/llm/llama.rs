//! llama.cpp behind the [`Llm`](super::Llm) trait.
use super::{Cores, Llm, Settings};
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};
pub fn open(_: &Settings, _: Option<&ModelFile>, _: &Cores) -> Result<Box<dyn Llm>> {
    Err(Error::report(Room::Llm, "not built yet"))
}
