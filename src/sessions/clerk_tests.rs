//! Disks that are slow, stand still or are full, and programs that end in the middle.

use super::*;
use crate::{
    parcel::{Piece, Transcript},
    pipeline::news::{Doing, News, Notice, Origin},
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

    /// What goes on has changed: a step of the conductor is over.
    fn step_over(&mut self) {
        assert!(self.clerk.hear(&Told { at: Instant::now(), news: News::Doing(Doing::default()) }).is_none());
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
fn words_that_were_never_asked_are_not_on_the_disk() {
    let mut rig = Rig::new();
    for last in [Notice::Drafted("secret".into()), Notice::Done] {
        rig.sequence += 1;
        rig.tell(Notice::Began(Origin::Key));
        rig.tell(Notice::Transcript(Transcript { text: "secret".into(), ..Transcript::default() }));
        rig.tell(last);
        rig.step_over();
    }
    assert!(rig.clerk.finish().is_empty());
    assert!(Sessions::open(&rig.paths).ids().unwrap().is_empty());
}

#[test]
fn whoever_hands_over_does_not_wait_for_the_disk_and_the_end_does() {
    let (open, gate) = sync_channel::<()>(0);
    let (did, done) = sync_channel(16);
    let work = move |job| {
        gate.recv().unwrap();
        if let Job::Keep(_, line) = job
            && let Line::Exchange(entry) = *line
        {
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
    let disk = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        (0..6).for_each(|_| open.send(()).unwrap());
    });
    clerk.patience.last = Duration::from_secs(60);
    assert!(clerk.finish().is_empty());
    assert_eq!(done.try_iter().collect::<Vec<_>>(), ["a", "b", "c"], "all of it was written before the end");
    disk.join().unwrap();
}

/// A clerk whose disk stands still for as long as the sender lives, and short patience.
fn standing_still() -> (SyncSender<()>, Clerk) {
    let (open, gate) = sync_channel::<()>(0);
    let work = move |_| {
        let _ = gate.recv();
        None
    };
    let mut clerk = Clerk::over(work).unwrap();
    let short = Duration::from_millis(20);
    clerk.patience = Patience { place: short, last: short, ..clerk.patience };
    (open, clerk)
}

#[test]
fn a_disk_that_stands_still_is_said_and_keeps_nobody_for_ever() {
    let (open, mut clerk) = standing_still();
    let told = (1..=QUEUE as u64 / 2 + 1).filter_map(|n| exchange(&mut clerk, n, "a")).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "a question is at hand, so many lines wait, and the next is lost");
    assert!(told[0].to_string().contains("not kept"), "{}", told[0]);
    let left = clerk.finish();
    assert!(left.len() == 1 && left[0].contains("(256 exchanges)"), "{left:?}");
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
    assert!(rig.clerk.finish().is_empty());
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
fn errands_are_done_in_their_order_and_answered() {
    let mut rig = Rig::new();
    exchange(&mut rig.clerk, 1, "first");
    rig.clerk.send(Errand::Anew).unwrap();
    exchange(&mut rig.clerk, 2, "second");
    rig.clerk.settle(Duration::from_secs(60));
    let first = Sessions::open(&rig.paths).ids().unwrap()[0].clone();
    rig.clerk.send(Errand::Resume(first.to_string())).unwrap();
    exchange(&mut rig.clerk, 3, "third");
    rig.clerk.send(Errand::Export(Some("/nowhere/at all.md".into()))).unwrap();
    rig.clerk.settle(Duration::from_secs(60));
    assert!(rig.clerk.is_turning());
    // A disk that needs very long holds nobody up.
    let asked = std::mem::replace(&mut rig.clerk.turned, Instant::now().checked_sub(TURN).unwrap());
    assert!(!rig.clerk.is_turning());
    rig.clerk.turned = asked;
    let replies = rig.clerk.replies();
    assert!(!rig.clerk.is_turning(), "all of it was answered");
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

#[test]
fn a_disk_that_stands_still_is_waited_for_once() {
    let (open, mut clerk) = standing_still();
    assert!(!clerk.is_turning());
    clerk.send(Errand::Anew).unwrap();
    clerk.settle(Duration::from_millis(20));
    let began = Instant::now();
    (0..10).for_each(|_| clerk.settle(Duration::from_secs(3)));
    assert!(began.elapsed() < Duration::from_secs(3), "nobody waits again");
    drop(open);
    // Once it has everything, it is waited for as before.
    while clerk.stands {
        clerk.settle(Duration::ZERO);
        thread::sleep(Duration::from_millis(1));
    }
    clerk.also(|| Ok(())).unwrap();
    clerk.settle(Duration::from_secs(60));
    assert!(!clerk.stands);
}

#[test]
fn what_is_refused_or_left_is_called_what_it_is() {
    let (open, mut clerk) = standing_still();
    exchange(&mut clerk, 1, "a");
    clerk.send(Errand::Export(None)).unwrap();
    assert_eq!(clerk.tally.wait(Duration::ZERO).name(), "1 exchange and 1 other thing");
    while clerk.also(|| Ok(())).is_ok() {}
    let told =
        [clerk.also(|| Ok(())), clerk.send(Errand::Anew), clerk.send(Errand::Resume("last".into())), clerk.send(Errand::Export(None))];
    let beginnings = ["what you choose is not kept", "no new conversation", "the conversation was not taken up", "nothing was exported"];
    for (told, beginning) in told.into_iter().zip(beginnings) {
        let told = told.unwrap_err().to_string();
        assert!(told.starts_with(beginning) && told.contains("the disk has taken nothing"), "{told}");
    }
    assert!(exchange(&mut clerk, 2, "b").unwrap().to_string().starts_with("the last exchange is not kept"));
    drop(open);
}

#[test]
fn a_clerk_that_is_no_more_is_not_called_a_disk() {
    let mut clerk = Clerk::over(|_| panic!("a fault of ours")).unwrap();
    clerk.patience = Patience { place: Duration::from_secs(60), last: Duration::from_millis(20), ..clerk.patience };
    let told = std::iter::repeat_with(|| clerk.send(Errand::Anew)).take(QUEUE * 4).find_map(Result::err);
    let told = told.or_else(|| {
        (0..1_000).find_map(|_| {
            thread::sleep(Duration::from_millis(5));
            clerk.send(Errand::Anew).err()
        })
    });
    assert!(told.unwrap().to_string().contains("has ended unexpectedly"));
}

#[test]
fn whoever_exports_and_leaves_at_once_learns_where_it_is() {
    let mut rig = Rig::new();
    exchange(&mut rig.clerk, 1, "first");
    let file = rig.paths.data.join("talk.md");
    rig.clerk.send(Errand::Export(Some(file.display().to_string()))).unwrap();
    rig.clerk.send(Errand::Resume("nonsense".into())).unwrap();
    rig.clerk.patience.last = Duration::from_secs(60);
    let said = rig.clerk.finish();
    assert!(said.len() == 2 && said[0] == format!("wrote {}", file.display()) && file.exists(), "{said:?}");
}

/// What a program that starts now finds, while this one is still in the middle of it.
fn found(rig: &mut Rig) -> Vec<(String, String, Ending)> {
    rig.clerk.settle(Duration::from_secs(60));
    rig.kept()
}

#[test]
fn a_question_is_on_the_disk_when_it_is_asked() {
    let mut rig = Rig::new();
    let row = |question: &str, answer: &str, ended| (question.to_owned(), answer.to_owned(), ended);
    rig.clerk.asked("why?");
    rig.tell(Notice::Began(Origin::Typed));
    assert_eq!(found(&mut rig), [row("why?", "", Ending::Unanswered)]);
    let past = Sessions::open(&rig.paths).load("last").unwrap();
    assert!(past.history().is_empty() && crate::sessions::show::page(&past).contains("you: why?\n(not answered)"));
    rig.tell(Notice::Piece(Piece { text: "So.".into() }));
    rig.tell(Notice::Done);
    assert_eq!(found(&mut rig), [row("why?", "So.", Ending::Whole)], "the answer takes its place");
    // Spoken: when it is understood, not before; and what is withdrawn was not asked.
    rig.sequence = 2;
    rig.tell(Notice::Began(Origin::Key));
    rig.step_over();
    assert_eq!(found(&mut rig).len(), 1);
    rig.tell(Notice::Transcript(Transcript { text: "how?".into(), ..Transcript::default() }));
    rig.step_over();
    assert_eq!(found(&mut rig)[1], row("how?", "", Ending::Unanswered));
    rig.tell(Notice::Withdrawn);
    assert_eq!(found(&mut rig).len(), 1);
    // Ended before anything was answered: the question stays.
    rig.sequence = 3;
    rig.tell(Notice::Began(Origin::Key));
    rig.tell(Notice::Transcript(Transcript { text: "when?".into(), ..Transcript::default() }));
    rig.step_over();
    rig.tell(Notice::Interrupted { heard: String::new() });
    assert_eq!(found(&mut rig)[1], row("when?", "", Ending::Unanswered));
}
