//! Questions that are too long for the recogniser at once, as a table.

use super::{talk::*, *};
use crate::pipeline::news::Origin;

impl Talk {
    fn goes_on(self) -> Self {
        self.sound(|turn| Sound::Part { turn, speech: speech() })
    }

    fn asked(&self) -> &str {
        &self.state.task.as_ref().unwrap().question
    }
}

#[test]
fn parts_become_one_question() {
    let talk = Talk::new()
        .begins(Origin::Key)
        .goes_on()
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["transcribe"])
        .heard("I baked bread.")
        .is(Ear::Listening, Work::Idle, Voice::Idle, &[])
        .goes_on()
        .ends()
        .is(Ear::Transcribing, Work::Idle, Voice::Idle, &["transcribe"])
        .heard("It did not rise.")
        .is(Ear::Transcribing, Work::Idle, Voice::Idle, &[])
        .heard("Why?")
        .is(Ear::Idle, Work::Writing, Voice::Idle, &["complete", "transcript", "write"]);
    assert_eq!(talk.asked(), "I baked bread. It did not rise. Why?");
}

#[test]
fn a_silent_rest_takes_nothing_away() {
    let talk = Talk::new().begins(Origin::Key).goes_on().heard("Why does bread rise?").ends().heard("");
    assert_eq!(talk.asked(), "Why does bread rise?");
}

#[test]
fn the_words_so_far_precede_what_is_being_said() {
    let so_far = |turn| Sound::SoFar { turn, speech: speech() };
    Talk::new()
        .speaks()
        .sound(so_far)
        .partly("I baked")
        .sound(so_far)
        .goes_on()
        .partly("I baked bread that is of the part")
        .is(Ear::Listening, Work::Idle, Voice::Idle, &[])
        .sound(so_far)
        .partly("and then")
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["expect More", "partial I baked|and then"])
        .heard("I baked bread,")
        .sound(so_far)
        .partly("and then it")
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["expect More", "partial I baked bread, and then|it"]);
}

#[test]
fn a_partial_transcript_that_is_late_takes_nothing_from_the_next() {
    let so_far = |turn| Sound::SoFar { turn, speech: speech() };
    for late in [Ok("I baked bread."), Err(Error::stale())] {
        let talk = Talk::new().speaks().sound(so_far);
        let before = talk.partial;
        // The part and the next partial come in one look, before the old partial is there.
        let talk = talk.goes_on().sound(so_far).is(Ear::Listening, Work::Idle, Voice::Idle, &["partial"]);
        let talk = talk.partly_as(before, late).is(Ear::Listening, Work::Idle, Voice::Idle, &[]);
        let talk = talk.sound(so_far).is(Ear::Listening, Work::Idle, Voice::Idle, &[]);
        let talk = talk.heard("I baked bread.").partly("and then");
        talk.is(Ear::Listening, Work::Idle, Voice::Idle, &["expect More", "partial I baked bread.|and then"]);
    }
}

#[test]
fn who_speaks_on_loses_no_part() {
    let talk = Talk::new()
        .speaks()
        .goes_on()
        .heard("I baked bread.")
        .goes_on()
        .pauses()
        .resumes()
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["cancel", "withdrawn", "transcribe", "began HandsFree"])
        .heard("It did not rise.")
        .ends()
        .heard("Why?");
    assert_eq!(talk.asked(), "I baked bread. It did not rise. Why?");
}

#[test]
fn who_speaks_on_after_the_answer_was_begun_loses_no_part() {
    let talk = Talk::new()
        .speaks()
        .goes_on()
        .heard("I baked bread.")
        .pauses()
        .heard("It did not rise.")
        .is(Ear::Idle, Work::Writing, Voice::Idle, &["complete", "transcript", "write", "hold true"])
        .resumes()
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["cancel", "withdrawn", "began HandsFree", "hold false"])
        .ends()
        .heard("It did not rise. Why?");
    assert_eq!(talk.asked(), "I baked bread. It did not rise. Why?");
}

#[test]
fn the_key_makes_what_was_said_before_meant() {
    let talk = Talk::new().speaks().goes_on().heard("I baked bread.").begins(Origin::Key).ends().heard("Why?");
    assert_eq!(talk.asked(), "I baked bread. Why?");
}

#[test]
fn the_parts_of_one_question_do_not_begin_the_next() {
    let talk =
        Talk::new().speaks().goes_on().heard("I baked bread.").pauses().heard("Why?").ends().begins(Origin::Key).ends().heard("When?");
    assert_eq!(talk.asked(), "When?");
    let talk = Talk::new().speaks().goes_on().heard("I baked bread.").pauses().heard("Why?").on(Event::Interrupted);
    assert_eq!(talk.begins(Origin::Key).ends().heard("When?").asked(), "When?");
}

#[test]
fn a_long_interruption_takes_the_floor_before_its_end() {
    Talk::answering().speaks().goes_on().heard("What I wanted to know is something else.").is(
        Ear::Listening,
        Work::Idle,
        Voice::Idle,
        &["cancel", "hush", "began HandsFree", "hold false"],
    );
}

#[test]
fn what_is_not_meant_is_no_part_of_a_question() {
    let rules = Rules { wake: "computer".into(), ..Rules::default() };
    let talk = Talk::under(rules).speaks().goes_on().heard("The news at nine.").ends().heard("Computer, why?");
    assert_eq!(talk.asked(), "why?");
}

#[test]
fn an_ear_that_is_behind_keeps_the_parts_in_order() {
    let talk = Talk::new().begins(Origin::Key).goes_on().goes_on().heard("One.").heard("Two.").ends().heard("Three?");
    assert_eq!(talk.asked(), "One. Two. Three?");
    let talk = Talk::new().begins(Origin::Key).goes_on().ends_empty();
    assert_eq!(talk.state.ear, Ear::Transcribing, "the end is not taken for the part");
    assert_eq!(talk.heard("One?").heard("").asked(), "One?");
}

#[test]
fn what_is_not_meant_takes_nothing_with_it_that_is_still_being_decoded() {
    let rules = Rules { wake: "computer".into(), ..Rules::default() };
    let talk = Talk::under(rules).speaks().goes_on().goes_on().heard("The news at nine.").heard("Computer, I baked bread.");
    assert_eq!(talk.ends().heard("Why?").asked(), "I baked bread. Why?");
}

#[test]
fn a_part_that_cannot_be_heard_fails_the_question() {
    let talk = Talk::new().begins(Origin::Key).goes_on();
    let turn = talk.turn.id();
    let error = Error::retry(Room::Stt, "no ear");
    talk.on(Event::Heard { turn, result: Err(error) }).is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "failed Retry"]).ends().is(
        Ear::Idle,
        Work::Idle,
        Voice::Idle,
        &[],
    );
}
