//! The metadata of a GGUF file in, the size of its KV cache out: for the memory budget, before anything is loaded.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use super::{
    HEADER,
    metadata::{self, Damaged, Value},
    number,
};
use crate::llm::{KvType, Settings};

/// What a KV cache is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shape {
    layers: u64,
    heads: u64,
    /// Of every layer where they differ, else one number for all; none: as many as `heads`.
    heads_kv: Vec<u64>,
    width: u64,
    key: Option<u64>,
    value: Option<u64>,
    /// Tokens it was made for.
    context: u64,
}

/// Bytes of the KV cache that these settings give this model; 0 when its metadata does not tell, since a model like
/// that is refused in words of its own when it is opened.
pub fn bytes(settings: &Settings, path: &Path) -> u64 {
    let read = || {
        let mut reader = BufReader::new(File::open(path).ok()?);
        let header: [u8; HEADER] = metadata::bytes(&mut reader).ok()?;
        shape(reader, number(&header[16..24])).ok()
    };
    if path.is_file() { read().map_or(0, |shape| shape.bytes(settings)) } else { 0 }
}

impl Shape {
    fn bytes(&self, settings: &Settings) -> u64 {
        let even = self.width / self.heads.max(1);
        let (key, value) = (self.key.unwrap_or(even), self.value.unwrap_or(even));
        let heads = match *self.heads_kv {
            [] => self.heads.saturating_mul(self.layers),
            [every] => every.saturating_mul(self.layers),
            ref each => each.iter().fold(0, |sum: u64, heads| sum.saturating_add(*heads)),
        };
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let kv = settings.kv_for(narrow(key), narrow(value)).unwrap_or(KvType::F16);
        let context = settings.context_for(narrow(self.context)).into();
        kv.bytes(heads.saturating_mul(key.saturating_add(value))).saturating_mul(context)
    }

    fn take(&mut self, name: &str, value: Value) {
        let (one, list) = match value {
            Value::Number(one) => (Some(one), vec![one]),
            Value::Numbers(list) => (None, list),
            Value::Other => return,
        };
        match name {
            "block_count" => self.layers = one.unwrap_or_default(),
            "context_length" => self.context = one.unwrap_or_default(),
            "embedding_length" => self.width = one.unwrap_or_default(),
            // Where every layer has its own, they only matter when nothing says how many of them are kept.
            "attention.head_count" => self.heads = list.iter().copied().max().unwrap_or_default(),
            "attention.head_count_kv" => self.heads_kv = list,
            "attention.key_length" => self.key = one,
            "attention.value_length" => self.value = one,
            _ => {}
        }
    }
}

/// Reads what is needed and stops at the vocabulary, which comes after it and is most of the metadata.
fn shape(mut reader: impl BufRead, entries: u64) -> Result<Shape, Damaged> {
    let mut shape = Shape::default();
    for _ in 0..entries {
        let name = metadata::string(&mut reader)?;
        let name = String::from_utf8_lossy(&name);
        let known = ![shape.layers, shape.heads, shape.width, shape.context].contains(&0);
        if known && name.starts_with("tokenizer.") {
            break;
        }
        let value = metadata::value(&mut reader)?;
        if let Some((_, name)) = name.split_once('.') {
            shape.take(name, value);
        }
    }
    Ok(shape)
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
