//! Walks the metadata of a GGUF file and refuses what would end llama.cpp, which trusts it.

use std::{
    collections::HashSet,
    io::{self, BufRead, Read},
};

/// Longest string taken: chat templates have tens of kilobytes.
const STRING: u64 = 16 << 20;

/// The most layers that llama.cpp takes.
const LAYERS: u32 = 512;

/// Why the metadata is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged(pub &'static str);

impl From<io::Error> for Damaged {
    fn from(_: io::Error) -> Self {
        Self("its metadata is cut off")
    }
}

/// Reads that many entries (name, type, value).
pub fn walk(mut reader: impl BufRead, entries: u64) -> Result<(), Damaged> {
    for _ in 0..entries {
        let name = string(&mut reader)?;
        match u32(&mut reader)? {
            STRINGS => drop(string(&mut reader)?),
            ARRAYS => array(&mut reader, name == b"tokenizer.ggml.tokens")?,
            FLOATS => {
                let value = f32::from_le_bytes(bytes(&mut reader)?);
                if name.ends_with(b"epsilon") && !(value >= 0.0 && value.is_finite()) {
                    return Err(Damaged("it holds a number that makes no sense"));
                }
            }
            NUMBERS => {
                let value = u32(&mut reader)?;
                if name.ends_with(b".block_count") && !(1..=LAYERS).contains(&value) {
                    return Err(Damaged("it holds a number that makes no sense"));
                }
            }
            kind => skip(&mut reader, width(kind)?)?,
        }
    }
    Ok(())
}

/// What an entry holds, as far as anybody here wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Number(u64),
    Numbers(Vec<u64>),
    Other,
}

/// Reads type and value of one entry whose name was read.
pub fn value(reader: &mut impl BufRead) -> Result<Value, Damaged> {
    match u32(reader)? {
        STRINGS => string(reader).map(|_| Value::Other),
        ARRAYS => {
            let (kind, count) = (u32(reader)?, u64::from_le_bytes(bytes(reader)?));
            match whole(kind) {
                Some(width) if count <= LAYERS.into() => {
                    (0..count).map(|_| little(reader, width)).collect::<Result<_, _>>().map(Value::Numbers)
                }
                _ if kind == STRINGS => (0..count).try_for_each(|_| string(reader).map(drop)).map(|()| Value::Other),
                _ => {
                    skip(reader, width(kind)?.checked_mul(count).ok_or(Damaged("its metadata has an endless list"))?).map(|()| Value::Other)
                }
            }
        }
        kind => match whole(kind) {
            Some(width) => little(reader, width).map(Value::Number),
            None => skip(reader, width(kind)?).map(|()| Value::Other),
        },
    }
}

/// Bytes of a type that holds whole numbers.
fn whole(kind: u32) -> Option<u64> {
    matches!(kind, 0..=5 | 10 | 11).then(|| width(kind).ok()).flatten()
}

fn little(reader: &mut impl BufRead, width: u64) -> Result<u64, Damaged> {
    (0..width).try_fold(0, |sum, place| Ok(sum | u64::from(bytes::<1>(reader)?[0]) << (8 * place)))
}

const NUMBERS: u32 = 4;
const FLOATS: u32 = 6;
const STRINGS: u32 = 8;
const ARRAYS: u32 = 9;

/// Bytes of one value of the types that have a fixed size.
fn width(kind: u32) -> Result<u64, Damaged> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        _ => Err(Damaged("its metadata has a type that does not exist")),
    }
}

/// The words of the vocabulary must differ: each is looked up by its text.
fn array(reader: &mut impl BufRead, words: bool) -> Result<(), Damaged> {
    let (kind, count) = (u32(reader)?, u64::from_le_bytes(bytes(reader)?));
    if kind != STRINGS {
        return skip(reader, width(kind)?.checked_mul(count).ok_or(Damaged("its metadata has an endless list"))?);
    }
    let mut seen = HashSet::new();
    for _ in 0..count {
        let mut word = string(reader)?;
        word.truncate(word.iter().position(|byte| *byte == 0).unwrap_or(word.len())); // llama.cpp reads it as a C string
        if words && !word.is_empty() && !seen.insert(word) {
            return Err(Damaged("its vocabulary has the same word twice"));
        }
    }
    Ok(())
}

pub fn string(reader: &mut impl BufRead) -> Result<Vec<u8>, Damaged> {
    let length = u64::from_le_bytes(bytes(reader)?);
    if length > STRING {
        return Err(Damaged("its metadata has an endless text"));
    }
    // Grows as bytes come: a length that lies does not fill the memory.
    let mut text = Vec::new();
    let read = reader.take(length).read_to_end(&mut text)?;
    if read as u64 == length { Ok(text) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) }
}

fn skip(reader: &mut impl BufRead, count: u64) -> Result<(), Damaged> {
    let skipped = io::copy(&mut reader.take(count), &mut io::sink())?;
    if skipped == count { Ok(()) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) }
}

fn u32(reader: &mut impl BufRead) -> Result<u32, Damaged> {
    Ok(u32::from_le_bytes(bytes(reader)?))
}

pub fn bytes<const N: usize>(reader: &mut impl BufRead) -> Result<[u8; N], Damaged> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
    }

    fn entry(name: &str, kind: u32, value: &[u8]) -> Vec<u8> {
        [text(name), kind.to_le_bytes().to_vec(), value.to_vec()].concat()
    }

    fn list(words: &[&str]) -> Vec<u8> {
        let head = [&STRINGS.to_le_bytes()[..], &(words.len() as u64).to_le_bytes()].concat();
        words.iter().fold(head, |list, word| [list, text(word)].concat())
    }

    fn told(entry: &[u8]) -> Result<(), Damaged> {
        walk(entry, 1)
    }

    #[test]
    fn sound_entries_of_every_type_pass() {
        let numbers = [&4u32.to_le_bytes()[..], &2u64.to_le_bytes(), &[0; 8]].concat();
        let all = [
            entry("general.name", STRINGS, &text("x")),
            entry("a.b.epsilon", FLOATS, &1e-5f32.to_le_bytes()),
            entry("c", 10, &[0; 8]),
            entry("d", ARRAYS, &numbers),
            entry("tokenizer.ggml.tokens", ARRAYS, &list(&["a", "b", "", ""])),
            entry("tokenizer.ggml.merges", ARRAYS, &list(&["a", "a"])),
        ];
        assert_eq!(walk(&all.concat()[..], all.len() as u64), Ok(()));
    }

    #[test]
    fn what_would_end_llama_cpp_is_refused() {
        assert!(told(&entry("tokenizer.ggml.tokens", ARRAYS, &list(&["a", "a"]))).is_err());
        assert!(told(&entry("x.epsilon", FLOATS, &(-1f32).to_le_bytes())).is_err());
        assert!(told(&entry("x.epsilon", FLOATS, &f32::NAN.to_le_bytes())).is_err());
        assert!(told(&entry("tokenizer.ggml.tokens", ARRAYS, &list(&["a", "a\0b"]))).is_err());
        assert!(told(&entry("llama.block_count", NUMBERS, &0u32.to_le_bytes())).is_err());
        assert!(told(&entry("x", 77, &[])).is_err());
        assert!(told(&entry("x", STRINGS, &u64::MAX.to_le_bytes())).is_err());
        assert!(told(&entry("x", ARRAYS, &[&10u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat())).is_err());
        let whole = entry("general.name", STRINGS, &text("hello"));
        assert!((0..whole.len()).all(|length| told(&whole[..length]).is_err()));
    }
}
