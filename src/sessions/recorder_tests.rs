//! What is on the disk after each exchange, whatever the disk does.

use super::*;
use crate::{error::Kind, sessions::Conversation};

struct Desk {
    root: tempfile::TempDir,
    paths: Paths,
    settings: Settings,
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { paths: Paths::under(root.path()), root, settings: Settings::default() }
    }

    fn start(&self) -> Recorder {
        Recorder::start(&self.paths, &self.settings, &[("ear".into(), "base.en".into())]).unwrap()
    }

    fn last(&self) -> Conversation {
        Sessions::open(&self.paths).load("last").unwrap()
    }

    fn files(&self) -> usize {
        Sessions::open(&self.paths).ids().unwrap().len()
    }
}

fn entry(question: &str) -> Entry {
    Entry { at: jiff::Timestamp::now(), question: question.into(), answer: "Yes.".into(), ..Entry::default() }
}

fn questions(conversation: &Conversation) -> Vec<&str> {
    conversation.entries.iter().map(|e| e.question.as_str()).collect()
}

#[test]
fn every_exchange_is_there_before_the_next_one_begins() {
    let desk = Desk::new();
    let mut recorder = desk.start();
    assert!(recorder.id().is_none() && !desk.root.path().join("data").exists(), "nothing was said: nothing is there");
    for said in ["a", "b", "c"] {
        recorder.record(&entry(said)).unwrap();
        assert_eq!(questions(&desk.last()).last(), Some(&said));
    }
    let kept = desk.last();
    assert_eq!((questions(&kept), kept.damaged, desk.files()), (vec!["a", "b", "c"], 0, 1));
    assert_eq!(kept.models, [("ear".to_owned(), "base.en".to_owned())]);
    assert_eq!(Some(&kept.id), recorder.id());
}

#[test]
fn only_the_owner_may_look() {
    let desk = Desk::new();
    let folder = desk.paths.data.join("sessions");
    DirBuilder::new().recursive(true).mode(0o755).create(&folder).unwrap();
    desk.start().record(&entry("a")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(desk.last().id.file_name())), 0o600);
}

#[test]
fn when_sessions_are_off_nothing_is_written() {
    let desk = Desk { settings: Settings { save: false, keep: 0 }, ..Desk::new() };
    let mut recorder = desk.start();
    recorder.record(&entry("a")).unwrap();
    assert!(recorder.id().is_none());
    assert_eq!(fs::read_dir(desk.root.path()).unwrap().count(), 0);
}

#[test]
fn trouble_is_told_once_and_nothing_is_lost_when_it_passes() {
    let desk = Desk::new();
    fs::write(desk.root.path().join("data"), "in the way").unwrap();
    let mut recorder = desk.start();
    let error = recorder.record(&entry("a")).unwrap_err();
    assert!(error.to_string().contains("this conversation is not being saved"), "{error}");
    recorder.record(&entry("b")).unwrap();
    fs::remove_file(desk.root.path().join("data")).unwrap();
    recorder.record(&entry("c")).unwrap();
    assert_eq!(questions(&desk.last()), ["a", "b", "c"]);
    // The next trouble is news again.
    fs::remove_dir_all(&desk.paths.data).unwrap();
    fs::write(desk.root.path().join("data"), "in the way").unwrap();
    assert!(recorder.record(&entry("d")).is_err());
}

#[test]
fn no_more_than_so_many_wait_for_the_disk() {
    let desk = Desk::new();
    fs::write(desk.root.path().join("data"), "in the way").unwrap();
    let mut recorder = desk.start();
    for n in 0..WAITING + 10 {
        let _ = recorder.record(&entry(&n.to_string()));
    }
    fs::remove_file(desk.root.path().join("data")).unwrap();
    recorder.record(&entry("last")).unwrap();
    let kept = desk.last();
    assert_eq!((kept.entries.len(), kept.entries[0].question.as_str()), (WAITING, "11"));
}

#[test]
fn a_conversation_taken_up_again_is_one_conversation() {
    let desk = Desk::new();
    desk.start().record(&entry("a")).unwrap();
    let id = desk.last().id;
    let path = Sessions::open(&desk.paths).path(&id);
    // Half a line of a program that was killed stays between.
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"{\"line\":\"exch"].concat()).unwrap();
    let mut recorder = Recorder::resume(&desk.paths, &desk.settings, &[("ear".into(), "small".into())], &id).unwrap();
    assert_eq!(questions(&desk.last()), ["a"]);
    recorder.record(&entry("b")).unwrap();
    let kept = desk.last();
    assert_eq!((questions(&kept), kept.damaged, desk.files()), (vec!["a", "b"], 1, 1));
    assert_eq!(kept.models[0].1, "small");
}

#[test]
fn two_programs_do_not_write_one_conversation() {
    let desk = Desk::new();
    let mut first = desk.start();
    first.record(&entry("a")).unwrap();
    let refused = Recorder::resume(&desk.paths, &desk.settings, &[], first.id().unwrap()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Retry);
    let id = first.id().unwrap().clone();
    drop(first);
    Recorder::resume(&desk.paths, &desk.settings, &[], &id).unwrap();
}

#[test]
fn conversations_of_the_same_instant_have_files_of_their_own() {
    let desk = Desk::new();
    let (mut first, mut second) = (desk.start(), desk.start());
    second.begin.at = first.begin.at;
    first.record(&entry("a")).unwrap();
    second.record(&entry("b")).unwrap();
    assert_ne!(first.id(), second.id());
    assert_eq!((desk.files(), Sessions::open(&desk.paths).list().unwrap().len()), (2, 2));
}

#[test]
fn the_oldest_go_when_more_are_kept_than_wanted() {
    let desk = Desk { settings: Settings { save: true, keep: 2 }, ..Desk::new() };
    let mut held = desk.start();
    held.record(&entry("held")).unwrap();
    for said in ["a", "b", "c"] {
        desk.start().record(&entry(said)).unwrap();
    }
    let list = Sessions::open(&desk.paths).list().unwrap();
    let firsts: Vec<_> = list.iter().map(|s| s.first_question.as_str()).collect();
    assert_eq!(firsts, ["c", "b", "held"], "the two newest, and the one that is being written");
}

#[test]
fn what_no_list_shows_goes_with_the_next_session_unless_it_is_being_written() {
    let desk = Desk::new();
    let withdrawn = || {
        let (mut recorder, question) = (desk.start(), entry("not meant"));
        let at = question.at;
        recorder.write(&Line::Question(question)).unwrap();
        recorder.write(&Line::Withdrawn { at }).unwrap();
        recorder
    };
    let held = withdrawn();
    drop(withdrawn());
    assert_eq!(desk.files(), 2);
    let mut meant = desk.start();
    meant.record(&entry("meant")).unwrap();
    let left = Sessions::open(&desk.paths).ids().unwrap();
    assert_eq!(left, [held.id().unwrap().clone(), meant.id().unwrap().clone()]);
}

#[test]
fn a_file_removed_by_hand_is_begun_anew() {
    let desk = Desk::new();
    let mut recorder = desk.start();
    recorder.record(&entry("a")).unwrap();
    fs::remove_file(Sessions::open(&desk.paths).path(recorder.id().unwrap())).unwrap();
    recorder.record(&entry("b")).unwrap();
    let kept = desk.last();
    assert_eq!((questions(&kept), kept.models.len()), (vec!["b"], 1));
}
