//! Pipes within one process: what their ends do to each other, on tmpfs and in memory alike.

mod files;

use std::{
    env, fs,
    fs::{OpenOptions, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    thread,
    time::Duration,
};

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use tempfile::TempDir;

use super::*;
use crate::{error::Kind, os::paths::Paths, parcel::Pcm, turn::Session};

const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

/// A folder on tmpfs with a place for pipes in it.
fn shared() -> Option<(TempDir, Place)> {
    if !statfs("/dev/shm").is_ok_and(|facts| facts.filesystem_type() == TMPFS_MAGIC) {
        assert!(env::var_os("CI").is_none(), "/dev/shm is no tmpfs");
        eprintln!("skipped: /dev/shm is no tmpfs");
        return None;
    }
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let place = place(&Paths::under(folder.path()));
    assert_eq!(place.why_not(), None);
    Some((folder, place))
}

fn nowhere() -> Place {
    Place::clone(&place(&Paths::under(Path::new("/proc/no such folder"))))
}

fn alive() -> Result<()> {
    Ok(())
}

fn numbers(from: usize, to: usize) -> Vec<f32> {
    (from..to).map(|n| n as f32).collect()
}

/// A story that holds on tmpfs and in memory alike.
fn everywhere(story: impl Fn(&Place)) {
    story(&nowhere());
    if let Some((_folder, place)) = shared() {
        story(&place);
    }
}

#[test]
fn ten_million_samples_come_once_and_in_order() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Tts, 48_000, SECOND).unwrap();
        let mut reader = writer.reader().unwrap();
        const TOTAL: u32 = 10_000_000;
        let speaking = thread::spawn(move || {
            for from in (0..TOTAL).step_by(10_000) {
                let samples: Vec<f32> = (from..from + 10_000).map(|n| n as f32).collect();
                writer.write(&samples, Full::Wait(&alive)).unwrap();
            }
        });
        let (mut next, mut piece) = (0u32, Vec::new());
        loop {
            piece.clear();
            let read = reader.read(&mut piece, 4096, LONG).unwrap();
            for sample in &piece {
                assert_eq!(*sample, next as f32);
                next += 1;
            }
            assert!(read.missed == 0 && !read.discarded);
            if read.ended {
                break;
            }
        }
        speaking.join().unwrap();
        assert_eq!(next, TOTAL);
    });
}

#[test]
fn a_full_pipe_holds_the_writer_or_drops_what_does_not_fit() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Mic, 1000, SECOND).unwrap();
        let mut reader = writer.reader().unwrap();
        assert_eq!(writer.write(&numbers(0, 1500), Full::DropNewest).unwrap(), 1000);
        assert_eq!((writer.queued(), writer.written(), writer.played()), (1000, 1000, 0));
        let turn = Session::new().turn();
        thread::scope(|scope| {
            let voice = scope.spawn(|| writer.write(&numbers(1000, 3000), Full::Wait(&|| turn.alive())));
            let mut heard = Vec::new();
            while heard.len() < 2000 {
                reader.read(&mut heard, 100, LONG).unwrap();
            }
            assert_eq!(heard, numbers(0, 2000));
            assert!(writer.played() == 2000);
            turn.cancel();
            // Either it was quicker, or it was stopped.
            assert!(voice.join().unwrap().map_or_else(|e| e.is_stale(), |taken| taken == 2000));
        });
    });
}

#[test]
fn a_barge_in_discards_all_and_the_old_turn_writes_nothing_more() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Tts, 1000, SECOND).unwrap();
        let mut reader = writer.reader().unwrap();
        let (session, mut old_heard) = (Session::new(), 0);
        for round in 1..=50 {
            let (old, new) = (session.turn(), session.turn());
            let (dropped, before) = thread::scope(|scope| {
                let voice = scope.spawn(|| writer.write(&[-1.0; 5000], Full::Wait(&|| old.alive())));
                let mut heard = Vec::new();
                while heard.len() < round * 20 {
                    reader.read(&mut heard, 7, LONG).unwrap();
                }
                old.cancel();
                let dropped = writer.discard();
                assert!(voice.join().unwrap().unwrap_err().is_stale());
                (dropped, heard.len() as u64)
            });
            old_heard += before;
            assert!(dropped <= 1000 && writer.played() == old_heard, "round {round}");
            writer.write(&[round as f32; 10], Full::Wait(&|| new.alive())).unwrap();
            let mut heard = Vec::new();
            assert!(reader.read(&mut heard, 100, LONG).unwrap().discarded, "the reader is told");
            assert_eq!(heard, [round as f32; 10], "no sample of the old turn");
            old_heard += 10;
        }
    });
}

#[test]
fn what_is_held_waits_and_then_goes_on() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Tts, 1000, SECOND).unwrap();
        let mut reader = writer.reader().unwrap();
        writer.write(&numbers(0, 10), Full::DropNewest).unwrap();
        writer.hold(true);
        let mut heard = Vec::new();
        let read = reader.read(&mut heard, 100, Duration::from_millis(1)).unwrap();
        assert!(read.held && heard.is_empty());
        writer.hold(false);
        reader.read(&mut heard, 100, LONG).unwrap();
        assert_eq!(heard, numbers(0, 10));
    });
}

#[test]
fn another_rate_waits_for_the_sound_before_it() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Tts, 24_000, SECOND).unwrap();
        let (mut reader, mut tap) = (writer.reader().unwrap(), writer.tap().unwrap());
        let voice = thread::spawn(move || {
            for rate in [24_000, 22_050, 8000] {
                writer.play(&Pcm::new([rate as f32; 500], rate), &alive).unwrap();
            }
            writer.drain(&alive).unwrap();
        });
        let mut rates = Vec::new();
        loop {
            let (mut heard, mut overheard) = (Vec::new(), Vec::new());
            let read = reader.read(&mut heard, 333, LONG).unwrap();
            let also = tap.read(&mut overheard, 1000, Duration::ZERO).unwrap();
            assert!(heard.iter().all(|s| *s == read.rate as f32), "{heard:?} at {}", read.rate);
            assert!(overheard.iter().all(|s| *s == also.rate as f32), "{overheard:?} at {}", also.rate);
            if read.ended {
                break;
            }
            rates.push(read.rate);
        }
        rates.dedup();
        assert_eq!(rates, [24_000, 22_050, 8000]);
        voice.join().unwrap();
    });
}

#[test]
fn a_lapped_tap_counts_exactly() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Mic, 16_000, SECOND).unwrap();
        let mut tap = writer.tap().unwrap();
        for from in (0..100_000).step_by(1000) {
            writer.write(&numbers(from, from + 1000), Full::DropNewest).unwrap();
        }
        let mut heard = Vec::new();
        let read = tap.read(&mut heard, usize::MAX, Duration::ZERO).unwrap();
        assert_eq!((read.missed as usize + heard.len(), heard.len()), (100_000, 32_768));
        assert_eq!(heard, numbers(100_000 - 32_768, 100_000));
    });
}

#[test]
fn there_is_one_reader_and_taps_are_counted() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Tts, 24_000, SECOND).unwrap();
        let reader = writer.reader().unwrap();
        assert_eq!(writer.reader().err().unwrap().kind(), Kind::Retry);
        drop(reader);
        let taps: Vec<_> = (0..16).map(|_| writer.tap().unwrap()).collect();
        assert_eq!(writer.tap().err().unwrap().kind(), Kind::Retry);
        drop(taps);
        assert!(writer.reader().is_ok() && writer.tap().is_ok());
    });
}

#[test]
fn a_feeder_speaks_to_whoever_made_the_pipe() {
    let Some((_folder, place)) = shared() else { return };
    assert_eq!(Writer::attach(&place, Name::Feed, None).err().unwrap().kind(), Kind::Reopen);
    let mut ear = Reader::create(&place, Name::Feed, 16_000, SECOND).unwrap();
    let mut heard = Vec::new();
    assert_eq!(ear.read(&mut heard, 100, Duration::from_millis(1)).unwrap().samples, 0);
    for from in [0, 3] {
        let feeder = Writer::attach(&place, Name::Feed, Some(std::process::id())).unwrap();
        assert_eq!(Writer::attach(&place, Name::Feed, None).err().unwrap().kind(), Kind::Retry);
        feeder.write(&numbers(from, from + 2), Full::DropNewest).unwrap();
        feeder.write(&[f32::NAN], Full::DropNewest).unwrap();
        drop(feeder);
        heard.clear();
        let read = ear.read(&mut heard, 100, LONG).unwrap();
        assert!(read.ended || ear.read(&mut heard, 100, LONG).unwrap().ended, "the end is told");
        assert_eq!(heard, [from as f32, from as f32 + 1.0, 0.0]);
        // And once only: from here on it waits for the next one.
        assert_eq!(ear.read(&mut heard, 100, Duration::from_millis(1)).unwrap().samples, 0);
    }
    let feeder = Writer::attach(&place, Name::Feed, None).unwrap();
    drop(ear);
    assert_eq!(feeder.write(&[1.0], Full::DropNewest).unwrap_err().kind(), Kind::Reopen);
}

#[test]
fn a_tap_hears_what_the_reader_heard_and_nothing_of_what_was_discarded() {
    everywhere(|place| {
        let writer = Writer::create(place, Name::Tts, 1000, SECOND).unwrap();
        let (mut reader, mut tap) = (writer.reader().unwrap(), writer.tap().unwrap());
        let (mut heard, mut overheard) = (Vec::new(), Vec::new());
        for round in 0..5 {
            writer.write(&numbers(round * 100, round * 100 + 100), Full::DropNewest).unwrap();
            reader.read(&mut heard, 30, LONG).unwrap();
            assert_eq!(writer.discard(), 70);
        }
        drop(writer);
        while !tap.read(&mut overheard, 1000, LONG).unwrap().ended {}
        assert_eq!((overheard.len(), &overheard), (150, &heard));
        assert!(reader.read(&mut heard, 1000, LONG).unwrap().ended && heard.len() == 150);
    });
}
