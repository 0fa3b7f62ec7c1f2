//! A model file in, a reason to refuse it out: the sizes that whisper.cpp takes at their word.
//!
//! `models` walks a file from end to end before an engine may have it. This looks at what only this engine minds, in the
//! first kilobytes: numbers that end the process in whisper.cpp (1.8.3) instead of failing, and sizes that the file is
//! too short for, because room is made for what the header says.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use crate::error::{Error, Result, Room};

/// The letters "ggml" as a little-endian number.
const MAGIC: u32 = 0x6767_6d6c;
/// Words of the English-only models; multilingual ones have one more, large-v3 two.
const VOCABULARY: std::ops::RangeInclusive<u32> = 51_864..=51_866;
/// Frequencies of the spectrum that the mel filters are made of.
const SPECTRUM: u32 = 201;

/// Refuses what whisper.cpp would not survive.
pub fn check(path: &Path) -> Result<()> {
    let refused = |why: String| {
        Error::fetch(Room::Stt, format!("the speech model {} cannot be used: {why}", path.display()))
            .hint("run `xnai models verify`, or `xnai models pull` to fetch it again")
    };
    // Asked of the path, because opening a named pipe waits for its other end.
    let facts = path.metadata().map_err(|e| refused(format!("it cannot be opened: {e}")))?;
    if !facts.is_file() {
        return Err(refused("it is not a regular file".into()));
    }
    let numbers = read(path).map_err(|e| refused(format!("it cannot be read: {e}")))?;
    verdict(numbers, facts.len()).map_err(refused)
}

/// Magic, eleven sizes, the shape of the mel filters, and the number of words behind them.
type Numbers = [u32; 15];

fn read(path: &Path) -> std::io::Result<Numbers> {
    let mut file = File::open(path)?;
    let mut bytes = [0; 60];
    file.read_exact(&mut bytes[..56])?;
    let mut numbers = Numbers::default();
    decode(&bytes, &mut numbers);
    file.seek(SeekFrom::Current(i64::from(numbers[12]).saturating_mul(i64::from(numbers[13])).saturating_mul(4)))?;
    file.read_exact(&mut bytes[56..])?;
    decode(&bytes, &mut numbers);
    Ok(numbers)
}

fn decode(bytes: &[u8; 60], numbers: &mut Numbers) {
    for (number, four) in numbers.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *number = u32::from_le_bytes(*four);
    }
}

fn verdict(numbers: Numbers, size: u64) -> std::result::Result<(), String> {
    let [magic, vocabulary, audio_ctx, width, audio_heads, audio_layers, text_ctx, text_width, text_heads, text_layers, mels, kind, ..] =
        numbers;
    let [.., filters, spectrum, words] = numbers;
    let heads = |n: u32| (1..=64).contains(&n) && width.is_multiple_of(n);
    let kind = kind % 1000; // the thousands count versions of the quantisation
    let bits = bits(kind, width);
    let holds = [
        ("is no Whisper model", magic == MAGIC),
        ("has an odd vocabulary", VOCABULARY.contains(&vocabulary) && (1..=vocabulary).contains(&words)),
        ("has an odd window", (1..=1500).contains(&audio_ctx) && (16..=448).contains(&text_ctx)),
        ("has an odd width", (32..=2048).contains(&width) && text_width == width),
        ("has an odd number of heads", heads(audio_heads) && heads(text_heads)),
        ("has an odd number of layers", (1..=64).contains(&audio_layers) && (1..=64).contains(&text_layers)),
        ("has odd mel filters", matches!(mels, 80 | 128) && filters == mels && spectrum == SPECTRUM),
        ("has weights of an unknown type", bits.is_some()),
    ];
    if let Some((fault, _)) = holds.iter().find(|(_, holds)| !holds) {
        return Err(format!("it {fault}"));
    }
    let (d, encoder, decoder) = (u64::from(width), u64::from(audio_layers), u64::from(text_layers));
    let matrices = (12 * encoder + 16 * decoder) * d * d + u64::from(vocabulary) * d;
    let least = matrices / 8 * bits.unwrap_or(2);
    if size < least { Err(format!("it has {size} bytes and needs at least {least}: it is incomplete")) } else { Ok(()) }
}

/// Bits that a weight has at least, for the types that whisper.cpp's files come in; rows must be whole blocks.
fn bits(kind: u32, width: u32) -> Option<u64> {
    let (bits, block) = match kind {
        0 => (32, 1),
        1 => (16, 1),
        2 | 3 => (4, 32),
        7 => (8, 32),
        8 | 9 => (5, 32),
        10..=14 => (2, 256),
        _ => return None,
    };
    width.is_multiple_of(block).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tiny.en in 16 bits.
    const TINY: Numbers = [MAGIC, 51_864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1, 80, 201, 50_257];
    const SIZE: u64 = 77_704_715;

    #[test]
    fn the_published_sizes_are_taken() {
        assert_eq!(verdict(TINY, SIZE), Ok(()));
        let large = [MAGIC, 51_866, 1500, 1280, 20, 32, 448, 1280, 20, 4, 128, 2008, 128, 201, 50_257];
        assert_eq!(verdict(large, 574_041_195), Ok(()));
    }

    #[test]
    fn any_one_number_made_absurd_is_refused() {
        for place in 0..TINY.len() {
            for value in [0, 1 << 20, u32::MAX] {
                let mut numbers = TINY;
                numbers[place] = value;
                // Zero is a type of weights (32 bits), for which this file is too short.
                assert!(verdict(numbers, SIZE).is_err(), "{place}: {value}");
            }
        }
    }

    #[test]
    fn a_file_without_its_weights_is_refused() {
        assert!(verdict(TINY, 586_836).is_err_and(|why| why.contains("incomplete")));
    }
}
