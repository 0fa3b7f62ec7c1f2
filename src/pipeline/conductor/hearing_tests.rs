//! Hearing as a table: what a microphone brings, and what becomes of it.

use super::{talk::*, *};
use crate::parcel::{Exchange, Finish, Passages};
use crate::pipeline::news::Origin;

#[test]
fn a_key_press_becomes_a_question() {
    Talk::new()
        .begins(Origin::Key)
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["began Key"])
        .ends()
        .is(Ear::Transcribing, Work::Idle, Voice::Idle, &["transcribe"])
        .heard("Why?")
        .is(Ear::Idle, Work::Writing, Voice::Idle, &["complete", "transcript", "write"]);
}

#[test]
fn a_key_held_in_silence_is_told_so() {
    Talk::new().begins(Origin::Key).ends_empty().is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "failed Repeat"]);
    Talk::new().begins(Origin::Key).ends().heard(" ").is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "failed Repeat"]);
}

#[test]
fn partial_words_become_stable_and_a_late_partial_is_no_news() {
    let so_far = |turn| Sound::SoFar { turn, speech: speech() };
    Talk::new()
        .begins(Origin::Key)
        .sound(so_far)
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["partial"])
        .sound(so_far)
        .is(Ear::Listening, Work::Idle, Voice::Idle, &[])
        .partly("how long")
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["expect More", "partial |how long"])
        .sound(so_far)
        .partly("How long is it?")
        .is(Ear::Listening, Work::Idle, Voice::Idle, &["expect End", "partial How long|is it?"])
        .sound(so_far)
        .ends()
        .partly("late")
        .is(Ear::Transcribing, Work::Idle, Voice::Idle, &[]);
}

#[test]
fn work_begins_at_a_pause_and_is_kept_back_until_the_end() {
    Talk::new()
        .speaks()
        .pauses()
        .is(Ear::Transcribing, Work::Idle, Voice::Idle, &["transcribe"])
        .heard("Why?")
        .is(Ear::Idle, Work::Writing, Voice::Idle, &["complete", "transcript", "write", "hold true"])
        .wrote("Because it is so. And then")
        .is(Ear::Idle, Work::Writing, Voice::Held, &["say Because it is so."])
        .ends()
        .is(Ear::Idle, Work::Writing, Voice::Speaking, &["certain", "piece", "fragment", "hold false"]);
}

#[test]
fn what_was_kept_back_is_told_with_the_time_when_it_came_about() {
    let made = Instant::now();
    let mut talk = Talk::new().speaks().pauses().heard("Why?");
    talk.state = std::mem::take(&mut talk.state).at(made);
    let turn = talk.turn.id();
    talk = talk.wrote("Because it is so. And then").on(Event::Sounded { turn });
    talk.state = std::mem::take(&mut talk.state).at(made + Duration::from_secs(1));
    let ended = Sound::Ended { turn, speech: speech(), since: made };
    let (_, orders) = step(std::mem::take(&mut talk.state), Event::Sound(ended));
    let late = orders.iter().filter_map(|order| if let Order::TellLate(_, _, at) = order { Some(*at) } else { None });
    assert_eq!(late.collect::<Vec<_>>(), [made, made], "a piece and a fragment");
    assert!(orders.iter().any(|order| matches!(order, Order::Tell(_, Notice::Sounded))), "the sound was held back itself: {orders:?}");
}

#[test]
fn what_was_written_before_it_failed_is_told_and_a_sound_that_nobody_heard_is_not() {
    let talk = Talk::new().speaks().pauses().heard("Why?").wrote("Because it is so. And then");
    let turn = talk.turn.id();
    talk.on(Event::Sounded { turn }).on(Event::Finished { turn, result: Err(Error::report(Room::Llm, "out of memory")) }).is(
        Ear::Idle,
        Work::Idle,
        Voice::Idle,
        &["cancel", "hush", "piece", "fragment", "failed Report", "hold false"],
    );
}

#[test]
fn second_thoughts_make_a_new_revision_and_the_work_is_thrown_away() {
    let talk = Talk::new().speaks().pauses().heard("Why?").wrote("Because it is so. And then").resumes().is(
        Ear::Listening,
        Work::Idle,
        Voice::Idle,
        &["cancel", "hush", "withdrawn", "began HandsFree", "hold false"],
    );
    let talk = talk.pauses().ends().heard("Why not?").is(Ear::Idle, Work::Writing, Voice::Idle, &["complete", "transcript", "write"]);
    assert_eq!(talk.turn.id().revision, 1);
    assert!(talk.history().is_empty());
}

#[test]
fn second_thoughts_before_anything_was_understood_too() {
    Talk::new().speaks().pauses().resumes().is(Ear::Listening, Work::Idle, Voice::Idle, &["cancel", "withdrawn", "began HandsFree"]);
}

#[test]
fn a_key_silences_the_answer_and_the_history_keeps_what_was_heard() {
    let talk = Talk::answering();
    let old = talk.turn.id();
    let talk = talk.begins(Origin::Key).is(Ear::Listening, Work::Idle, Voice::Idle, &["cancel", "hush", "began Key"]);
    let talk = talk.on(Event::Hushed { turn: old, played: Duration::from_millis(1500) });
    assert_eq!(talk.orders, [r#"interrupted "Bread needs a warm place to rise. Nine hours are""#]);
    assert_eq!(talk.history(), [("why?".into(), "Bread needs a warm place to rise. Nine hours are".into())]);
}

#[test]
fn a_voice_over_the_answer_holds_it_and_its_words_decide() {
    let over = || Talk::answering().speaks().is(Ear::Listening, Work::Writing, Voice::Held, &["hold true"]);
    for no_interruption in ["", "mm hm", "nine hours are enough"] {
        let back = over().pauses().heard(no_interruption);
        back.is(Ear::Idle, Work::Writing, Voice::Speaking, &["cancel", "hold false"]);
    }
    over().sound(|turn| Sound::Dropped { turn }).is(Ear::Idle, Work::Writing, Voice::Speaking, &["cancel", "hold false"]);
    let asked = over().pauses().ends().heard("How do I mend a flat tyre?");
    // The prompt waits to be told how much of the answer was heard.
    let orders = ["cancel", "hush", "began HandsFree", "complete", "transcript", "hold false"];
    asked.is(Ear::Idle, Work::Writing, Voice::Idle, &orders);
    let stopped = over().pauses().ends().heard("Stop!");
    let orders = ["cancel", "hush", "began HandsFree", "complete", "transcript", "done", "hold false"];
    stopped.is(Ear::Idle, Work::Idle, Voice::Idle, &orders);
}

#[test]
fn a_cough_after_the_end_does_not_cost_the_question() {
    let talk = Talk::new().speaks().pauses().ends();
    let asked = talk.turn.id();
    let talk = talk.speaks().is(Ear::Listening, Work::Idle, Voice::Idle, &["began HandsFree"]);
    let talk = talk.on(Event::Heard { turn: asked, result: Ok(transcript("Why?")) });
    let talk = talk.is(Ear::Listening, Work::Writing, Voice::Idle, &["complete", "transcript", "write", "hold true"]);
    let dropped = talk.sound(|turn| Sound::Dropped { turn });
    dropped.is(Ear::Idle, Work::Writing, Voice::Idle, &["cancel", "withdrawn", "hold false"]);
}

#[test]
fn who_begins_with_a_murmur_and_goes_on_is_heard() {
    let talk = Talk::answering().speaks().pauses().heard("mm-hm").resumes();
    let talk = talk.is(Ear::Listening, Work::Writing, Voice::Held, &["hold true"]);
    let talk = talk.pauses().ends().heard("How do I mend a flat tyre?");
    assert!(talk.orders.contains(&"transcript".to_owned()), "{:?}", talk.orders);
    // Once it ended, nothing of it can go on.
    let talk = Talk::answering().speaks().pauses().heard("mm-hm").ends().resumes();
    talk.is(Ear::Idle, Work::Writing, Voice::Speaking, &[]);
}

#[test]
fn the_last_words_from_the_walls_are_no_question() {
    let talk = Talk::new();
    let turn = talk.turn.clone();
    let talk = talk.on(Event::Typed { turn, text: "why?".into() }).wrote("Bread needs a warm place to rise.");
    let turn = talk.turn.id();
    let talk = talk.on(Event::Finished { turn, result: Ok(Finish::default()) });
    let talk = talk.on(Event::Spoke { turn, result: Ok(Made::default()) }).on(Event::Drained { turn, result: Ok(()) });
    let talk = talk.speaks().pauses().ends().heard("a warm place to rise");
    talk.is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "withdrawn"]).speaks().pauses().ends().heard("Why is that?").is(
        Ear::Idle,
        Work::Writing,
        Voice::Idle,
        &["complete", "transcript", "write"],
    );
}

#[test]
fn the_next_prompt_waits_to_know_what_was_heard() {
    let talk = Talk::answering();
    let (old, turn) = (talk.turn.id(), talk.session.turn());
    let talk = talk.on(Event::Typed { turn, text: "and then?".into() });
    let talk = talk.is(Ear::Idle, Work::Writing, Voice::Idle, &["cancel", "hush", "began Typed"]);
    let talk = talk.on(Event::Hushed { turn: old, played: Duration::from_secs(1) });
    assert_eq!(talk.orders[1], "write");
    assert_eq!(talk.history().len(), 1);
}

#[test]
fn what_is_being_said_can_be_said_again_from_the_start() {
    let talk = Talk::answering();
    let turn = talk.session.turn();
    let talk = talk.on(Event::Again { turn });
    assert!(talk.orders.iter().any(|order| order == "say Bread needs a warm place to rise."), "{:?}", talk.orders);
}

#[test]
fn without_the_name_nobody_is_answered() {
    let rules = || Rules { wake: "computer".into(), ..Rules::default() };
    Talk::under(rules()).speaks().pauses().heard("Computer.").is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "withdrawn"]);
    Talk::under(rules()).speaks().pauses().heard("How are you, Ann?").is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "withdrawn"]);
    Talk::under(rules()).speaks().pauses().ends().heard("Computer, why?").is(
        Ear::Idle,
        Work::Writing,
        Voice::Idle,
        &["complete", "transcript", "write"],
    );
}

#[test]
fn a_draft_waits_for_its_editor() {
    let rules = Rules { edit: true, ..Rules::default() };
    let talk = Talk::under(rules).begins(Origin::Key).ends().heard("Why?");
    talk.is(Ear::Idle, Work::Idle, Voice::Idle, &["complete", "transcript", "drafted Why?"]);
}

#[test]
fn the_user_pauses_the_voice_and_lets_it_go_on() {
    Talk::answering()
        .on(Event::Changed(Change::Paused(true)))
        .is(Ear::Idle, Work::Writing, Voice::Held, &["hold true"])
        .on(Event::Changed(Change::Paused(false)))
        .is(Ear::Idle, Work::Writing, Voice::Speaking, &["hold false"]);
}

#[test]
fn the_last_answer_is_said_again() {
    let talk = Talk::new().on(Event::Changed(Change::History(vec![Exchange { question: "a?".into(), answer: "It is so.".into() }])));
    let turn = talk.session.turn();
    talk.on(Event::Again { turn }).is(Ear::Idle, Work::Idle, Voice::Speaking, &["began Repeat", "fragment", "say It is so."]);
}

#[test]
fn what_the_documents_note_is_said_once_in_a_conversation() {
    let wish = Wish { retrieve: Some(Retrieve::default()), ..Wish::default() };
    let mut talk = Talk::new().on(Event::Changed(Change::Wish(Box::new(wish))));
    for expected in [1, 0] {
        let turn = talk.session.turn();
        let id = turn.id();
        talk = talk.on(Event::Typed { turn, text: "why?".into() });
        let passages = Passages { found: true, notes: vec!["demo".into()], ..Passages::default() };
        let (state, orders) = step(std::mem::take(&mut talk.state), Event::Found { turn: id, result: Ok(passages) });
        talk.state = state;
        let told = orders.iter().find_map(|order| match order {
            Order::Tell(_, Notice::Passages(passages)) => Some(passages.notes.len()),
            _ => None,
        });
        assert_eq!(told, Some(expected));
    }
}

#[test]
fn where_nothing_was_said_nothing_is_said_again() {
    let talk = Talk::new();
    let turn = talk.session.turn();
    talk.on(Event::Again { turn }).is(Ear::Idle, Work::Idle, Voice::Idle, &["failed Reword"]);
}

#[test]
fn a_conversation_that_begins_anew_knows_nothing_of_the_answer_it_cut_off() {
    let talk = Talk::answering();
    let old = talk.turn.id();
    let talk = talk.on(Event::Changed(Change::History(Vec::new()))).on(Event::Hushed { turn: old, played: Duration::from_secs(1) });
    assert_eq!(talk.orders, [r#"interrupted "Bread needs a warm place to rise.""#]);
    assert!(talk.history().is_empty());
}

#[test]
fn a_listener_that_falls_silent_is_given_up() {
    let talk = Talk::new().speaks();
    assert!(talk.state.deadline().is_some());
    talk.on(Event::Overdue).is(Ear::Idle, Work::Idle, Voice::Idle, &["give up", "cancel", "withdrawn"]);
}

#[test]
fn who_holds_the_key_in_silence_is_waited_for() {
    let talk = Talk::new().begins(Origin::Key).sound(|turn| Sound::Silent { turn }).is(Ear::Listening, Work::Idle, Voice::Idle, &[]);
    talk.ends().is(Ear::Transcribing, Work::Idle, Voice::Idle, &["transcribe"]);
}

#[test]
fn without_a_speaker_the_answer_is_text() {
    let talk = Talk::new().on(Event::Changed(Change::Audible(false)));
    let turn = talk.turn.clone();
    talk.on(Event::Typed { turn, text: "why?".into() }).wrote("Because it is so. And then").is(
        Ear::Idle,
        Work::Writing,
        Voice::Idle,
        &["piece"],
    );
}
