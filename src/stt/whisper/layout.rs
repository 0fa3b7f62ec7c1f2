//! A model file in, a reason to refuse it out: walks the file as whisper.cpp will, and trusts nothing it says.
//!
//! whisper.cpp (1.8.3) takes the file at its word: a wrong number of dimensions overwrites its stack, a wrong length
//! throws an exception that ends the process, missing weights make a model that says nothing. All of that is cheap to
//! see beforehand: the walk reads the vocabulary and skips over the weights.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use crate::error::{Error, Result, Room};

/// The letters "ggml" as a little-endian number.
const MAGIC: u32 = 0x6767_6d6c;
/// Words of the English-only models; multilingual ones have one more, large-v3 two.
const VOCABULARY: std::ops::RangeInclusive<u32> = 51_864..=51_866;
/// Longest token or tensor name; real ones stay below 130.
const LONGEST_NAME: u32 = 1024;
/// Frequencies of the spectrum that the mel filters are made of.
const SPECTRUM: u32 = 201;

/// Refuses what is not a whole Whisper model.
pub fn check(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|e| unusable(path, &format!("it cannot be opened: {e}")))?;
    let facts = file.metadata().map_err(|e| unusable(path, &format!("it cannot be read: {e}")))?;
    if !facts.is_file() {
        return Err(unusable(path, "it is not a regular file"));
    }
    let mut walk = Walk { input: BufReader::new(file), left: facts.len() };
    walk.whole().map_err(|fault| match fault {
        Fault::Short => unusable(path, "it ends too early: the download may be incomplete"),
        Fault::Io(e) => unusable(path, &format!("it cannot be read: {e}")),
        Fault::Odd(what) => unusable(path, &what),
    })
}

fn unusable(path: &Path, why: &str) -> Error {
    Error::fetch(Room::Stt, format!("the speech model {} cannot be used: {why}", path.display()))
        .hint("run `xnai models pull` to fetch it again")
}

enum Fault {
    Short,
    Odd(String),
    Io(io::Error),
}

type Checked<T = ()> = std::result::Result<T, Fault>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Fault::Odd(what())) }
}

/// The sizes in the header, in the order of the file.
struct Header {
    vocabulary: u32,
    state: u32,
    audio_layers: u32,
    text_layers: u32,
    mels: u32,
}

struct Walk {
    input: BufReader<File>,
    /// Bytes to the end of the file.
    left: u64,
}

impl Walk {
    fn whole(&mut self) -> Checked {
        let header = self.header()?;
        self.filters(&header)?;
        self.vocabulary(&header)?;
        let (mut tensors, mut weights) = (0, 0);
        while self.left > 0 {
            weights += self.tensor()?;
            tensors += 1;
        }
        ensure(tensors > 0, || "it holds a vocabulary but no weights".into())?;
        // The matrices alone, from the sizes in the header: whisper.cpp makes room for what the header says.
        let (d, encoder, decoder) = (u64::from(header.state), u64::from(header.audio_layers), u64::from(header.text_layers));
        let least = (12 * encoder + 16 * decoder) * d * d + u64::from(header.vocabulary) * d;
        ensure(weights >= least, || format!("it holds {weights} weights where its header needs at least {least}"))
    }

    fn header(&mut self) -> Checked<Header> {
        ensure(self.number()? == MAGIC, || "it is not a Whisper model in ggml format".into())?;
        let mut n = [0; 11];
        for slot in &mut n {
            *slot = self.number()?;
        }
        let [vocabulary, audio_ctx, state, audio_heads, audio_layers, text_ctx, text_state, text_heads, text_layers, mels, kind] = n;
        let odd = |what: &str, value: u32| format!("its header says {what} = {value}");
        ensure(VOCABULARY.contains(&vocabulary), || odd("vocabulary", vocabulary))?;
        ensure((1..=1500).contains(&audio_ctx), || odd("audio context", audio_ctx))?;
        ensure((16..=448).contains(&text_ctx), || odd("text context", text_ctx))?;
        ensure((32..=2048).contains(&state) && state % 32 == 0, || odd("width", state))?;
        ensure(text_state == state, || odd("text width", text_state))?;
        for heads in [audio_heads, text_heads] {
            ensure((1..=64).contains(&heads) && state % heads == 0, || odd("heads", heads))?;
        }
        for layers in [audio_layers, text_layers] {
            ensure((1..=64).contains(&layers), || odd("layers", layers))?;
        }
        ensure(mels == 80 || mels == 128, || odd("mel bands", mels))?;
        // The thousands count versions of the quantisation.
        let kind = kind % 1000;
        ensure(matches!(kind, 0..=3 | 7..=9) || (matches!(kind, 10..=14) && state % 256 == 0), || odd("weight type", kind))?;
        Ok(Header { vocabulary, state, audio_layers, text_layers, mels })
    }

    fn filters(&mut self, header: &Header) -> Checked {
        let (mels, spectrum) = (self.number()?, self.number()?);
        ensure(mels == header.mels && spectrum == SPECTRUM, || format!("its mel filters are {mels} × {spectrum}"))?;
        self.skip(u64::from(mels) * u64::from(spectrum) * 4)
    }

    fn vocabulary(&mut self, header: &Header) -> Checked {
        let words = self.number()?;
        ensure(words > 0 && words <= header.vocabulary, || format!("its vocabulary has {words} words"))?;
        let mut has_space = false;
        for _ in 0..words {
            let word = self.name()?;
            has_space |= word == b" ";
        }
        ensure(has_space, || "its vocabulary has no space".into())
    }

    /// One tensor; returns how many weights it has.
    fn tensor(&mut self) -> Checked<u64> {
        let (dims, length, kind) = (self.number()?, self.number()?, self.number()?);
        ensure((1..=3).contains(&dims), || format!("a tensor has {dims} dimensions"))?;
        let mut weights = 1_u64;
        for _ in 0..dims {
            let size = self.number()?;
            ensure(size > 0, || "a tensor is empty".into())?;
            weights = weights.saturating_mul(u64::from(size));
        }
        ensure(i32::try_from(weights).is_ok(), || "a tensor is too large".into())?;
        self.bytes(length)?;
        let Some((block, bytes)) = block_size(kind) else { return Err(Fault::Odd(format!("a tensor has the unknown type {kind}"))) };
        ensure(weights % block == 0, || "a tensor is no whole number of blocks".into())?;
        self.skip(weights / block * bytes)?;
        Ok(weights)
    }

    fn number(&mut self) -> Checked<u32> {
        let mut bytes = [0; 4];
        self.read(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn name(&mut self) -> Checked<Vec<u8>> {
        let length = self.number()?;
        self.bytes(length)
    }

    fn bytes(&mut self, length: u32) -> Checked<Vec<u8>> {
        ensure(length <= LONGEST_NAME, || format!("a name is {length} bytes long"))?;
        let mut bytes = vec![0; length as usize];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn read(&mut self, into: &mut [u8]) -> Checked {
        self.left = self.left.checked_sub(into.len() as u64).ok_or(Fault::Short)?;
        self.input.read_exact(into).map_err(Fault::Io)
    }

    fn skip(&mut self, bytes: u64) -> Checked {
        self.left = self.left.checked_sub(bytes).ok_or(Fault::Short)?;
        self.input.seek_relative(bytes as i64).map_err(Fault::Io)
    }
}

/// Weights per block and bytes per block of ggml's tensor types, as far as Whisper files use them.
fn block_size(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),      // f32
        1 => (1, 2),      // f16
        2 => (32, 18),    // q4_0
        3 => (32, 20),    // q4_1
        6 => (32, 22),    // q5_0
        7 => (32, 24),    // q5_1
        8 => (32, 34),    // q8_0
        10 => (256, 84),  // q2_k
        11 => (256, 110), // q3_k
        12 => (256, 144), // q4_k
        13 => (256, 176), // q5_k
        14 => (256, 210), // q6_k
        _ => return None,
    })
}
