//! Stands in for llama.cpp where it was not built in, and says how to get it.

use super::{Cores, Llm, Settings};
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};

pub fn open(_: &Settings, _: Option<&ModelFile>, _: &Cores) -> Result<Box<dyn Llm>> {
    Err(Error::fetch(Room::Llm, "this build has no language model: it was made without the feature `llama`")
        .hint("build with default features, or set llm.backend = \"quote\""))
}

pub mod backend {
    //! Without llama.cpp there is nothing compiled to ask.

    pub fn instructions() -> &'static [String] {
        &[]
    }
}
