//! The files of pipes: whose they are, where they may lie, and what becomes of those that are cut off or are none.

use super::*;

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
