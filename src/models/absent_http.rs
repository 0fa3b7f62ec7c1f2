//! Stands in for `http` where the program was built without the feature `net`: mirrors on disk still work.

use std::time::Duration;

use super::source::{Opened, Trouble};
use crate::error::{Error, Room};

pub fn open(url: &str, _from: u64, _stall: Duration) -> Result<Opened, Trouble> {
    let error = Error::fetch(Room::Models, format!("{url} cannot be fetched: this program was built without the network"));
    Err(Trouble::Final(error.hint("build it with the feature `net`, or use a mirror of the kind file:///folder")))
}
