//! Plain text in whatever encoding it was saved.

use super::{Extract, Extracted, Skip};

pub struct Text;

impl Extract for Text {
    fn kind(&self) -> &'static str {
        "txt"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["txt", "text", "rst", "org", "adoc", "log", ""]
    }

    fn extract(&self, bytes: &[u8]) -> Result<Extracted, Skip> {
        let text = decode(bytes)?;
        Ok(Extracted { body: 0..text.len(), text, ..Extracted::default() })
    }
}

/// UTF-16 by its mark, else UTF-8, else Latin-1, which every byte sequence is. Zero bytes mean it is no text.
pub fn decode(bytes: &[u8]) -> Result<String, Skip> {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|b| read(*b)).collect();
        String::from_utf16_lossy(&units)
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ if bytes.contains(&0) => return Err(Skip("it is binary".into())),
        _ => String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|b| char::from(*b)).collect()),
    };
    let odd = text.chars().filter(|c| (c.is_control() && !c.is_whitespace()) || *c == char::REPLACEMENT_CHARACTER).count();
    match text.chars().count() {
        _ if text.trim().is_empty() => Err(Skip("it is empty".into())),
        // Random bytes read as Latin-1 are a quarter control characters; text has next to none.
        all if odd * 20 > all => Err(Skip("it is binary".into())),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_encoding_gives_the_same_words() {
        let utf16le: Vec<u8> = [0xff, 0xfe].into_iter().chain("héllo".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let utf16be: Vec<u8> = [0xfe, 0xff].into_iter().chain("héllo".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for bytes in ["héllo".as_bytes(), b"\xef\xbb\xbfh\xc3\xa9llo", b"h\xe9llo", &utf16le, &utf16be] {
            assert_eq!(decode(bytes).as_deref(), Ok("héllo"), "{bytes:?}");
        }
    }

    #[test]
    fn binary_and_empty_files_are_named_so() {
        assert_eq!(decode(b"\x7fELF\0\0"), Err(Skip("it is binary".into())));
        let noise: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).map(|b| b.max(1)).collect();
        assert_eq!(decode(&noise), Err(Skip("it is binary".into())));
        assert_eq!(decode(b" \n\t"), Err(Skip("it is empty".into())));
    }
}
