//! What follows from what: each a story of events, commands sent, and what is seen.

use ratatui::{
    crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind},
    style::Modifier,
};

use super::rig::Rig;
use crate::{
    error::{Error, Room},
    parcel::Exchange,
    pipeline::{
        News, Notice,
        conductor::{Ear, Voice, Work},
        live::Command,
        news::{DeviceState, Origin},
    },
    tui::{
        TalkKey,
        choices::{Choice, Kind},
        event::{Effect, Event},
        model::{Focus, Over, State},
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
fn what_is_being_heard_is_marked_and_partial_words_are_grey() {
    let mut rig = Rig::new(80, 24);
    rig.moon();
    let (buffer, screen) = (rig.buffer(), rig.screen());
    let place = |text: &str| {
        let (y, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        (line[..line.find(text).unwrap()].chars().count() as u16, y as u16)
    };
    let underlined = |text: &str| buffer[place(text)].modifier.contains(Modifier::UNDERLINED);
    assert_eq!((underlined("The moon is"), underlined("It moves")), (false, true));
    rig.begin(Origin::Key).tell(Notice::Partial { stable: "sure".into(), rest: "perhaps".into() });
    let (buffer, screen) = (rig.buffer(), rig.screen());
    let y = screen.lines().position(|line| line.contains("sure perhaps")).unwrap() as u16;
    assert_ne!(buffer[(2, y)].fg, buffer[(8, y)].fg);
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
    assert!(rig.shows("microphone gone: type instead (unplugged)") && !rig.shows("hold to talk"));
    rig.keys("Space -Space");
    assert!(rig.shows("there is no microphone") && rig.sent() == [Command::Silence]);
    rig.microphone(DeviceState::Open("USB".into()));
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
fn citations_open_by_number_key_and_click() {
    let mut rig = Rig::new(80, 24);
    rig.moon().keys("Tab 2");
    assert!(rig.shows("[2] of 2  Tides") && rig.shows("The Moon raises the tides."));
    rig.keys("Right");
    assert!(rig.shows("[1] of 2  The Moon"));
    rig.keys("Esc");
    let screen = rig.screen();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains("[2] Tides")).unwrap();
    let column = line[..line.find("[2]").unwrap()].chars().count() as u16 + 1;
    let click = MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), column, row: row as u16, modifiers: KeyModifiers::NONE };
    rig.event(Event::Mouse(click));
    assert!(matches!(rig.model.over, Over::Passage { citation: 1, .. }), "{:?}", rig.model.over);
}

#[test]
fn the_palette_finds_by_letters_and_lists_what_there_is() {
    let mut rig = Rig::new(80, 24);
    rig.keys("Ctrl-P").type_text("voi").keys("Enter");
    assert_eq!(rig.effects, [Effect::List(Kind::Voices)]);
    assert!(rig.shows("looking…"));
    rig.event(Event::Listed(Kind::Voices, vec![Choice::new("af_heart", ""), Choice::new("am_adam", "")]));
    rig.type_text("adam").keys("Enter");
    assert_eq!(rig.sent(), [Command::Voice("am_adam".into())]);
    assert_eq!(rig.model.over, Over::Nothing);
}

#[test]
fn commands_and_knobs_send_what_they_mean() {
    let cases = [
        ("/voice am_adam", Command::Voice("am_adam".into())),
        ("/speed 1.2", Command::Speed(1.2)),
        ("/volume 80", Command::Volume(0.8)),
        ("/model qwen", Command::Model("qwen".into())),
        ("/input USB", Command::Input("USB".into())),
        ("/output 1", Command::Output("1".into())),
        ("/handsfree on", Command::HandsFree(true)),
        ("/docs off", Command::Documents(false)),
        ("/aloud off", Command::Aloud(false)),
        ("/edit on", Command::Edit(true)),
        ("/pause", Command::Pause(true)),
        ("/new", Command::Recall(vec![])),
    ];
    for (line, command) in cases {
        let mut rig = Rig::new(80, 24);
        rig.type_text(line).keys("Enter");
        assert_eq!(rig.sent(), [command], "{line}");
    }
    let mut rig = Rig::new(80, 24);
    rig.keys("Alt-Right Alt-Right Alt-Left Alt-Down Ctrl-T");
    let expected = [Command::Speed(1.1), Command::Speed(1.2), Command::Speed(1.1), Command::Volume(0.9), Command::HandsFree(true)];
    assert_eq!(rig.sent(), expected);
    rig.type_text("/sped 3").keys("Enter");
    assert!(rig.shows("did you mean /speed?") && rig.model.input.text() == "/sped 3");
    rig.event(Event::Obeyed(Command::Voice("am_adam".into())));
    assert!(rig.shows("voice: am_adam") && rig.model.knobs.voice == "am_adam");
}

#[test]
fn sessions_are_asked_for_and_taken_up() {
    let mut rig = Rig::new(80, 24);
    rig.type_text("/sessions").keys("Enter");
    assert_eq!(rig.effects, [Effect::List(Kind::Sessions)]);
    rig.event(Event::Listed(Kind::Sessions, vec![Choice::new("2026-01-02", "How far?")])).keys("Enter");
    assert_eq!(rig.effects.last(), Some(&Effect::Resume("2026-01-02".into())));
    let past = vec![Exchange { question: "How far?".into(), answer: "Very.".into() }];
    rig.effects.clear();
    rig.event(Event::Recalled(past.clone()));
    assert!(rig.shows("› How far?\n  Very.\n"));
    assert_eq!(rig.sent(), [Command::Recall(past)]);
}

#[test]
fn reading_further_up_is_not_disturbed_and_end_goes_back() {
    let mut rig = Rig::new(80, 24);
    for n in 0..40 {
        rig.begin(Origin::Key).heard(&format!("question {n}")).piece(&format!("answer {n}"));
    }
    assert!(rig.shows("answer 39"));
    rig.keys("PgUp PgUp");
    let before: Vec<_> = rig.screen().lines().take(10).map(str::to_owned).collect();
    assert!(!rig.shows("answer 39") && rig.shows("more · End"));
    rig.piece(" and more");
    assert_eq!(rig.screen().lines().take(10).collect::<Vec<_>>(), before);
    rig.keys("End");
    assert!(rig.shows("answer 39 and more"));
    rig.keys("Home");
    assert!(rig.shows("question 0"));
}

#[test]
fn words_are_found_from_the_end_upwards() {
    let mut rig = Rig::new(80, 24);
    for n in 0..40 {
        rig.begin(Origin::Key).heard(&format!("question {n}")).piece(if n % 10 == 3 { "about the Moon" } else { "about tea" });
    }
    rig.keys("Ctrl-F").type_text("moon");
    assert!(rig.shows("4 of 4") && rig.shows("question 33"), "{}", rig.screen());
    rig.keys("Up");
    assert!(rig.shows("3 of 4") && rig.shows("question 23"));
    rig.keys("Enter n");
    assert_eq!((rig.model.focus, rig.shows("question 13")), (Focus::Reading, true));
    rig.keys("Tab");
    assert!(rig.model.search.query.is_empty());
}

#[test]
fn an_answer_is_copied_as_it_is_read() {
    let mut rig = Rig::new(80, 24);
    rig.keys("Ctrl-Y");
    assert!(rig.effects.is_empty() && rig.shows("no answer to copy"));
    rig.begin(Origin::Key).piece("Two\x1b[2J years. ").keys("Ctrl-Y");
    assert_eq!(rig.effects, [Effect::Copy("Two[2J years.".into())]);
}

#[test]
fn control_c_stops_first_and_leaves_then() {
    let mut rig = Rig::new(80, 24);
    rig.moon().type_text("half a").keys("Ctrl-C Ctrl-C");
    rig.doing(Ear::Idle, Work::Idle, Voice::Idle).keys("Ctrl-C");
    assert_eq!(rig.effects, [Effect::Send(Command::Silence), Effect::Quit]);
}

#[test]
fn the_first_run_can_be_ended_by_asking() {
    let mut rig = Rig::new(80, 24);
    rig.model.over = Over::Greeting;
    rig.keys("Space -Space");
    assert_eq!((rig.sent(), rig.model.over.clone()), (vec![Command::Press, Command::Release], Over::Greeting));
    rig.type_text("How far?");
    assert_eq!((rig.effects.as_slice(), rig.model.input.text()), ([Effect::Greeted].as_slice(), "How far?".into()));
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
fn nothing_new_means_nothing_is_drawn() {
    let mut rig = Rig::new(80, 24);
    rig.level(-30.0, false);
    rig.model.stale = false;
    rig.level(-30.5, false).wait(50);
    assert!(!rig.model.stale);
    rig.level(-20.0, false);
    assert!(rig.model.stale);
}

#[test]
fn a_sentence_leaves_the_status_line_again() {
    let mut rig = Rig::new(80, 24);
    rig.news(News::Note("voice: am_adam".into()));
    assert!(rig.shows("voice: am_adam"));
    rig.wait(7000);
    assert!(!rig.shows("voice: am_adam"));
}

#[test]
fn without_colour_no_cell_has_one() {
    let mut rig = Rig::new(120, 40);
    rig.model.theme = Theme::Mono;
    rig.moon().keys("Ctrl-P");
    let buffer = rig.buffer();
    use ratatui::style::Color::Reset;
    assert!(buffer.content.iter().all(|cell| cell.fg == Reset && cell.bg == Reset));
}
