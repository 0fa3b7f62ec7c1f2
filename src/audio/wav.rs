//! WAV bytes into mono samples: PCM of 8 to 32 bits, float, A-law and µ-law, any number of channels, RF64 too.
//!
//! Our own reader, because programs that write into a pipe cannot go back and say how long the sound became: they leave
//! 0, 0x7FFFF000, 0x80000000 or 0xFFFFFFFF where the length belongs, and each of them must work.

use std::io::{self, Read};

use super::load::{Given, read_full};
use crate::{error::Result, parcel::Pcm};

/// Everything before the samples; more than this is no header any more.
const MOST_HEADER: u64 = 16 << 20;

/// How one sample is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Code {
    Integer,
    Float,
    ALaw,
    MuLaw,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Format {
    code: Code,
    /// Bytes of one sample of one channel.
    width: usize,
    channels: usize,
    /// Hz.
    rate: u32,
}

/// Reads from the start of the file; `size` is its length in bytes where that is known.
pub(super) fn read(from: &mut dyn Read, size: Option<u64>, given: &Given) -> Result<Pcm> {
    let mut from = io::BufReader::with_capacity(1 << 16, from);
    let head = header(&mut from, size, given)?;
    let frame = (head.format.width * head.format.channels) as u64;
    if let Some(bytes) = head.bytes {
        given.admit(bytes / frame, head.format.rate)?;
        given.claimed.set(bytes / frame);
    }
    if let (None, Some(size)) = (head.bytes, size) {
        given.admit(size.saturating_sub(head.at) / frame, head.format.rate)?;
    }
    let samples = samples(&mut from.take(head.bytes.unwrap_or(u64::MAX)), head.format, given)?;
    Ok(Pcm::new(samples, head.format.rate))
}

struct Header {
    format: Format,
    /// Bytes of sound, unless the writer did not know.
    bytes: Option<u64>,
    /// Where the sound begins.
    at: u64,
}

fn header(from: &mut dyn Read, size: Option<u64>, given: &Given) -> Result<Header> {
    let mut from = Counted { from, at: 0 };
    let riff = from.array::<12>(given)?;
    let riff_bytes = u32_at(&riff, 4);
    let (mut format, mut long) = (None, None);
    loop {
        let chunk = from.array::<8>(given)?;
        let bytes = u32_at(&chunk, 4);
        match &chunk[..4] {
            b"data" => {
                let format = format.ok_or_else(|| given.refuse("is a WAV file that does not say what its samples are"))?;
                let honest = riff_bytes > 0 && size == Some(u64::from(riff_bytes) + 8);
                return Ok(Header { format, bytes: data_length(bytes, long, honest), at: from.at });
            }
            b"fmt " => format = Some(parse_format(&from.chunk::<40>(bytes, given)?, given)?),
            b"ds64" => {
                let sizes = from.chunk::<16>(bytes, given)?;
                long = Some(u64::from(u32_at(&sizes, 8)) | u64::from(u32_at(&sizes, 12)) << 32);
            }
            _ => from.skip(padded(bytes), given)?,
        }
        if from.at > MOST_HEADER {
            return Err(given.refuse("is a WAV file without sound in its first 16 MiB"));
        }
    }
}

/// The length of the sound, or `None` where it is one of the values that writers into pipes leave behind.
///
/// `honest`: the length of the whole file is stated and right, so that 0 means what it says.
fn data_length(bytes: u32, long: Option<u64>, honest: bool) -> Option<u64> {
    match (bytes, long) {
        (0, _) if honest => Some(0),
        (0xffff_0000.., Some(long)) if long > 0 && long < 1 << 62 => Some(long),
        // ffmpeg says all ones; sox 0x7FFFF000 less a part of a frame; arecord 0x80000000 or thereabouts; others 0.
        (0 | 0x7fff_e000..=0x8000_0100 | 0xffff_0000.., _) => None,
        (bytes, _) => Some(u64::from(bytes)),
    }
}

fn parse_format(chunk: &[u8; 40], given: &Given) -> Result<Format> {
    let short = |at: usize| usize::from(u16::from_le_bytes([chunk[at], chunk[at + 1]]));
    let (tag, channels, rate, block, bits) = (short(0), short(2), u32_at(chunk, 4), short(12), short(14));
    given.most_frames(rate)?;
    if !(1..=64).contains(&channels) {
        return Err(given.refuse(&format!("claims {channels} channels, which makes no sense")));
    }
    // The extensible format carries the real tag at the start of its 16-byte identifier.
    let tag = if tag == 0xfffe { short(24) } else { tag };
    let code = match tag {
        1 => Code::Integer,
        3 => Code::Float,
        6 => Code::ALaw,
        7 => Code::MuLaw,
        other => {
            return Err(given.refuse(&format!("is compressed WAV (format {other}), which is not read here")).hint("convert it to PCM"));
        }
    };
    // A sample of 20 bits lies left-justified in a container of 24: the container is what counts.
    let width = if block > 0 && block % channels == 0 { block / channels } else { bits.div_ceil(8) };
    match (code, width) {
        (Code::Integer, 1..=4) | (Code::Float, 4 | 8) | (Code::ALaw | Code::MuLaw, 1) => Ok(Format { code, width, channels, rate }),
        _ => Err(given.refuse(&format!("has samples of {} bits, which is not read here", width * 8)).hint("convert it to 16-bit PCM")),
    }
}

/// Hands the sound on as it comes, in pieces of 20 ms; its length does not matter.
pub(super) fn stream(from: &mut dyn Read, given: &Given, each: &mut dyn FnMut(Pcm) -> Result<()>) -> Result<()> {
    let mut from = io::BufReader::with_capacity(1 << 16, from);
    let Header { format, bytes, .. } = header(&mut from, None, given)?;
    let frames = (format.rate / 50).max(1) as usize;
    pieces(&mut from.take(bytes.unwrap_or(u64::MAX)), format, frames, given, &mut |mono| each(Pcm::new(mono, format.rate)))
}

/// As [`stream`], for 32-bit floats of one channel without a header.
pub(super) fn stream_floats(from: impl Read, rate: u32, given: &Given, each: &mut dyn FnMut(Pcm) -> Result<()>) -> Result<()> {
    let format = Format { code: Code::Float, width: 4, channels: 1, rate };
    let frames = (rate / 50).max(1) as usize;
    pieces(&mut io::BufReader::with_capacity(1 << 16, from), format, frames, given, &mut |mono| each(Pcm::new(mono, rate)))
}

/// The whole sound, as far as it is taken.
fn samples(from: &mut dyn Read, format: Format, given: &Given) -> Result<Vec<f32>> {
    let mut mono = Vec::new();
    pieces(from, format, 4096, given, &mut |piece| {
        mono.extend(piece);
        given.admit(mono.len() as u64, format.rate)
    })?;
    Ok(mono)
}

/// Mixes to mono as it reads; stops at the end of the bytes, wherever that is.
fn pieces(from: &mut dyn Read, format: Format, frames: usize, given: &Given, each: &mut dyn FnMut(Vec<f32>) -> Result<()>) -> Result<()> {
    let frame = format.width * format.channels;
    let mut piece = vec![0; frame * frames];
    loop {
        let got = read_full(from, &mut piece).map_err(|e| given.unreadable(&e))?;
        let mono = piece[..got].chunks_exact(frame).map(|frame| {
            let sum: f32 = frame.chunks_exact(format.width).map(|sample| value(format.code, sample)).sum();
            sum / format.channels as f32
        });
        each(mono.collect())?;
        if got < piece.len() {
            return Ok(());
        }
    }
}

/// One sample in −1..1. Floats that are none, or far too loud, would poison every filter after us.
fn value(code: Code, bytes: &[u8]) -> f32 {
    match (code, bytes) {
        (Code::Integer, &[a]) => (f32::from(a) - 128.0) / 128.0,
        (Code::Integer, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
        (Code::Integer, &[a, b, c]) => (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0,
        (Code::Integer, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
        (Code::Float, &[a, b, c, d]) => sane(f32::from_le_bytes([a, b, c, d])),
        (Code::Float, &[a, b, c, d, e, f, g, h]) => sane(f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32),
        (Code::ALaw, &[a]) => a_law(a),
        (Code::MuLaw, &[a]) => mu_law(a),
        _ => 0.0, // parse_format admits no other width
    }
}

pub(super) fn sane(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }
}

/// ITU-T G.711: sign, three bits of exponent, four of mantissa, every second bit inverted.
fn a_law(byte: u8) -> f32 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (i32::from(byte >> 4 & 7), i32::from(byte & 15));
    let size = if exponent == 0 { mantissa << 4 | 8 } else { (mantissa << 4 | 0x108) << (exponent - 1) };
    (if byte & 0x80 != 0 { size } else { -size }) as f32 / 32_768.0
}

/// ITU-T G.711: as A-law, all bits inverted, with a bias of 132 taken off again.
fn mu_law(byte: u8) -> f32 {
    let byte = !byte;
    let (exponent, mantissa) = (i32::from(byte >> 4 & 7), i32::from(byte & 15));
    let size = (((mantissa << 3) | 0x84) << exponent) - 0x84;
    (if byte & 0x80 != 0 { -size } else { size }) as f32 / 32_768.0
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

/// Chunks begin at even places.
fn padded(bytes: u32) -> u64 {
    u64::from(bytes) + u64::from(bytes & 1)
}

/// Knows how far it has read.
struct Counted<'a> {
    from: &'a mut dyn Read,
    at: u64,
}

impl Counted<'_> {
    fn array<const N: usize>(&mut self, given: &Given) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, given)?;
        Ok(bytes)
    }

    /// The first bytes of a chunk, the rest of the array zero; the rest of the chunk is skipped.
    fn chunk<const N: usize>(&mut self, bytes: u32, given: &Given) -> Result<[u8; N]> {
        let mut kept = [0; N];
        let most = N.min(bytes as usize);
        self.fill(&mut kept[..most], given)?;
        self.skip(padded(bytes) - most as u64, given)?;
        Ok(kept)
    }

    fn fill(&mut self, into: &mut [u8], given: &Given) -> Result<()> {
        let got = read_full(self.from, into).map_err(|e| given.unreadable(&e))?;
        self.at += got as u64;
        if got < into.len() { Err(given.refuse("is a WAV file that ends before its sound begins")) } else { Ok(()) }
    }

    fn skip(&mut self, bytes: u64, given: &Given) -> Result<()> {
        let most = bytes.min(MOST_HEADER + 1);
        self.at += io::copy(&mut (&mut *self.from).take(most), &mut io::sink()).map_err(|e| given.unreadable(&e))?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "wav_tests.rs"]
mod tests;
