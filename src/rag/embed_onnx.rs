//! Stands in for the embedder in a build without ONNX Runtime: says how to get one.

use super::Embedder;
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};

pub(super) fn open(model: &ModelFile, _tokenizer: &ModelFile, _threads: usize) -> Result<Box<dyn Embedder>> {
    Err(Error::fetch(Room::Rag, format!("this build cannot run the embedding model {}", model.id))
        .hint("build with the feature `onnx`, or set rag.embedder = \"none\""))
}
