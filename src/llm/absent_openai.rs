//! Stands in for the remote engine where networking was not built in, and says how to get it.

use super::{Llm, Settings};
use crate::error::{Error, Result, Room};

pub fn open(_: &Settings) -> Result<Box<dyn Llm>> {
    Err(Error::fetch(Room::Llm, "this build cannot reach a server: it was made without the feature `net`")
        .hint("build with default features, or set llm.backend = \"quote\""))
}
