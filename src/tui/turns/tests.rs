//! What is marked, what is faint, and whose row it is.

use super::{rows::links, *};
use crate::sessions::Citation;

fn passage(title: &str) -> Passage {
    Passage { title: title.into(), source: "docs/moon.md".into(), ..Passage::default() }
}

fn look(turn: &Turn) -> Vec<(String, Role)> {
    turn.answer_spans().into_iter().map(|span| (span.text, span.role)).collect()
}

#[test]
fn the_fragment_being_heard_is_marked() {
    let mut turn = Turn { answer: "It is **two** years. See [1], or ask.".into(), passages: vec![passage("")], ..Turn::default() };
    turn.note_fragment(0, "It is two years.");
    turn.note_fragment(1, "See, or ask.");
    turn.sounding = Some(0);
    assert_eq!(look(&turn)[0], ("It is **two** years.".into(), Role::Sounding));
    assert_eq!(look(&turn)[2], ("[1]".into(), Role::Citation));
    turn.sounding = Some(1);
    assert_eq!(look(&turn)[0].1, Role::Answer, "its letters are not those of the answer: nothing is marked");
}

#[test]
fn the_same_words_twice_are_two_fragments() {
    let mut turn = Turn { answer: "Yes. Yes.".into(), ..Turn::default() };
    turn.note_fragment(0, "Yes.");
    turn.note_fragment(1, "Yes.");
    assert_eq!(turn.fragments, [(0, 0..4), (1, 5..9)]);
    turn.note_fragment(0, "Yes.");
    assert_eq!(turn.fragments, [(0, 0..4)], "a repetition begins anew");
}

#[test]
fn what_was_never_heard_is_faint() {
    let mut turn = Turn { answer: "One. Two. Three.".into(), ..Turn::default() };
    turn.silence("One. Two.");
    assert_eq!(look(&turn), [("One. Two.".into(), Role::Answer), (" Three.".into(), Role::Faint)]);
    turn.silence("");
    assert_eq!(look(&turn), [(turn.answer.clone(), Role::Faint)]);
}

#[test]
fn only_numbers_of_passages_are_links() {
    assert_eq!(links("a [1] [3] [x] [] [12", 2), [(2..5, 0)]);
}

#[test]
fn rows_know_their_turn() {
    let mut turns = Turns::default();
    turns.push(Turn::remark("hello", Role::Note));
    turns.push(Turn { passages: vec![passage("Moon")], answer: "Far.".into(), ..Turn::asked("How far?") });
    turns.fit(Shape { width: 40, tight: false });
    let rows: Vec<_> = turns.rows(0).map(|placed| (placed.turn, placed.row.text())).collect();
    let expected = [(0, "· hello"), (0, ""), (1, "› How far?"), (1, "  Far."), (1, "  [1] Moon"), (1, "")];
    assert_eq!(rows, expected.map(|(turn, text)| (turn, text.to_owned())));
}

#[test]
fn an_earlier_turn_keeps_its_sources_and_the_mark_where_it_broke_off() {
    let citations = vec![Citation { source: "docs/moon.md".into(), title: "Moon\u{1b}[2J".into(), span: [3, 9] }];
    let entry = Entry { question: "How far?".into(), answer: "Far. Very [1].".into(), citations, ..Entry::default() };
    let cut = Entry { ended: Ending::Interrupted, heard: Some("Far.".into()), ..entry.clone() };
    let broken = Entry { ended: Ending::Failed, ..entry.clone() };
    let rows = |entry: &Entry| {
        let mut turns = Turns::default();
        turns.push(Turn::past(entry));
        turns.fit(Shape { width: 40, tight: false });
        turns.rows(0).map(|placed| placed.row.text()).collect::<Vec<_>>()
    };
    assert_eq!(rows(&entry), ["› How far?", "  Far. Very [1].", "  [1] Moon[2J", ""]);
    assert_eq!(rows(&cut)[3], "· interrupted here");
    assert_eq!(rows(&broken)[3], "· the answer broke off here");
    let cut = Turn::past(&cut);
    assert_eq!(look(&cut).last(), Some(&(".".into(), Role::Faint)), "{:?}", look(&cut));
    assert_eq!(cut.passages[0].span, 3..9);
}

#[test]
fn where_there_is_little_room_citations_take_one_row() {
    let long = ["A title of some length", "Another of the same", "And a third"].map(passage).to_vec();
    let turn = Turn { passages: long, answer: "Yes.".into(), ..Turn::default() };
    let rows = |width: u16, tight: bool, turn: &Turn| {
        let mut turns = Turns::default();
        turns.push(turn.clone());
        turns.fit(Shape { width, tight });
        turns.rows(0).map(|placed| (placed.row.text(), placed.row.link_at(7))).collect::<Vec<_>>()
    };
    assert_eq!(rows(40, false, &turn).len(), 4);
    assert_eq!(rows(40, true, &turn)[1], ("  [1] [2] [3]".into(), Some(1)), "the numbers open as ever");
    let many = Turn { passages: vec![passage("A title"); 40], ..turn };
    let folded = rows(20, true, &many);
    assert_eq!((folded.len(), folded[1].0.as_str()), (3, "  [1] [2] [3] [4] …"));
}
