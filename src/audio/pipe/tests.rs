//! Pipes within one process: their ends, their places, and files that somebody cuts off or leaves lying about.

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
fn files_are_private_and_gone_with_their_owner() {
    let Some((folder, place)) = shared() else { return };
    let run = folder.path().join("run");
    let writers = [(); 3].map(|()| Writer::create(&place, Name::Tts, 24_000, SECOND).unwrap());
    let mut names: Vec<_> = fs::read_dir(&run).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let pid = std::process::id();
    assert_eq!(names, [format!("tts-{pid}"), format!("tts-{pid}-1"), format!("tts-{pid}-2")]);
    for name in &names {
        let facts = fs::metadata(run.join(name)).unwrap();
        assert_eq!((facts.mode() & 0o777, facts.nlink()), (0o600, 1));
    }
    assert_eq!(fs::metadata(&run).unwrap().mode() & 0o777, 0o700);
    let seen = list(&place).unwrap();
    assert!(seen.len() == 3 && seen.iter().all(|s| s.alive && s.rate == 24_000 && !s.program.is_empty()), "{seen:?}");
    drop(writers);
    assert_eq!(list(&place).unwrap(), []);
    assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
}

#[test]
fn a_folder_that_others_could_enter_is_closed_to_them() {
    let Some((folder, _)) = shared() else { return };
    let run = folder.path().join("run");
    fs::set_permissions(&run, Permissions::from_mode(0o777)).unwrap();
    assert_eq!(place(&Paths::under(folder.path())).why_not(), None);
    assert_eq!(fs::metadata(&run).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn links_are_not_followed() {
    let Some((folder, place_of_another)) = shared() else { return };
    let writer = Writer::create(&place_of_another, Name::Mic, 16_000, SECOND).unwrap();
    let (run, other) = (folder.path().join("run"), folder.path().join("other"));
    fs::create_dir(&other).unwrap();
    symlink(&run, other.join("run")).unwrap();
    let linked = place(&Paths::under(&other));
    assert!(linked.why_not().is_some_and(|why| why.contains("link")), "{:?}", linked.why_not());
    fs::remove_file(other.join("run")).unwrap();
    let elsewhere = place(&Paths::under(&other));
    symlink(run.join(format!("mic-{}", std::process::id())), other.join("run/mic-1")).unwrap();
    assert_eq!(Tap::attach(&elsewhere, Name::Mic, None).err().unwrap().kind(), Kind::Reopen);
    drop(writer);
}

#[test]
fn without_tmpfs_sound_stays_in_memory_and_says_why() {
    let Ok(folder) = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")) else { return };
    let place = place(&Paths::under(folder.path()));
    if statfs(folder.path()).is_ok_and(|facts| facts.filesystem_type() != TMPFS_MAGIC) {
        assert!(place.why_not().unwrap().contains("not on tmpfs"));
        let writer = Writer::create(&place, Name::Mic, 16_000, SECOND).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("run")).unwrap().count(), 0);
        writer.write(&[0.5], Full::DropNewest).unwrap();
        assert_eq!(list(&place).unwrap_err().kind(), Kind::Reopen);
    }
}

/// The file of the only pipe there is.
fn file_of(folder: &TempDir) -> fs::File {
    let path = fs::read_dir(folder.path().join("run")).unwrap().next().unwrap().unwrap().path();
    OpenOptions::new().write(true).read(true).open(path).unwrap()
}

#[test]
fn a_file_that_is_cut_off_under_its_users_is_an_error_and_no_crash() {
    let Some((folder, place)) = shared() else { return };
    // From nothing left to all of the header and half of the sound.
    for length in [0, 4096, 50_000] {
        let writer = Writer::create(&place, Name::Tts, 24_000, SECOND).unwrap();
        let (mut reader, mut tap) = (writer.reader().unwrap(), Tap::attach(&place, Name::Tts, None).unwrap());
        let mut heard = Vec::new();
        writer.write(&numbers(0, 20_000), Full::DropNewest).unwrap();
        reader.read(&mut heard, 100, LONG).unwrap();
        file_of(&folder).set_len(length).unwrap();
        let cut = |error: Option<Error>| {
            let error = error.unwrap();
            assert!(error.kind() == Kind::Reopen && error.message().contains("cut off"), "{error}");
        };
        assert!(Tap::attach(&place, Name::Tts, None).is_err(), "its length is looked at first");
        cut((0..100).find_map(|_| reader.read(&mut heard, 1000, Duration::ZERO).err()));
        cut((0..100).find_map(|_| writer.write(&numbers(0, 1000), Full::DropNewest).err()));
        cut((0..100).find_map(|_| tap.read(&mut heard, 1000, LONG).err()));
    }
}

#[test]
fn what_is_no_pipe_is_not_used() {
    let Some((folder, place)) = shared() else { return };
    let run = folder.path().join("run");
    let name = format!("mic-{}", std::process::id());
    for content in [vec![], vec![0; 4096], vec![0xff; 8192], vec![0x7f; 4096 + 4 * 1024]] {
        fs::write(run.join(&name), content).unwrap();
        fs::set_permissions(run.join(&name), Permissions::from_mode(0o600)).unwrap();
        assert!(Tap::attach(&place, Name::Mic, None).is_err());
        assert!(list(&place).unwrap().iter().all(|seen| seen.alive), "this process lives: whatever it is, it stays");
    }
    fs::set_permissions(run.join(&name), Permissions::from_mode(0o666)).unwrap();
    assert!(Tap::attach(&place, Name::Mic, None).is_err());
    // The same under the number of a process that cannot exist is removed.
    fs::set_permissions(run.join(&name), Permissions::from_mode(0o600)).unwrap();
    fs::rename(run.join(&name), run.join("mic-4194304")).unwrap();
    drop(Writer::create(&place, Name::Tts, 24_000, SECOND).unwrap());
    assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
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
