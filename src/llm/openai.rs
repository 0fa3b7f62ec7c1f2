//! Any OpenAI-compatible server behind the [`Llm`](super::Llm) trait.
use super::{Llm, Settings};
use crate::error::{Error, Result, Room};
pub fn open(_: &Settings) -> Result<Box<dyn Llm>> {
    Err(Error::report(Room::Llm, "not built yet"))
}
