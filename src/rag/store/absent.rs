//! Stands in for LanceDB in builds without it.

use std::path::Path;

use super::Tables;
use crate::error::{Error, Result, Room};

pub fn open(_: &Path, _: usize) -> Result<Box<dyn Tables>> {
    Err(Error::fetch(Room::Rag, "this build has no document store").hint("build with the feature `lance`"))
}
