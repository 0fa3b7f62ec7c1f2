//! Texts in, vectors of length one out: what makes two passages comparable.

use std::fmt;

use crate::{error::Result, parcel::ModelFile, turn::Turn};

/// Turns texts into vectors whose scalar product is their cosine. Many callers at once.
pub trait Embedder: Send + Sync {
    /// One vector per text, each of length 1 and of [`Embedder::dimension`] numbers.
    fn embed(&self, texts: &[&str], turn: &Turn) -> Result<Vec<Vec<f32>>>;

    fn dimension(&self) -> usize;

    /// The model's hash: vectors of different models must not be compared.
    fn id(&self) -> &str;
}

impl fmt::Debug for dyn Embedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedder({}, {})", self.dimension(), self.id())
    }
}

#[cfg(feature = "onnx")]
#[path = "embed_onnx.rs"]
mod imp;
#[cfg(not(feature = "onnx"))]
#[path = "embed_absent.rs"]
mod imp;

/// Opens a sentence embedder: an ONNX model and the `tokenizer.json` that belongs to it.
pub fn open(model: &ModelFile, tokenizer: &ModelFile, threads: usize) -> Result<Box<dyn Embedder>> {
    imp::open(model, tokenizer, threads)
}
