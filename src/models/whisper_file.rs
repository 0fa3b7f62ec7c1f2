//! whisper.cpp's file format, walked from end to end: every length in it is checked before whisper.cpp believes it.
//!
//! whisper.cpp reads a tensor's number of dimensions from the file and writes that many numbers to its stack, so
//! that a made-up file is more than a nuisance. Layout: eleven numbers, mel filters, vocabulary, tensors, end.

use super::inspect::{Bytes, Fault};

/// `ggml` as a little-endian number.
pub const MAGIC: [u8; 4] = *b"lmgg";

/// whisper.cpp keeps version × 1000 in the file type of quantised models.
const QUANTISATION_VERSION: u32 = 1000;

/// A recogniser's file.
pub fn check_speech(bytes: &mut Bytes) -> Result<(), Fault> {
    magic(bytes)?;
    check_dimensions(bytes)?;
    check_mel_and_words(bytes)?;
    let mut tensors = 0;
    while !bytes.done() {
        check_tensor(bytes)?;
        tensors += 1;
    }
    if tensors == 0 { Err("it holds no weights".into()) } else { Ok(()) }
}

/// A voice activity detector's file: its name and three version numbers come after the magic.
pub fn check_vad(bytes: &mut Bytes) -> Result<(), Fault> {
    magic(bytes)?;
    let length = bytes.u32()?;
    let name = bytes.take::<6>()?;
    if length > 64 || name != *b"silero" { Err("it is no Silero detector".into()) } else { bytes.skip(u64::from(length) - 6) }
}

fn magic(bytes: &mut Bytes) -> Result<(), Fault> {
    if bytes.take::<4>()? == MAGIC { Ok(()) } else { Err("it is no whisper.cpp file".into()) }
}

/// The largest Whisper has 1280 wide states, 20 heads, 32 layers and 51866 words.
fn check_dimensions(bytes: &mut Bytes) -> Result<(), Fault> {
    let limits: [(&str, u32, u32); 10] = [
        ("words", 1, 1 << 17),
        ("audio positions", 1, 1 << 14),
        ("audio width", 64, 1 << 12),
        ("audio heads", 1, 64),
        ("audio layers", 1, 128),
        ("text positions", 1, 1 << 14),
        ("text width", 64, 1 << 12),
        ("text heads", 1, 64),
        ("text layers", 1, 128),
        ("mel bands", 1, 256),
    ];
    for (name, least, most) in limits {
        let value = bytes.u32()?;
        if !(least..=most).contains(&value) {
            return Err(format!("its header claims {value} {name}"));
        }
    }
    match bytes.u32()? % QUANTISATION_VERSION {
        0..=32 => Ok(()),
        other => Err(format!("its weights are of the unknown type {other}")),
    }
}

fn check_mel_and_words(bytes: &mut Bytes) -> Result<(), Fault> {
    let (bands, bins) = (bytes.u32()?, bytes.u32()?);
    if bands > 256 || bins > 4096 {
        return Err(format!("its header claims {bands} × {bins} mel filters"));
    }
    bytes.skip(u64::from(bands) * u64::from(bins) * 4)?;
    let words = bytes.u32()?;
    if words > 1 << 17 {
        return Err(format!("its vocabulary claims {words} words"));
    }
    for _ in 0..words {
        match bytes.u32()? {
            length @ 0..=1024 => bytes.skip(u64::from(length))?,
            length => return Err(format!("its vocabulary has a word of {length} bytes")),
        }
    }
    Ok(())
}

fn check_tensor(bytes: &mut Bytes) -> Result<(), Fault> {
    let (dimensions, name, kind) = (bytes.u32()?, bytes.u32()?, bytes.u32()?);
    if !(1..=4).contains(&dimensions) || name > 256 {
        return Err(format!("one of its tensors claims {dimensions} dimensions and a name of {name} bytes"));
    }
    let mut values = 1u64;
    for _ in 0..dimensions {
        values = values.saturating_mul(u64::from(bytes.u32()?));
    }
    bytes.skip(u64::from(name))?;
    let (block, size) = block_of(kind).ok_or_else(|| format!("one of its tensors is of the unknown type {kind}"))?;
    if values == 0 || !values.is_multiple_of(block) {
        return Err(format!("one of its tensors has {values} values in blocks of {block}"));
    }
    bytes.skip((values / block).saturating_mul(size))
}

/// Values in a block and bytes of a block, by ggml's number of the type.
const fn block_of(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),      // f32
        1 => (1, 2),      // f16
        2 => (32, 18),    // q4_0
        3 => (32, 20),    // q4_1
        6 => (32, 22),    // q5_0
        7 => (32, 24),    // q5_1
        8 => (32, 34),    // q8_0
        10 => (256, 84),  // q2_K
        11 => (256, 110), // q3_K
        12 => (256, 144), // q4_K
        13 => (256, 176), // q5_K
        14 => (256, 210), // q6_K
        30 => (1, 2),     // bf16
        _ => return None,
    })
}
