//! Turns as they end, and what is kept of them.

use super::*;
use crate::{
    error::{Error, Room},
    parcel::{Finish, Passage, Passages, Piece, Transcript},
    pipeline::news::Doing,
};

fn id(sequence: u64, revision: u32) -> TurnId {
    TurnId { session: 1, sequence, revision }
}

fn piece(text: &str) -> Notice {
    Notice::Piece(Piece { text: text.into() })
}

fn heard(text: &str) -> Notice {
    Notice::Transcript(Transcript { text: text.into(), ..Transcript::default() })
}

fn interrupted(heard: &str) -> Notice {
    Notice::Interrupted { heard: heard.into() }
}

/// Plays the notices of turn 1 and gives what was kept.
fn play(scribe: &mut Scribe, notices: Vec<Notice>) -> Option<Entry> {
    turn(scribe, id(1, 0), notices)
}

fn turn(scribe: &mut Scribe, id: TurnId, notices: Vec<Notice>) -> Option<Entry> {
    let mut kept = None;
    for notice in notices {
        assert!(kept.is_none(), "kept before its turn was over");
        let line = scribe.hear(&Told { at: Instant::now(), news: News::Turn(id, notice) });
        kept = line.and_then(|(_, line)| if let Line::Exchange(entry) = line { Some(entry) } else { None });
    }
    kept
}

#[test]
fn a_whole_answer_is_kept_with_its_sources() {
    let mut scribe = Scribe::default();
    scribe.asked("How long?");
    let found = Passage { source: "a.md".into(), title: "A".into(), span: 3..9, ..Passage::default() };
    let passages = Passages { list: vec![found], found: true, notes: vec![] };
    let notices = vec![
        Notice::Began(Origin::Typed),
        Notice::Passages(passages),
        piece("Thirty "),
        piece("days."),
        Notice::Sounded,
        Notice::Written(Finish::default()),
        Notice::Done,
    ];
    let entry = play(&mut scribe, notices).unwrap();
    assert_eq!((entry.question.as_str(), entry.answer.as_str(), entry.asked), ("How long?", "Thirty days.", Asked::Typed));
    assert_eq!((entry.ended, entry.heard), (Ending::Whole, None));
    assert_eq!(entry.citations, [Citation { source: "a.md".into(), title: "A".into(), span: [3, 9] }]);
    let timings = entry.timings.unwrap();
    assert!(timings.first_word.is_some() && timings.first_sound.is_some() && timings.over.is_some());
}

#[test]
fn the_first_word_is_there_when_it_is_shown_not_when_it_was_written() {
    let (zero, mut scribe) = (Instant::now(), Scribe::default());
    let notices = [
        (0, Notice::Began(Origin::HandsFree)),
        (50, Notice::Complete(zero)),
        (50, heard("How long?")),
        (700, Notice::Certain),
        (90, piece("Long.")),
        (900, Notice::Done),
    ];
    let lines = notices.into_iter().filter_map(|(ms, notice)| {
        let at = zero + Duration::from_millis(ms);
        scribe.hear(&Told { at, news: News::Turn(id(1, 0), notice) })
    });
    let Some((_, Line::Exchange(entry))) = lines.last() else { panic!("nothing is kept") };
    assert_eq!(entry.timings.unwrap().first_word, Some(700));
}

/// What is written of a turn, a line for each line; what goes on changes after every notice that is marked.
fn written(scribe: &mut Scribe, notices: Vec<(Notice, bool)>) -> Vec<String> {
    let mut lines = Vec::new();
    for (notice, step_over) in notices {
        let news = [Some(News::Turn(id(1, 0), notice)), step_over.then(|| News::Doing(Doing::default()))];
        lines.extend(news.into_iter().flatten().filter_map(|news| scribe.hear(&Told { at: Instant::now(), news })).map(|(turn, line)| {
            assert_eq!(turn, id(1, 0));
            match line {
                Line::Question(entry) => format!("? {}", entry.question),
                Line::Exchange(entry) => format!("= {} {}", entry.question, entry.answer),
                other => format!("{other:?}"),
            }
        }));
    }
    lines
}

#[test]
fn a_question_is_written_when_it_is_asked_and_nothing_that_was_only_said() {
    let spoken = |then: Vec<(Notice, bool)>| [vec![(Notice::Began(Origin::Key), true), (heard("why"), false)], then].concat();
    let asked = spoken(vec![(Notice::Complete(Instant::now()), true), (piece("Because."), false), (Notice::Done, true)]);
    assert_eq!(written(&mut Scribe::default(), asked), ["? why", "= why Because."]);
    // To be corrected first, a word for silence, or nothing that was meant.
    for dropped in [Notice::Drafted("why".into()), Notice::Done, Notice::Withdrawn] {
        assert!(written(&mut Scribe::default(), spoken(vec![(dropped, true)])).is_empty());
    }
    let unanswered = spoken(vec![(Notice::Written(Finish::default()), true), (Notice::Done, true)]);
    assert_eq!(written(&mut Scribe::default(), unanswered), ["? why"], "a question without an answer is one");
    let mut scribe = Scribe::default();
    scribe.asked("typed");
    assert_eq!(written(&mut scribe, vec![(Notice::Began(Origin::Typed), false), (Notice::Done, true)]), ["? typed"]);
}

#[test]
fn near_misses_are_no_sources() {
    let passages = Passages { list: vec![Passage::default()], found: false, notes: vec![] };
    let entry = play(&mut Scribe::default(), vec![Notice::Passages(passages), piece("No."), Notice::Done]).unwrap();
    assert_eq!(entry.citations, []);
}

#[test]
fn of_an_interrupted_answer_it_is_marked_what_was_heard() {
    let notices = vec![Notice::Began(Origin::Key), heard(" How long? "), piece("One. Two."), interrupted("One.")];
    let entry = play(&mut Scribe::default(), notices).unwrap();
    assert_eq!((entry.question.as_str(), entry.heard(), entry.answer.as_str()), ("How long?", "One.", "One. Two."));
    assert_eq!((entry.ended, entry.asked), (Ending::Interrupted, Asked::Spoken));
}

#[test]
fn what_was_not_answered_is_not_kept() {
    let failed = || Notice::Failed(Error::repeat(Room::Stt, "no speech"));
    let cases: Vec<Vec<Notice>> = vec![
        vec![Notice::Began(Origin::Key), heard(""), failed()],
        vec![Notice::Began(Origin::Key), heard("hm"), interrupted("")],
        vec![Notice::Began(Origin::HandsFree), Notice::Withdrawn],
        vec![Notice::Began(Origin::Key), heard("draft"), Notice::Drafted("draft".into())],
        vec![Notice::Began(Origin::Typed), piece(" \n"), Notice::Done],
        vec![Notice::Began(Origin::Repeat), piece("Again."), Notice::Done],
    ];
    for case in cases {
        let said = format!("{case:?}");
        let mut scribe = Scribe::default();
        assert_eq!(play(&mut scribe, case), None, "{said}");
        assert!(scribe.drafts.is_empty(), "{said}");
    }
}

#[test]
fn an_answer_that_broke_off_is_kept_as_such() {
    let notices = vec![Notice::Began(Origin::Typed), piece("Thirty"), Notice::Failed(Error::report(Room::Llm, "x"))];
    let entry = play(&mut Scribe::default(), notices).unwrap();
    assert_eq!((entry.ended, entry.answer.as_str()), (Ending::Failed, "Thirty"));
}

#[test]
fn a_later_revision_takes_the_place_of_the_one_withdrawn() {
    let mut scribe = Scribe::default();
    let first = vec![Notice::Began(Origin::HandsFree), heard("How"), piece("Old"), Notice::Withdrawn];
    assert_eq!(turn(&mut scribe, id(1, 0), first), None);
    let entry = turn(&mut scribe, id(1, 1), vec![heard("How long?"), piece("New."), Notice::Done]).unwrap();
    assert_eq!((entry.question.as_str(), entry.answer.as_str(), entry.asked), ("How long?", "New.", Asked::Spoken));
}

#[test]
fn each_typed_question_goes_with_its_own_turn() {
    let mut scribe = Scribe::default();
    scribe.asked("first");
    scribe.asked("second");
    assert_eq!(turn(&mut scribe, id(1, 0), vec![Notice::Began(Origin::Typed), piece("a")]), None);
    let spoken = turn(&mut scribe, id(2, 0), vec![Notice::Began(Origin::Key), heard("spoken"), piece("b"), Notice::Done]).unwrap();
    let second = turn(&mut scribe, id(3, 0), vec![Notice::Began(Origin::Typed), piece("c"), Notice::Done]).unwrap();
    let first = turn(&mut scribe, id(1, 0), vec![interrupted("a")]).unwrap();
    assert_eq!([spoken.question, second.question, first.question], ["spoken", "second", "first"]);
}

#[test]
fn turns_that_never_end_do_not_pile_up() {
    let mut scribe = Scribe::default();
    for n in 0..1000 {
        scribe.asked("never begun");
        turn(&mut scribe, id(n, 0), vec![Notice::Began(Origin::Key), piece("x")]);
    }
    assert_eq!((scribe.drafts.len(), scribe.typed.len(), scribe.newest()), (FOLLOWED, FOLLOWED, Some(id(999, 0))));
}
