//! What is written is read back by hound, which knows nothing of our writer.

use std::{fs::File, sync::Arc, sync::Mutex};

use super::*;
use crate::{error::Kind, turn::Session};

fn turn() -> Turn {
    Session::new().turn()
}

fn ramp(rate: u32, samples: usize) -> Pcm {
    Pcm::new((0..samples).map(|n| n as f32 / samples as f32).collect::<Vec<_>>(), rate)
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_file_appears_whole_and_only_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.wav");
    let mut out = WavFile::create(&path).unwrap();
    out.play(&ramp(24_000, 1000), &turn()).unwrap();
    out.play(&ramp(24_000, 500), &turn()).unwrap();
    assert!(!path.exists());
    out.drain(&turn()).unwrap();
    assert_eq!(names(folder.path()), ["answer.wav"]);
    let mut read = hound::WavReader::open(&path).unwrap();
    assert_eq!((read.spec().sample_rate, read.spec().channels, read.len()), (24_000, 1, 1500));
    let samples: Vec<i16> = read.samples().map(Result::unwrap).collect();
    assert_eq!((samples[0], samples[500], samples[1250]), (0, 16_384, 16_384));
    assert!(out.play(&ramp(24_000, 1), &turn()).is_err());
    out.drain(&turn()).unwrap();
}

#[test]
fn whatever_stops_it_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.wav");
    fs::write(&path, "before").unwrap();
    let begun = || {
        let mut out = WavFile::create(&path).unwrap();
        out.play(&ramp(24_000, 1000), &turn()).unwrap();
        out
    };
    drop(begun());
    begun().hush();
    let stale = turn();
    stale.cancel();
    assert!(begun().drain(&stale).unwrap_err().is_stale());
    assert_eq!(names(folder.path()), ["answer.wav"]);
    assert_eq!(fs::read(&path).unwrap(), b"before");
}

#[test]
fn a_sound_of_another_rate_is_resampled_to_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.wav");
    let mut out = WavFile::create(&path).unwrap();
    for rate in [24_000, 22_050, 24_000, 48_000] {
        out.play(&ramp(rate, rate as usize), &turn()).unwrap();
    }
    out.drain(&turn()).unwrap();
    let read = hound::WavReader::open(&path).unwrap();
    assert_eq!((read.spec().sample_rate, read.len()), (24_000, 4 * 24_000));
}

#[test]
fn an_answer_of_nothing_is_an_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.wav");
    WavFile::create(&path).unwrap().drain(&turn()).unwrap();
    assert_eq!(hound::WavReader::open(&path).unwrap().len(), 0);
}

#[test]
fn places_where_no_file_can_be_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("no/such/folder.wav"), Path::new("/dev/null")] {
        let error = WavFile::create(path).err().unwrap();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("real.wav"), folder.path().join("link.wav"));
    fs::write(&path, "before").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    WavFile::create(&link).unwrap().drain(&turn()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().len(), HEADER as u64);
}

#[test]
fn a_full_disk_asks_for_room() {
    let mut out = WavStream::new(File::options().write(true).open("/dev/full").unwrap(), "full.wav");
    let error = out.play(&ramp(24_000, 10), &turn()).unwrap_err();
    assert_eq!(error.kind(), Kind::MakeRoom);
}

#[test]
fn a_stream_says_that_its_length_is_unknown_and_reads_back() {
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let shared = Shared::default();
    let mut out = WavStream::new(shared.clone(), "standard output");
    out.play(&ramp(24_000, 1000), &turn()).unwrap();
    out.drain(&turn()).unwrap();
    let bytes = shared.0.lock().unwrap().clone();
    assert_eq!((&bytes[4..8], &bytes[40..44]), ([0xff; 4].as_slice(), [0xff; 4].as_slice()));
    let source = crate::audio::load::Source::Stream { name: "-", bytes: Box::new(io::Cursor::new(bytes)) };
    let read = crate::audio::load::load(source, std::time::Duration::from_secs(9)).unwrap();
    assert_eq!((read.rate, read.samples.len()), (24_000, 1000));
}

#[test]
fn a_reader_that_left_ends_it_quietly() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let error = WavStream::new(writer, "standard output").play(&ramp(24_000, 9), &turn()).unwrap_err();
    assert_eq!(error.kind(), Kind::Stopped);
}

#[test]
fn samples_are_rounded_and_clipped() {
    assert_eq!([0.0, 1.0, -1.0, 9.0, -9.0, f32::NAN].map(sixteen), [0, 32_767, -32_767, 32_767, -32_768, 0]);
}
