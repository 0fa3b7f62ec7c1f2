//! Whatever is given as a sound file: the sound, or one sentence.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Cursor,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use proptest::prelude::*;
use xnai::{
    audio::load::{Source, load},
    error::{Error, Kind, Result},
    parcel::Pcm,
};

const LIMIT: Duration = Duration::from_secs(120);

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio").join(name)
}

fn file(path: &Path) -> Result<Pcm> {
    load(Source::File(path), LIMIT)
}

fn stream(bytes: &[u8], limit: Duration) -> Result<Pcm> {
    load(Source::Stream { name: "standard input", bytes: Box::new(Cursor::new(bytes)) }, limit)
}

/// A refusal is one sentence of a line, with the remedy of a bad file.
fn refused(path: &Path, says: &str) -> Error {
    let error = file(path).expect_err("it was taken");
    assert_eq!(error.kind(), Kind::Replace, "{error}");
    assert!(error.to_string().contains(says) && !error.to_string().contains('\n'), "expected {says:?}: {error}");
    error
}

/// How often the sound crosses zero upwards in a second: the frequency of a pure tone.
fn hertz(sound: &Pcm) -> f64 {
    let crossings = sound.samples.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
    crossings as f64 / sound.duration().as_secs_f64()
}

#[test]
fn flac_and_ogg_are_read_from_files_and_pipes() {
    for name in ["tone.flac", "tone.ogg"] {
        let bytes = fs::read(data(name)).unwrap();
        for sound in [file(&data(name)).unwrap(), stream(&bytes, LIMIT).unwrap()] {
            assert_eq!((sound.rate, sound.samples.len()), (22_050, 11_025), "{name}");
            assert!((hertz(&sound) - 440.0).abs() < 5.0, "{name}: {}", hertz(&sound));
            let loudest = sound.samples.iter().fold(0.0f32, |most, s| most.max(s.abs()));
            assert!((loudest - 0.5).abs() < 0.03, "{name}: {loudest}");
        }
    }
}

#[test]
fn flac_and_ogg_longer_than_the_limit_are_refused() {
    for name in ["tone.flac", "tone.ogg"] {
        let bytes = fs::read(data(name)).unwrap();
        let limit = Duration::from_millis(300);
        for result in [load(Source::File(&data(name)), limit), stream(&bytes, limit)] {
            assert_eq!(result.unwrap_err().kind(), Kind::Replace, "{name}");
        }
    }
}

#[test]
fn a_shortened_file_gives_what_can_be_heard() {
    let bytes = fs::read(data("tone.flac")).unwrap();
    let heard = stream(&bytes[..bytes.len() * 3 / 4], LIMIT).unwrap();
    assert!((1..11_025).contains(&heard.samples.len()), "{}", heard.samples.len());
    for name in ["tone.flac", "tone.ogg"] {
        let error = stream(&fs::read(data(name)).unwrap()[..50], LIMIT).unwrap_err();
        assert_eq!(error.kind(), Kind::Replace, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn flipped_bits_are_no_crash(ogg in any::<bool>(), flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..20)) {
        let mut bytes = fs::read(data(if ogg { "tone.ogg" } else { "tone.flac" })).unwrap();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Err(error) = stream(&bytes, LIMIT) {
            prop_assert_eq!(error.kind(), Kind::Replace);
        }
    }
}

#[test]
fn what_is_no_sound_file_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    refused(&folder.path().join("missing.wav"), "missing.wav failed: no such file or directory");
    refused(folder.path(), "is a folder");
    refused(Path::new("/dev/zero"), "is a device");
    refused(&at("empty.wav", b""), "empty.wav is empty");
    refused(&at("notes.wav", b"Buy milk.\nCall mother.\n"), "is no sound file");
    refused(&at("song.mp3", b"ID3\x04\0\0\0\0\0\0\0\0\0\0"), "is MP3");
    refused(&at("cut.wav", b"RIFF\0\0\0\0WAVEfm"), "ends before its sound begins");
    let random: Vec<u8> = (0..10_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused(&at("random.wav", &random), "is no sound file");
}

#[test]
fn a_pipe_without_a_writer_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link.wav"));
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink(&pipe, &link).unwrap();
    for path in [pipe, link] {
        assert!(refused(&path, "is a pipe").remedy().is_some_and(|hint| hint.contains('-')));
    }
}

#[test]
fn huge_files_are_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.wav");
    let sparse = File::create(&path).unwrap();
    sparse.set_len(1 << 40).unwrap();
    refused(&path, "is no sound file");
    // A terabyte that begins like a WAV from a pipe: its length is the file's.
    let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    head.extend([16_000u32.to_le_bytes(), 32_000u32.to_le_bytes()].concat());
    head.extend(b"\x02\0\x10\0data\xff\xff\xff\xff");
    std::os::unix::fs::FileExt::write_at(&sparse, &head, 0).unwrap();
    refused(&path, "at most 120 s");
    // And one whose header never ends.
    std::os::unix::fs::FileExt::write_at(&sparse, b"junk\xff\xff\xff\xff", 12).unwrap();
    refused(&path, "without sound in its first 16 MiB");
}

#[test]
fn names_that_are_no_text_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"fr\xe4ge.flac"));
    fs::copy(data("tone.flac"), &path).unwrap();
    assert_eq!(file(&path).unwrap().samples.len(), 11_025);
}

#[test]
fn a_file_that_may_not_be_read_is_a_sentence() {
    if nix::unistd::geteuid().is_root() {
        println!("skipped: root may read everything");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.flac");
    fs::copy(data("tone.flac"), &path).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    refused(&path, "permission denied");
}
