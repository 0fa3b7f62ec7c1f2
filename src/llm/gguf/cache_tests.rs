//! Tests of the size that a KV cache will have.

use std::{fs, path::PathBuf};

use super::*;
use crate::llm::KvType;

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

fn number(name: &str, value: u32) -> Vec<u8> {
    [text(name), 4u32.to_le_bytes().to_vec(), value.to_le_bytes().to_vec()].concat()
}

fn numbers(name: &str, values: &[u32]) -> Vec<u8> {
    let head = [text(name), 9u32.to_le_bytes().to_vec(), 4u32.to_le_bytes().to_vec(), (values.len() as u64).to_le_bytes().to_vec()];
    values.iter().fold(head.concat(), |bytes, value| [bytes, value.to_le_bytes().to_vec()].concat())
}

/// Qwen2.5 1.5B as its authors publish it: 28 layers, 12 heads of 128 values, 2 of them kept.
fn qwen() -> Vec<Vec<u8>> {
    vec![
        [text("general.architecture"), 8u32.to_le_bytes().to_vec(), text("qwen2")].concat(),
        number("qwen2.block_count", 28),
        number("qwen2.context_length", 32768),
        number("qwen2.embedding_length", 1536),
        number("qwen2.attention.head_count", 12),
        number("qwen2.attention.head_count_kv", 2),
    ]
}

fn file(folder: &tempfile::TempDir, entries: &[Vec<u8>]) -> PathBuf {
    let path = folder.path().join("m.gguf");
    let counts = [&b"GGUF"[..], &3u32.to_le_bytes(), &1u64.to_le_bytes(), &(entries.len() as u64).to_le_bytes()].concat();
    fs::write(&path, [counts, entries.concat()].concat()).unwrap();
    path
}

#[test]
fn the_cache_is_layers_times_heads_times_context() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, &qwen());
    let values = 28 * 2 * (128 + 128);
    assert_eq!(bytes(&Settings::default(), &path), values / 32 * 34 * 8192);
    let wide = Settings { kv: KvType::F16, context: 32768, ..Settings::default() };
    assert_eq!(bytes(&wide, &path), values * 2 * 32768);
    assert_eq!(bytes(&Settings { context: 1 << 30, ..wide }, &path), values * 2 * 32768, "no more than it was made for");
}

#[test]
fn layers_may_differ_and_heads_may_have_their_own_width() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = qwen();
    entries.pop();
    entries.push(numbers("qwen2.attention.head_count_kv", &[1, 2, 0, 4]));
    entries.push(number("qwen2.attention.key_length", 64));
    entries.push(number("qwen2.attention.value_length", 16)); // no whole block of q8_0: kept in 16 bits
    assert_eq!(bytes(&Settings::default(), &file(&folder, &entries)), 7 * (64 + 16) * 2 * 8192);
}

#[test]
fn the_vocabulary_is_not_read_and_damage_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = qwen();
    entries.push(text("tokenizer.ggml.tokens")); // cut off right there
    assert!(bytes(&Settings::default(), &file(&folder, &entries)) > 0);
    assert_eq!(bytes(&Settings::default(), &file(&folder, &qwen()[..3])), 0);
    assert_eq!(bytes(&Settings::default(), &file(&folder, &[text("x")])), 0);
    let huge = [number("a.block_count", 512), number("a.context_length", u32::MAX), number("a.embedding_length", u32::MAX)];
    let huge = [&huge[..], &[number("a.attention.head_count", 1)]].concat();
    let settings = Settings { context: u32::MAX, ..Settings::default() };
    assert!(bytes(&settings, &file(&folder, &huge)) > 1 << 50, "numbers that make no sense are large, not a fault of ours");
    assert_eq!(bytes(&Settings::default(), folder.path()), 0);
}
