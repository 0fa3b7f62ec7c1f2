//! WAV files of every make, good and bad, made here byte by byte or by hound.

use std::{io::Cursor, time::Duration};

use super::*;
use crate::{
    audio::load::{Source, load},
    error::{Kind, Result},
};

const LIMIT: Duration = Duration::from_secs(120);

fn from_bytes(bytes: &[u8]) -> Result<Pcm> {
    load(Source::Stream { name: "test.wav", bytes: Box::new(Cursor::new(bytes)) }, LIMIT)
}

fn from_file(bytes: &[u8]) -> Result<Pcm> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    load(Source::File(file.path()), LIMIT)
}

/// 16 kHz mono 16-bit, with whatever lengths the writer left in the header.
fn with_lengths(riff: u32, data: u32, samples: &[i16]) -> Vec<u8> {
    let mut bytes = [b"RIFF".as_slice(), &riff.to_le_bytes(), b"WAVEfmt ", &16u32.to_le_bytes()].concat();
    bytes.extend([1u16.to_le_bytes(), 1u16.to_le_bytes()].concat());
    bytes.extend([16_000u32.to_le_bytes(), 32_000u32.to_le_bytes()].concat());
    bytes.extend([2u16.to_le_bytes(), 16u16.to_le_bytes()].concat());
    bytes.extend([b"data".as_slice(), &data.to_le_bytes()].concat());
    bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    bytes
}

fn honest(samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    with_lengths(36 + data, data, samples)
}

/// What hound writes is what we read, whatever the shape.
#[test]
fn every_width_and_channel_count_is_read() {
    for (bits, format) in [
        (8, hound::SampleFormat::Int),
        (16, hound::SampleFormat::Int),
        (24, hound::SampleFormat::Int),
        (32, hound::SampleFormat::Int),
        (32, hound::SampleFormat::Float),
    ] {
        for (channels, rate) in [(1, 8_000), (2, 44_100), (6, 48_000), (3, 96_000)] {
            let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format: format };
            let mut bytes = Cursor::new(Vec::new());
            let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
            for n in 0..100 {
                // A ramp on the first channel, silence on the others.
                for channel in 0..channels {
                    let value = if channel == 0 { n as f32 / 100.0 } else { 0.0 };
                    match format {
                        hound::SampleFormat::Float => writer.write_sample(value).unwrap(),
                        hound::SampleFormat::Int => writer.write_sample((value * 2f32.powi(i32::from(bits) - 1)) as i32).unwrap(),
                    }
                }
            }
            writer.finalize().unwrap();
            let sound = from_bytes(bytes.get_ref()).unwrap();
            assert_eq!((sound.rate, sound.samples.len()), (rate, 100), "{bits} bits, {channels} channels");
            for (n, sample) in sound.samples.iter().enumerate() {
                let expected = n as f32 / 100.0 / f32::from(channels);
                assert!((sample - expected).abs() <= 1.0 / 127.0 / f32::from(channels), "{bits} bits, {channels} channels: {n}");
            }
        }
    }
}

#[test]
fn lengths_that_pipes_leave_behind_are_understood() {
    let samples = [1000i16; 500];
    for length in [0, 0x7fff_f000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_ffff - 36] {
        for bytes in [with_lengths(length, length, &samples), with_lengths(36, length, &samples)] {
            assert_eq!(from_bytes(&bytes).unwrap().samples.len(), 500, "from a pipe, {length:#x}");
            assert_eq!(from_file(&bytes).unwrap().samples.len(), 500, "from a file, {length:#x}");
        }
    }
}

#[test]
fn no_samples_are_an_empty_sound() {
    let mut trailed = honest(&[]);
    trailed.extend(b"LIST\x04\0\0\0abcd");
    trailed[4..8].copy_from_slice(&48u32.to_le_bytes());
    for bytes in [honest(&[]), trailed] {
        assert_eq!(from_file(&bytes).unwrap(), Pcm::new([], 16_000));
    }
    assert_eq!(from_bytes(&honest(&[])).unwrap(), Pcm::new([], 16_000));
}

#[test]
fn a_recording_that_was_cut_off_gives_what_is_there() {
    let mut bytes = honest(&[1000; 500]);
    bytes.truncate(bytes.len() - 301);
    assert_eq!(from_bytes(&bytes).unwrap().samples.len(), 349);
    assert_eq!(from_file(&bytes).unwrap().samples.len(), 349);
}

#[test]
fn what_was_cut_off_is_said_in_seconds() {
    let note = |bytes: &[u8]| {
        let source = Source::Stream { name: "test.wav", bytes: Box::new(Cursor::new(bytes)) };
        crate::audio::load::load_noting(source, LIMIT).unwrap().note
    };
    let whole = honest(&[1000; 32_000]);
    assert_eq!(note(&whole), None);
    assert_eq!(note(&whole[..whole.len() - 301]), None, "nobody hears 10 ms");
    assert_eq!(note(&whole[..whole.len() - 24_000]).unwrap(), "test.wav ends 0.8 s early: its header says 2.0 s");
    assert_eq!(note(&with_lengths(0, u32::MAX, &[1000; 500])), None, "from a pipe: nobody said how long it would be");
}

/// Gives its bytes, and panics when asked for more.
struct NoFurther(Cursor<Vec<u8>>);

impl Read for NoFurther {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.0.read(into)?;
        assert!(got > 0, "read beyond the header");
        Ok(got)
    }
}

#[test]
fn three_hours_are_refused_from_the_header() {
    let bytes = with_lengths(36 + 345_600_000, 345_600_000, &[]);
    let given = NoFurther(Cursor::new(bytes.clone()));
    let error = load(Source::Stream { name: "long.wav", bytes: Box::new(given) }, LIMIT).unwrap_err();
    assert_eq!(error.kind(), Kind::Replace);
    assert!(error.to_string().contains("long.wav is 180 minutes long"), "{error}");
    assert_eq!(from_file(&bytes).unwrap_err().kind(), Kind::Replace);
}

#[test]
fn a_stream_without_a_length_is_cut_short_by_the_limit() {
    let endless = Cursor::new(with_lengths(0, u32::MAX, &[])).chain(io::repeat(7));
    let error = load(Source::Stream { name: "-", bytes: Box::new(endless) }, Duration::from_secs(1)).unwrap_err();
    assert!(error.to_string().contains("at most 1 s"), "{error}");
}

#[test]
fn headers_that_make_no_sense_are_sentences() {
    let patched = |at: usize, with: &[u8]| {
        let mut bytes = honest(&[0; 100]);
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let cases = [
        (patched(20, &[85, 0]), "compressed"),
        (patched(22, &[0, 0]), "0 channels"),
        (patched(22, &[0xff, 0xff]), "65535 channels"),
        (patched(24, &[0; 4]), "0 samples a second"),
        (patched(24, &[0xff; 4]), "4294967295 samples a second"),
        (patched(32, &[7, 0]), "56 bits"),
        (patched(12, b"data"), "does not say what its samples are"),
        (patched(16, &[0xff, 0xff, 0xff, 0x7f]), "ends before its sound begins"),
        (honest(&[0; 9])[..30].to_vec(), "ends before its sound begins"),
    ];
    for (bytes, says) in cases {
        let error = from_bytes(&bytes).unwrap_err();
        assert!(error.kind() == Kind::Replace && error.to_string().contains(says), "{says}: {error}");
    }
}

#[test]
fn floats_that_are_no_numbers_become_silence() {
    assert_eq!([f32::NAN, f32::INFINITY, 3.0, -3.0, 0.5].map(sane), [0.0, 0.0, 1.0, -1.0, 0.5]);
}

/// Values out of the tables of ITU-T G.711.
#[test]
fn telephone_codes_follow_the_standard() {
    let scaled = |v: f32| (v * 32_768.0) as i32;
    assert_eq!([0xff, 0x80, 0x00, 0x7f].map(|b| scaled(mu_law(b))), [0, 32_124, -32_124, 0]);
    assert_eq!([0xd5, 0xaa, 0x2a, 0x55].map(|b| scaled(a_law(b))), [8, 32_256, -32_256, -8]);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200), keep in 0usize..60) {
        let mut bytes = honest(&[5; 50]);
        bytes.truncate(keep.max(12));
        bytes.extend(tail);
        let _ = from_bytes(&bytes);
    }
}
