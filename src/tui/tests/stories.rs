//! What follows from talking and typing: each a story of events, commands sent, and what is seen.

use super::rig::Rig;
use crate::{
    error::{Error, Room},
    parcel::Passages,
    pipeline::{
        News, Notice,
        conductor::{Ear, Voice, Work},
        live::Command,
        news::{DeviceState, Origin, Phrase, Side},
    },
    tui::{
        TalkKey,
        act::folded,
        event::Effect,
        model::{Over, State},
        palette::Page,
        theme::{Role, Theme},
    },
};

#[test]
fn holding_the_key_talks_and_letting_go_sends() {
    let mut rig = Rig::new(80, 24);
    rig.awake();
    assert!(rig.shows("Space hold to talk"));
    rig.keys("Space");
    assert!(rig.shows("let go to send") && rig.shows("● listening"));
    rig.wait(900).keys("-Space");
    assert_eq!(rig.sent(), [Command::Press, Command::Release]);
}

#[test]
fn without_releases_a_second_press_sends_and_the_keys_say_so() {
    let mut rig = Rig::new(80, 24);
    rig.model.releases = false;
    rig.awake();
    assert!(rig.shows("Space press to talk"));
    rig.keys("Space").wait(1500);
    assert!(rig.shows("press to send"));
    rig.keys("Space");
    assert_eq!(rig.sent(), [Command::Press, Command::Release]);
}

#[test]
fn an_end_that_the_ear_found_ends_the_press_too() {
    let mut rig = Rig::new(80, 24);
    rig.model.releases = false;
    rig.keys("Space").doing(Ear::Listening, Work::Idle, Voice::Idle).doing(Ear::Transcribing, Work::Idle, Voice::Idle);
    rig.wait(2000).keys("Space");
    assert_eq!(rig.sent(), [Command::Press, Command::Press], "the second press begins anew");
}

#[test]
fn a_space_is_a_space_while_typing_and_a_function_key_always_talks() {
    let mut rig = Rig::new(80, 24);
    rig.type_text("how far").keys("-Space");
    assert_eq!((rig.sent(), rig.model.input.text()), (vec![], "how far".into()));
    rig.model.talk_key = TalkKey::Function(4);
    rig.keys("F4 -F4");
    assert_eq!(rig.sent(), [Command::Press, Command::Release]);
    rig.keys("Ctrl-C").type_text(" ");
    assert_eq!(rig.model.input.text(), " ", "the space bar is no talk key then");
}

#[test]
fn a_typed_question_is_shown_at_once_and_answered_below_it() {
    let mut rig = Rig::new(80, 24);
    rig.awake().type_text("How far?").keys("Enter");
    assert_eq!(rig.sent(), [Command::Ask("How far?".into())]);
    assert!(rig.shows("› How far?"));
    rig.begin(Origin::Typed).piece("Very ").piece("far.").written(2).tell(Notice::Done);
    assert!(rig.shows("› How far?\n  Very far.\n"));
}

#[test]
fn two_questions_typed_in_a_row_find_their_answers() {
    let mut rig = Rig::new(80, 24);
    rig.type_text("one").keys("Enter").type_text("two").keys("Enter");
    rig.begin(Origin::Typed).piece("first");
    rig.begin(Origin::Typed).piece("second");
    assert!(rig.shows("› one\n  first\n\n› two\n  second"));
}

#[test]
fn several_lines_are_one_question() {
    let mut rig = Rig::new(80, 24);
    rig.type_text("one").keys("Alt-Enter").type_text("two").keys("Enter");
    assert_eq!(rig.sent(), [Command::Ask("one\ntwo".into())]);
}

#[test]
fn escape_silences_what_speaks() {
    let mut rig = Rig::new(80, 24);
    rig.moon().keys("Esc");
    assert_eq!(rig.sent(), [Command::Silence]);
    rig.tell(Notice::Interrupted { heard: "The moon is 384,400 kilometres away on average.".into() });
    let (buffer, screen) = (rig.buffer(), rig.screen());
    let y = screen.lines().position(|line| line.contains("It moves")).unwrap();
    let x = screen.lines().nth(y).unwrap().find("It moves").unwrap();
    assert_eq!(buffer[(x as u16, y as u16)].fg, Theme::Dark.style(Role::Faint).fg.unwrap(), "what was not heard is faint");
}

#[test]
fn a_turn_that_is_withdrawn_leaves_no_trace() {
    let mut rig = Rig::new(80, 24);
    rig.begin(Origin::HandsFree).tell(Notice::Partial { stable: String::new(), rest: "mm-hm".into() });
    assert!(rig.shows("mm-hm"));
    rig.tell(Notice::Withdrawn);
    assert!(!rig.shows("mm-hm"));
}

#[test]
fn a_repetition_marks_the_old_answer_and_adds_nothing() {
    let mut rig = Rig::new(80, 24);
    rig.moon().tell(Notice::Done).keys("Ctrl-R").begin(Origin::Repeat);
    rig.fragment(0, "The moon is 384,400 kilometres away on average.").tell(Notice::Sounding(0)).tell(Notice::Done);
    assert_eq!(rig.screen().matches("384,400").count(), 1);
}

#[test]
fn a_draft_waits_in_the_line_to_be_edited() {
    let mut rig = Rig::new(80, 24);
    rig.begin(Origin::Key).tell(Notice::Drafted("How far is the spoon?".into()));
    assert_eq!(rig.model.input.text(), "How far is the spoon?");
    rig.keys("Enter");
    assert_eq!(rig.sent(), [Command::Ask("How far is the spoon?".into())]);
}

#[test]
fn a_failure_is_a_sentence_below_its_question() {
    let mut rig = Rig::new(80, 24);
    rig.begin(Origin::Key).heard("Hm?").tell(Notice::Failed(Error::fetch(Room::Llm, "no model").hint("run `xnai models pull`")));
    assert!(rig.shows("› Hm?\n· no model: run `xnai models pull`"));
    rig.begin(Origin::Key).tell(Notice::Failed(Error::stale()));
    assert!(!rig.shows("superseded"));
}

#[test]
fn lost_devices_are_said_and_their_return_too() {
    let mut rig = Rig::new(80, 24);
    rig.awake().microphone(DeviceState::Lost("unplugged".into()));
    assert!(rig.shows("type instead, the microphone is gone: unplugged") && !rig.shows("hold to talk"));
    rig.keys("Space -Space");
    assert!(rig.shows("there is no microphone") && rig.sent() == [Command::Silence]);
    rig.wait(1000).microphone(DeviceState::Open("USB".into()));
    assert!(rig.shows("the microphone is back: USB") && rig.shows("hold to talk"));
    rig.microphone(DeviceState::Muted);
    assert!(rig.shows("muted?"));
}

#[test]
fn states_have_words() {
    let mut rig = Rig::new(80, 24);
    rig.model.waking = true;
    assert_eq!(rig.model.state(), State::Waking);
    rig.awake();
    let cases = [
        (Ear::Idle, Work::Idle, Voice::Idle, State::Idle),
        (Ear::Listening, Work::Idle, Voice::Idle, State::Listening),
        (Ear::Transcribing, Work::Idle, Voice::Idle, State::Thinking),
        (Ear::Idle, Work::Retrieving, Voice::Idle, State::Thinking),
        (Ear::Idle, Work::Writing, Voice::Speaking, State::Speaking),
        (Ear::Idle, Work::Idle, Voice::Held, State::Thinking),
    ];
    for (ear, work, voice, state) in cases {
        rig.doing(ear, work, voice);
        assert_eq!(rig.model.state(), state, "{ear:?} {work:?} {voice:?}");
        assert!(rig.shows(state.word()));
    }
    rig.doing(Ear::Idle, Work::Idle, Voice::Speaking).keys("Ctrl-S");
    assert_eq!((rig.model.state(), rig.sent()), (State::Paused, vec![Command::Pause(true)]));
}

#[test]
fn control_c_stops_first_and_leaves_then() {
    let mut rig = Rig::new(80, 24);
    rig.moon().type_text("half a").keys("Ctrl-C Ctrl-C");
    rig.doing(Ear::Idle, Work::Idle, Voice::Idle).keys("Ctrl-C");
    assert_eq!(rig.effects, [Effect::Send(Command::Silence), Effect::Quit]);
}

#[test]
fn every_key_is_reported_only_while_the_space_bar_talks() {
    let mut rig = Rig::new(80, 24);
    assert!(rig.model.wants_releases());
    rig.type_text("a");
    assert!(!rig.model.wants_releases());
    rig.keys("Ctrl-C Ctrl-P");
    assert!(!rig.model.wants_releases());
}

#[test]
fn a_virtual_microphone_is_called_silent_once_and_again_only_after_long_silence() {
    let mut rig = Rig::new(80, 24);
    let open = || DeviceState::Open("Virtual".into());
    rig.microphone(open()).microphone(DeviceState::Muted);
    assert!(rig.shows("muted?"));
    rig.microphone(open());
    assert!(!rig.shows("muted?"));
    for _ in 0..3 {
        rig.wait(10_000).microphone(DeviceState::Muted);
        assert!(!rig.shows("muted?"), "silence between two questions");
        rig.wait(10_000).microphone(open());
    }
    rig.microphone(DeviceState::Muted).wait(59_000);
    assert!(!rig.shows("muted?"));
    rig.wait(2_000);
    assert!(rig.shows("muted?"), "that is long");
}

#[test]
fn what_the_documents_note_is_said_once() {
    let mut rig = Rig::new(80, 24);
    for _ in 0..3 {
        let notes = vec!["answering from the demo documents".to_owned()];
        rig.begin(Origin::Typed).tell(Notice::Passages(Passages { notes, ..Passages::default() })).piece("Yes.");
    }
    assert_eq!(rig.screen().matches("demo documents").count(), 1, "{}", rig.screen());
}

/// Space was held and let go; this much is understood so far.
fn being_understood() -> Rig {
    let mut rig = Rig::new(60, 16);
    rig.begin(Origin::Key).doing(Ear::Transcribing, Work::Idle, Voice::Idle);
    rig.tell(Notice::Partial { stable: "how long may I".into(), rest: "give back".into() });
    rig
}

#[test]
fn words_that_are_given_up_while_they_are_understood_are_not_lost() {
    let mut rig = being_understood();
    rig.keys("Esc").tell(Notice::Withdrawn).doing(Ear::Idle, Work::Idle, Voice::Idle);
    assert!(rig.screen().contains("› how long may I give back"), "{}", rig.screen());
    assert_eq!(rig.model.input.text(), "how long may I give back", "a draft for Enter");
    rig.keys("Ctrl-U Up");
    assert_eq!(rig.model.input.text(), "how long may I give back", "and for later");
    // The talk key begins anew: no draft is in its way.
    let mut rig = being_understood();
    rig.keys("Space").tell(Notice::Withdrawn).begin(Origin::Key);
    assert!(rig.model.input.is_empty() && rig.screen().contains("give back"), "{}", rig.screen());
    // Whoever speaks on takes nothing back.
    let mut rig = being_understood();
    rig.tell(Notice::Withdrawn);
    assert!(!rig.screen().contains("give back"), "{}", rig.screen());
}

#[test]
fn it_shows_that_it_waits_for_the_phrase_and_that_it_was_called() {
    let mut rig = Rig::new(40, 10);
    rig.awake().news(News::Phrase(Phrase::Awaited));
    assert!(rig.shows("● waits for its phrase"), "{}", rig.screen());
    rig.news(News::Phrase(Phrase::Spoken));
    assert!(rig.shows("● yes? listening"), "{}", rig.screen());
    assert_eq!(rig.model.state().role(), Role::Listening);
    rig.doing(Ear::Listening, Work::Idle, Voice::Idle);
    assert!(rig.shows("● listening"));
    rig.doing(Ear::Idle, Work::Idle, Voice::Idle).news(News::Phrase(Phrase::Awaited));
    assert_eq!(rig.model.state(), State::Awaiting);
}

#[test]
fn what_is_wrong_with_a_device_is_said_whole_and_its_remedy_first() {
    let mut rig = Rig::new(100, 24);
    let why = "the speaker stopped taking sound, and the sound server does not answer any more: start it again, or set audio.output";
    rig.awake().doing(Ear::Idle, Work::Writing, Voice::Speaking).news(News::Device(Side::Output, DeviceState::Lost(why.into())));
    assert!(rig.shows("or set audio.output") && rig.shows("● no speaker") && rig.shows("! answers are text"), "{}", rig.screen());
    assert!(rig.model.is_busy(), "Esc ends it");
    let mut rig = Rig::new(40, 10);
    rig.awake().microphone(DeviceState::Muted);
    assert!(rig.shows("! microphone muted?") && rig.shows("zeros"), "{}", rig.screen());
}

#[test]
fn a_device_that_nobody_saw_leave_is_not_said_to_be_back() {
    let mut rig = Rig::new(80, 24);
    rig.wait(100).microphone(DeviceState::Lost("unplugged".into())).wait(200).microphone(DeviceState::Open("USB".into()));
    assert!(!rig.shows("is back"), "{}", rig.screen());
    rig.microphone(DeviceState::Lost("unplugged".into())).wait(2000).microphone(DeviceState::Open("USB".into()));
    assert!(rig.shows("the microphone is back: USB"));
    rig.wait(10_000);
    assert!(!rig.shows("is back"));
}

#[test]
fn notes_of_the_start_are_one_line_and_whole_on_demand() {
    let mut rig = Rig::new(40, 10);
    let notes = ["the voice is small", "there is no writer"].map(str::to_owned);
    assert_eq!(folded(&notes).as_deref(), Some("2 notes: /notes"));
    assert_eq!(folded(&[]), None);
    rig.model.warnings = notes.to_vec();
    rig.awake().type_text("/notes").keys("Enter");
    assert!(rig.shows("the voice is small") && rig.shows("there is no writer"), "{}", rig.screen());
}

#[test]
fn a_list_leads_back_to_where_it_was_opened() {
    let mut rig = Rig::new(80, 24);
    rig.awake().type_text("/voice").keys("Enter Esc");
    assert_eq!(rig.model.over, Over::Nothing);
    rig.keys("Ctrl-P").type_text("voice").keys("Enter Esc");
    assert!(matches!(&rig.model.over, Over::Palette(palette) if palette.page == Page::Root));
}

#[test]
fn help_that_goes_on_below_says_so() {
    let mut rig = Rig::new(100, 30);
    rig.keys("F1");
    assert!(rig.shows("↓ more"), "{}", rig.screen());
    for _ in 0..10 {
        rig.keys("PgDn");
    }
    assert!(!rig.shows("↓ more"), "{}", rig.screen());
}
