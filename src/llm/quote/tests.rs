//! Questions and small documents in, what is read out.

use super::*;
use crate::{
    parcel::{Passage, Passages},
    turn::Session,
};

const SHOP: &str = "# Shop rules\n\nWe open at nine and close at six.\n\n## Refunds\n\nYou can bring anything back within **thirty days**. \
It must be unused. We pay the money back to your card within a week.\n\n## Gift cards\n\nGift cards are valid for three years.";
const BIKE: &str = "Oil the chain once a month. Wipe it dry first.\n\nThe tyres want four bar. Check them weekly.";

fn answer(question: &str, documents: &[(&str, &str)], found: bool) -> String {
    let passage = |(title, text): &(&str, &str)| Passage { title: (*title).into(), text: (*text).into(), ..Passage::default() };
    let passages = Passages { list: documents.iter().map(passage).collect(), found, notes: Vec::new() };
    let prompt = Prompt { question: question.into(), passages, ..Prompt::default() };
    let mut text = String::new();
    Quote
        .write(&prompt, &Session::new().turn(), &mut |piece| {
            text.push_str(&piece.text);
            Ok(())
        })
        .unwrap();
    text
}

#[test]
fn the_sentence_that_answers_is_read_with_its_source() {
    let table = [
        ("How long are gift cards valid?", "Gift cards are valid for three years. That is from Shop rules."),
        ("When do you open?", "We open at nine and close at six. That is from Shop rules."),
        ("How often should I oil the chain?", "Oil the chain once a month. That is from Bicycle care."),
        ("What pressure do the tyres need?", "The tyres want four bar. That is from Bicycle care."),
    ];
    for (question, expected) in table {
        assert_eq!(answer(question, &[("Shop rules", SHOP), ("Bicycle care", BIKE)], true), expected, "{question}");
    }
}

#[test]
fn the_heading_counts_where_the_sentence_does_not_name_its_subject() {
    let text = answer("How long is the refund window?", &[("Shop rules", SHOP)], true);
    assert_eq!(text, "You can bring anything back within thirty days. It must be unused. That is from Shop rules.");
}

#[test]
fn a_sentence_that_points_back_brings_the_one_before_it() {
    let text = answer("Who painted the fresco?", &[("Art", "There is a fresco in the hall. It was painted by Anna.")], true);
    assert_eq!(text, "There is a fresco in the hall. It was painted by Anna. That is from Art.");
}

#[test]
fn nothing_found_is_said_so_even_with_near_misses_at_hand() {
    assert_eq!(answer("Who is the king?", &[("Bicycle care", BIKE)], false), NOTHING);
    assert_eq!(answer("Who is the king?", &[], true), NOTHING);
    assert_eq!(answer("Who?", &[("Empty", "\n---\n")], true), NOTHING);
}

#[test]
fn a_passage_that_shares_no_word_still_answers_with_its_first_sentence() {
    let text = answer("lubrication interval", &[("Bicycle_care.", BIKE)], true);
    assert_eq!(text, "Oil the chain once a month. That is from Bicycle care.");
}

#[test]
fn the_passage_that_is_quoted_is_put_first_and_quoted_all_the_same() {
    let named = |title: &str, text: &str| Passage { title: title.into(), text: text.into(), ..Passage::default() };
    let list = vec![named("Sea", "The sea is deep."), named("Sun", "The sun is hot."), named("Moon", "The moon is old: 4 billion years.")];
    let mut passages = Passages { list, found: true, notes: Vec::new() };
    let order = |passages: &Passages| passages.list.iter().map(|p| p.title.clone()).collect::<Vec<_>>();
    lead("How old is the moon?", &mut passages);
    assert_eq!(order(&passages), ["Moon", "Sea", "Sun"]);
    lead("How old is the moon?", &mut passages);
    assert_eq!(order(&passages), ["Moon", "Sea", "Sun"], "it stays there");
    let quoted = |passages: &Passages| choose::best("How old is the moon?", &passages.list).unwrap().passage;
    assert_eq!(quoted(&passages), 0);
    passages.found = false;
    lead("How deep is the sea?", &mut passages);
    assert_eq!(order(&passages), ["Moon", "Sea", "Sun"], "near misses are not cited");
}

#[test]
fn a_stale_turn_reads_nothing() {
    let turn = Session::new().turn();
    turn.cancel();
    let told = Quote.write(&Prompt::default(), &turn, &mut |_| panic!("spoke"));
    assert!(told.unwrap_err().is_stale());
}
