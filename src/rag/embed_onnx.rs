//! Sentence embeddings by an ONNX model: tokens in, the mean of the last layer out, brought to length 1.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use tokenizers::{Encoding, Tokenizer, TruncationParams};

use super::Embedder;
use crate::{
    error::{Error, Result, Room},
    onnx::{Optimise, Options, Session, Tensor},
    parcel::ModelFile,
    turn::Turn,
};

/// What all-MiniLM-L6-v2 was trained on; further tokens are not read.
const MAX_TOKENS: usize = 256;
/// A graph that pools and normalises by itself has an output of this name.
const POOLED: &str = "sentence_embedding";

/// One session behind a lock, not several: a question needs 2 ms of it, an ingest takes it for one text at a time
/// (30 ms), so nobody waits long, and a second session would cost its memory again.
///
/// One text a run, not a batch: in an int8 model the texts of a batch share their scales, so that a vector would
/// depend on its neighbours, and padding costs what batching gains.
struct Onnx {
    tokenizer: Tokenizer,
    session: Mutex<Session>,
    /// Position of the output that is used.
    output: usize,
    /// Whether the model has token types for input.
    types: bool,
    dimension: usize,
    id: String,
}

pub(super) fn open(model: &ModelFile, tokenizer: &ModelFile, threads: usize) -> Result<Box<dyn Embedder>> {
    let tokenizer = read_tokenizer(&tokenizer.path)?;
    // Optimising it takes 40 ms: not worth a file.
    let session = Session::open(model, Options { room: Room::Rag, threads, optimise: Optimise::EachTime, everyday: MAX_TOKENS })?;
    let named = |name: &str| session.outputs().iter().position(|p| p.name == name);
    let output = named(POOLED)
        .or_else(|| named("last_hidden_state"))
        .ok_or_else(|| unfit(model, "it has no sentence_embedding and no last_hidden_state"))?;
    let types = session.inputs().iter().any(|p| p.name == "token_type_ids");
    let mut embedder = Onnx { tokenizer, session: Mutex::new(session), output, types, dimension: 0, id: model.sha256.clone() };
    // A first run says the dimension, and whether model and tokenizer belong together.
    let turn = crate::turn::Session::new().turn();
    embedder.dimension = embedder.vector("ready", &turn).map_err(|e| unfit(model, e.message()))?.len();
    Ok(Box::new(embedder))
}

impl Embedder for Onnx {
    fn embed(&self, texts: &[&str], turn: &Turn) -> Result<Vec<Vec<f32>>> {
        texts.iter().map(|text| self.vector(text, turn)).collect()
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Onnx {
    fn vector(&self, text: &str, turn: &Turn) -> Result<Vec<f32>> {
        turn.alive()?;
        let tokens = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|e| Error::replace(Room::Rag, format!("a text cannot be cut into tokens: {e}")))?;
        let inputs = self.inputs(&tokens);
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        turn.alive()?; // the lock may have been awaited
        let outputs = session.run(&inputs)?;
        drop(session);
        let wrong = || Error::fetch(Room::Rag, "the embedding model gave no vector of numbers").hint("choose another rag.embedder");
        let (shape, values) = outputs.get(self.output).and_then(Tensor::floats).ok_or_else(wrong)?;
        let width = shape.last().and_then(|&n| usize::try_from(n).ok()).filter(|&n| n > 0).ok_or_else(wrong)?;
        of_length_one(mean(values, width)).ok_or_else(wrong)
    }

    fn inputs(&self, tokens: &Encoding) -> Vec<(&'static str, Tensor)> {
        let shape = vec![1, tokens.len() as i64];
        let row = |values: &[u32]| Tensor::I64(shape.clone(), values.iter().map(|&v| v.into()).collect());
        let mut inputs = vec![("input_ids", row(tokens.get_ids())), ("attention_mask", row(tokens.get_attention_mask()))];
        if self.types {
            inputs.push(("token_type_ids", row(tokens.get_type_ids())));
        }
        inputs
    }
}

fn read_tokenizer(path: &Path) -> Result<Tokenizer> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(Room::Rag, "reading", path, &e))?;
    let refused =
        |e| Error::fetch(Room::Rag, format!("{} is no tokenizer: {e}", path.display())).hint("fetch it again with `xnai models pull`");
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(refused)?;
    tokenizer.with_truncation(Some(TruncationParams { max_length: MAX_TOKENS, ..Default::default() })).map_err(refused)?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

fn unfit(model: &ModelFile, why: &str) -> Error {
    Error::fetch(Room::Rag, format!("{} cannot embed text: {why}", model.path.display())).hint("choose another rag.embedder")
}

/// The mean of the rows: of one row where the graph has pooled already, else of one row a token (none is padding).
fn mean(values: &[f32], width: usize) -> Vec<f32> {
    let rows = (values.len() / width).max(1) as f32;
    (0..width).map(|column| values.iter().skip(column).step_by(width).sum::<f32>() / rows).collect()
}

fn of_length_one(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    (length.is_finite() && length > 0.0).then(|| vector.iter_mut().for_each(|v| *v /= length))?;
    Some(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_vectors_are_averaged_and_brought_to_length_one() {
        assert_eq!(mean(&[1.0, 0.0, 5.0, 8.0], 2), [3.0, 4.0]);
        assert_eq!(of_length_one(vec![3.0, 4.0]).unwrap(), [0.6, 0.8]);
    }

    #[test]
    fn a_vector_without_direction_is_refused() {
        assert!(of_length_one(vec![0.0; 4]).is_none());
        assert!(of_length_one(vec![f32::NAN, 1.0]).is_none());
    }
}
