//! A WAV stream as it comes out of a pipe: 16-bit mono, its length unknown until it ends.

use crate::error::{Error, Result, Room};

/// More than this before the samples begin is no header.
const LONGEST_HEADER: usize = 4096;

/// Bytes in, samples out.
#[derive(Debug, Default)]
pub struct Stream {
    bytes: Vec<u8>,
    rate: Option<u32>,
}

impl Stream {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        if self.rate.is_none() && !self.bytes.is_empty() {
            if let Some((rate, start)) = header(&self.bytes)? {
                self.rate = Some(rate);
                self.bytes.drain(..start);
            } else if self.bytes.len() > LONGEST_HEADER || bytes.is_empty() {
                return Err(unusable("it ends before its sound begins"));
            }
        }
        Ok(())
    }

    /// Hz; 0 before the header is complete.
    pub fn rate(&self) -> u32 {
        self.rate.unwrap_or(0)
    }

    /// Whole samples that can be taken.
    pub fn ready(&self) -> usize {
        if self.rate.is_some() { self.bytes.len() / 2 } else { 0 }
    }

    /// The next `count` samples, as many as there are.
    pub fn take(&mut self, count: usize) -> Vec<f32> {
        let bytes = self.bytes.drain(..count.min(self.ready()) * 2).collect::<Vec<_>>();
        bytes.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0).collect()
    }
}

/// Sample rate and where the samples begin; `None` while there is too little to tell.
fn header(bytes: &[u8]) -> Result<Option<(u32, usize)>> {
    let word = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    if bytes.len() < 12 {
        return Ok(None);
    }
    if &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err(unusable("it does not begin like one"));
    }
    let (mut at, mut rate) = (12, None);
    while let Some(size) = word(at + 4) {
        let body = at + 8;
        match (&bytes[at..at + 4], rate) {
            (b"data", Some(rate)) => return Ok(Some((rate, body))),
            (b"data", None) => return Err(unusable("its format is missing")),
            (b"fmt ", _) => match (word(body), word(body + 4), word(body + 12)) {
                // PCM, one channel; rate; two bytes a frame, 16 bits a sample.
                (Some(0x0001_0001), Some(hz @ 1..), Some(0x0010_0002)) => rate = Some(hz),
                (Some(_), Some(_), Some(_)) => return Err(unusable("it is not 16-bit mono")),
                _ => return Ok(None),
            },
            _ => {}
        }
        at = body.saturating_add(size as usize).saturating_add(size as usize % 2);
    }
    Ok(None)
}

fn unusable(why: &str) -> Error {
    Error::fetch(Room::Tts, format!("the voice gave no WAV sound that can be used: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As espeak-ng writes it: the sizes are not known yet and say 2 GB.
    fn stream(bits: u8) -> Vec<u8> {
        let mut bytes = b"RIFF\x24\xf0\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0".to_vec();
        bytes.extend([bits, 0]);
        bytes.extend(b"data\x00\xf0\xff\x7f");
        bytes.extend([0x00, 0x40, 0x00, 0xc0]);
        bytes
    }

    #[test]
    fn it_is_read_byte_by_byte() {
        let mut wav = Stream::default();
        stream(16).iter().for_each(|&b| wav.push(&[b]).unwrap());
        assert_eq!((wav.rate(), wav.ready()), (22_050, 2));
        assert_eq!(wav.take(9), [0.5, -0.5]);
    }

    #[test]
    fn other_formats_and_no_formats_are_refused() {
        assert!(Stream::default().push(&stream(8)).unwrap_err().to_string().contains("16-bit mono"));
        assert!(Stream::default().push(b"hello, I am text").is_err());
        let mut short = Stream::default();
        short.push(&stream(16)[..30]).unwrap();
        assert!(short.push(&[]).is_err());
    }

    #[test]
    fn nothing_at_all_is_silence() {
        let mut wav = Stream::default();
        wav.push(&[]).unwrap();
        assert_eq!(wav.ready(), 0);
    }
}
