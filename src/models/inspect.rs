//! Whether an engine may look at a file: its kind by its first bytes, its length by its own account of it.
//!
//! The engines are C++ that trusts its input. Pinned files are what they should be already; this stands between the
//! engines and the files that only the user vouches for, and turns "assertion failed" into a sentence.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use super::{Role, hashes::open_regular, whisper_file};
use crate::error::{Error, Result, Room};

/// One Kokoro voice: 510 lengths × 1 × 256 numbers of 4 bytes.
pub const VOICE_BYTES: u64 = 510 * 256 * 4;

/// Checks a file's header and length for its role. The content of a good file may still be nonsense.
pub fn inspect(path: &Path, role: Role) -> Result<()> {
    let (file, meta) = open_regular(path)?;
    let mut bytes = Bytes { input: BufReader::new(file), at: 0, size: meta.len() };
    let verdict = match role {
        Role::Stt => whisper_file::check_speech(&mut bytes),
        Role::Vad if bytes.starts_with(&whisper_file::MAGIC) => whisper_file::check_vad(&mut bytes),
        Role::Vad | Role::Tts => check_onnx(&mut bytes),
        Role::Llm => check_gguf(&mut bytes),
        Role::Embed if bytes.starts_with(b"GGUF") => check_gguf(&mut bytes),
        Role::Embed => check_onnx(&mut bytes),
        Role::Voices if bytes.starts_with(b"PK\x03\x04") => check_npz(&mut bytes),
        Role::Voices => check_voice(&mut bytes),
        Role::Tokenizer => check_tokenizer(&mut bytes),
    };
    verdict.map_err(|what| {
        Error::fetch(Room::Models, format!("{} cannot serve as {role}: {what}", path.display())).hint("fetch it again, or choose another")
    })
}

/// What is wrong with a file, as the end of a sentence.
pub type Fault = String;

/// A file that is read forwards, with its length at hand.
pub struct Bytes {
    input: BufReader<File>,
    pub at: u64,
    pub size: u64,
}

impl Bytes {
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut out = [0; N];
        self.input.read_exact(&mut out).map_err(|_| self.cut())?;
        self.at += N as u64;
        Ok(out)
    }

    pub fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    /// Goes on, and says so when the file ends before.
    pub fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        let to = self.at.checked_add(bytes).filter(|to| *to <= self.size).ok_or_else(|| self.cut())?;
        let step = i64::try_from(bytes).map_err(|_| self.cut())?;
        self.input.seek_relative(step).map_err(|_| self.cut())?;
        self.at = to;
        Ok(())
    }

    pub fn done(&self) -> bool {
        self.at >= self.size
    }

    fn starts_with(&mut self, magic: &[u8; 4]) -> bool {
        let same = self.take::<4>().is_ok_and(|first| first == *magic);
        let back = self.input.seek(SeekFrom::Start(0)).is_ok();
        self.at = 0;
        same && back
    }

    fn cut(&self) -> Fault {
        format!("it is cut short at {} bytes, or no such file at all", self.size)
    }

    /// A protobuf number: seven bits a byte.
    fn varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(NO_ONNX.into())
    }
}

const NO_ONNX: &str = "it is no ONNX model";

/// llama.cpp reads versions 2 and 3; counts beyond these are damage, not a model.
fn check_gguf(bytes: &mut Bytes) -> Result<(), Fault> {
    if bytes.take::<4>()? != *b"GGUF" {
        return Err("it is no GGUF file".into());
    }
    match bytes.u32()? {
        2 | 3 => {}
        other => return Err(format!("GGUF version {other} is not one that can be read (2 and 3 are)")),
    }
    let (tensors, keys) = (bytes.u64()?, bytes.u64()?);
    // A tensor takes at least 24 bytes of header, a key 13: more of them than fit is damage.
    let fits = tensors.saturating_mul(24).saturating_add(keys.saturating_mul(13)) <= bytes.size;
    match (1..1 << 16).contains(&tensors) && (1..1 << 16).contains(&keys) && fits {
        true => Ok(()),
        false => Err(format!("its header claims {tensors} tensors and {keys} keys")),
    }
}

/// Walks the fields of the outermost message: they must end where the file ends, and one must be the graph.
fn check_onnx(bytes: &mut Bytes) -> Result<(), Fault> {
    const GRAPH: u64 = 7;
    const MOST_FIELDS: u32 = 100_000;
    let (mut graph, mut fields) = (false, 0u32);
    while !bytes.done() {
        let tag = bytes.varint()?;
        match tag & 7 {
            0 => drop(bytes.varint()?),
            2 => {
                let length = bytes.varint()?;
                bytes.skip(length)?;
            }
            _ => return Err(NO_ONNX.into()),
        }
        graph |= tag >> 3 == GRAPH;
        fields += 1;
        if fields > MOST_FIELDS || tag >> 3 == 0 || tag >> 3 > 64 {
            return Err(NO_ONNX.into());
        }
    }
    if graph { Ok(()) } else { Err(NO_ONNX.into()) }
}

/// The directory of a zip archive stands at its end: a file that is cut has none.
fn check_npz(bytes: &mut Bytes) -> Result<(), Fault> {
    let archive = zip::ZipArchive::new(&mut bytes.input).map_err(|e| format!("its archive is damaged ({e})"))?;
    let arrays = archive.file_names().filter(|name| name.ends_with(".npy")).count();
    if arrays > 0 { Ok(()) } else { Err("it holds no arrays".into()) }
}

fn check_voice(bytes: &mut Bytes) -> Result<(), Fault> {
    if bytes.size != VOICE_BYTES {
        return Err(format!("a single voice has {VOICE_BYTES} bytes and this has {}", bytes.size));
    }
    let mut all = Vec::new();
    bytes.input.read_to_end(&mut all).map_err(|e| format!("it cannot be read ({e})"))?;
    let sane = all.chunks_exact(4).all(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]).abs() < 1e3);
    if sane { Ok(()) } else { Err("its numbers are no voice".into()) }
}

fn check_tokenizer(bytes: &mut Bytes) -> Result<(), Fault> {
    /// Large vocabularies come to some 20 MB.
    const MOST_BYTES: u64 = 64 << 20;
    if bytes.size > MOST_BYTES {
        return Err(format!("{} bytes are too many for a tokenizer", bytes.size));
    }
    #[derive(serde::Deserialize)]
    struct Tokenizer {
        #[serde(rename = "model")]
        _model: serde::de::IgnoredAny,
    }
    let parsed: Result<Tokenizer, _> = serde_json::from_reader(&mut bytes.input);
    parsed.map(drop).map_err(|e| format!("it is no tokenizer.json ({e})"))
}

#[cfg(test)]
#[path = "inspect_tests.rs"]
mod tests;
