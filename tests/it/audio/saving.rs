//! Speech into a file on a disk that is too small for it.

use xnai::{
    audio::{Speaker, save::WavFile},
    error::Kind,
    parcel::Pcm,
    turn::Session,
};

use crate::support::SmallDisk;

#[test]
fn a_full_disk_leaves_no_file_and_asks_for_room() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let turn = Session::new().turn();
    let mut out = WavFile::create(&disk.path().join("answer.wav")).unwrap();
    let minute = Pcm::new(vec![0.1; 60 * 24_000], 24_000);
    let error = out.play(&minute, &turn).and_then(|()| out.drain(&turn)).unwrap_err();
    assert_eq!(error.kind(), Kind::MakeRoom, "{error}");
    assert!(error.to_string().contains("answer.wav"), "{error}");
    drop(out);
    assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0);
}

#[test]
fn a_disk_that_is_full_only_at_the_very_end_is_noticed_too() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let turn = Session::new().turn();
    let mut out = WavFile::create(&disk.path().join("answer.wav")).unwrap();
    // Little enough to wait in memory, on a disk that somebody else fills meanwhile.
    out.play(&Pcm::new(vec![0.1; 1000], 24_000), &turn).unwrap();
    let _ = std::fs::write(disk.path().join("other"), vec![0; 1 << 20]);
    assert_eq!(out.drain(&turn).unwrap_err().kind(), Kind::MakeRoom);
    assert!(!disk.path().join("answer.wav").exists());
}
