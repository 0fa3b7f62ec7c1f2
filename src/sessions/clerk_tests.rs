//! Disks that are slow, stand still or are full, and programs that end in the middle.

use super::*;
use crate::{
    parcel::{Piece, Transcript},
    pipeline::news::{Notice, Origin},
    sessions::{Ending, Sessions},
};

struct Rig {
    _root: tempfile::TempDir,
    paths: Paths,
    clerk: Clerk,
    sequence: u64,
}

impl Rig {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::under(root.path());
        let (clerk, _) = Clerk::begin(&paths, &Settings::default(), Vec::new(), None).unwrap();
        Self { _root: root, paths, clerk, sequence: 0 }
    }

    fn kept(&self) -> Vec<(String, String, Ending)> {
        let past = Sessions::open(&self.paths).load("last").unwrap();
        past.entries.into_iter().map(|e| (e.question, e.answer, e.ended)).collect()
    }

    fn tell(&mut self, notice: Notice) -> Option<Error> {
        tell(&mut self.clerk, self.sequence, notice)
    }
}

fn tell(clerk: &mut Clerk, sequence: u64, notice: Notice) -> Option<Error> {
    let turn = TurnId { session: 1, sequence, revision: 0 };
    clerk.hear(&Told { at: Instant::now(), news: News::Turn(turn, notice) })
}

/// A typed question that is answered whole.
fn exchange(clerk: &mut Clerk, sequence: u64, question: &str) -> Option<Error> {
    clerk.asked(question);
    tell(clerk, sequence, Notice::Began(Origin::Typed));
    tell(clerk, sequence, Notice::Piece(Piece { text: "Yes.".into() }));
    tell(clerk, sequence, Notice::Done)
}

#[test]
fn whoever_hands_over_does_not_wait_for_the_disk_and_the_end_does() {
    let (open, gate) = sync_channel::<()>(0);
    let (did, done) = sync_channel(16);
    let work = move |job| {
        gate.recv().unwrap();
        if let Job::Keep(_, entry) = job {
            did.send(entry.question).unwrap();
        }
        None
    };
    let mut clerk = Clerk::over(work).unwrap();
    for (n, question) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(exchange(&mut clerk, n as u64 + 1, question), None, "with a disk that stands still");
    }
    assert!(done.try_recv().is_err());
    clerk.settle(Duration::from_millis(1));
    let disk = thread::spawn(move || (0..3).for_each(|_| open.send(()).unwrap()));
    assert_eq!(clerk.finish(), None);
    disk.join().unwrap();
    assert_eq!(done.try_iter().collect::<Vec<_>>(), ["a", "b", "c"], "all of it was written before the end");
}

#[test]
fn a_disk_that_stands_still_is_said_and_keeps_nobody_for_ever() {
    let (open, gate) = sync_channel::<()>(0);
    let work = move |_| {
        let _ = gate.recv();
        None
    };
    let mut clerk = Clerk::over(work).unwrap();
    clerk.patience = (Duration::from_millis(20), Duration::from_millis(20));
    let told = (1..=QUEUE as u64 + 2).filter_map(|n| exchange(&mut clerk, n, "a")).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "one is at hand, so many wait, and the next is lost");
    assert!(told[0].to_string().contains("not kept"), "{}", told[0]);
    let left = clerk.finish().unwrap().to_string();
    assert!(left.contains("257 exchanges"), "{left}");
    drop(open);
    clerk.settle(Duration::from_secs(60));
}

#[test]
fn whoever_leaves_in_the_middle_of_an_answer_finds_it_again() {
    let mut rig = Rig::new();
    exchange(&mut rig.clerk, 1, "first");
    rig.sequence = 2;
    rig.tell(Notice::Began(Origin::Key));
    rig.tell(Notice::Transcript(Transcript { text: "second".into(), ..Transcript::default() }));
    rig.tell(Notice::Piece(Piece { text: "It".into() }));
    rig.clerk.asked("never begun");
    assert!(rig.clerk.is_open());
    assert_eq!(rig.clerk.finish(), None);
    let row = |question: &str, answer: &str, ended| (question.to_owned(), answer.to_owned(), ended);
    let expected =
        [row("first", "Yes.", Ending::Whole), row("second", "It", Ending::Interrupted), row("never begun", "", Ending::Interrupted)];
    assert_eq!(rig.kept(), expected);
    assert!(Sessions::open(&rig.paths).load("last").unwrap().history().len() == 2, "a question alone is no past for a model");
}

#[test]
fn a_last_word_keeps_a_question_that_was_cut_off_before_its_answer() {
    let mut rig = Rig::new();
    rig.clerk.asked("why?");
    rig.tell(Notice::Began(Origin::Typed));
    rig.clerk.leave();
    rig.tell(Notice::Interrupted { heard: String::new() });
    assert!(!rig.clerk.is_open());
    drop(std::mem::replace(&mut rig.clerk, Rig::new().clerk));
    assert_eq!(rig.kept(), [("why?".into(), String::new(), Ending::Interrupted)]);
}

#[test]
fn wishes_are_done_in_their_order_and_answered() {
    let mut rig = Rig::new();
    exchange(&mut rig.clerk, 1, "first");
    rig.clerk.wish(Wish::Anew).unwrap();
    exchange(&mut rig.clerk, 2, "second");
    rig.clerk.settle(Duration::from_secs(60));
    let first = Sessions::open(&rig.paths).ids().unwrap()[0].clone();
    rig.clerk.wish(Wish::Resume(first.to_string())).unwrap();
    exchange(&mut rig.clerk, 3, "third");
    rig.clerk.wish(Wish::Export(Some("/nowhere/at all.md".into()))).unwrap();
    rig.clerk.settle(Duration::from_secs(60));
    let replies = rig.clerk.replies();
    assert!(matches!(&replies[..], [Reply::Anew(Ok(())), Reply::Resumed(Ok((_, None))), Reply::Exported(Err(_))]), "{replies:?}");
    let questions =
        |id: &str| -> Vec<String> { Sessions::open(&rig.paths).load(id).unwrap().entries.into_iter().map(|e| e.question).collect() };
    assert_eq!(questions(first.as_str()), ["first", "third"]);
}

#[test]
fn what_the_disk_refuses_is_told_once() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("data"), "in the way").unwrap();
    let (mut clerk, _) = Clerk::begin(&Paths::under(root.path()), &Settings::default(), Vec::new(), None).unwrap();
    exchange(&mut clerk, 1, "a");
    exchange(&mut clerk, 2, "b");
    clerk.settle(Duration::from_secs(60));
    assert!(matches!(&clerk.replies()[..], [Reply::Trouble(e)] if e.to_string().contains("not being saved")));
}
