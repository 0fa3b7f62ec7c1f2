//! What can be chosen: by palette, by command, at the first run, among earlier sessions.

use super::rig::Rig;
use crate::{
    pipeline::{
        live::Command,
        news::{News, Stays},
        worker::Engine,
    },
    sessions::{Citation, Ending, Entry, clerk},
    talk::kept::Choices,
    tui::{
        choices::{Choice, Kind},
        event::{Effect, Event},
        model::{Focus, Over},
        theme::Theme,
    },
};

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
        ("/speed 1.2", Command::Speed(1.2)),
        ("/volume 80", Command::Volume(0.8)),
        ("/handsfree on", Command::HandsFree(true)),
        ("/docs off", Command::Documents(false)),
        ("/aloud off", Command::Aloud(false)),
        ("/edit on", Command::Edit(true)),
        ("/pause", Command::Pause(true)),
        ("/new", Command::Silence),
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
    let citations = vec![Citation { source: "docs/moon.md".into(), title: "The Moon".into(), span: [0, 9] }];
    let whole = Entry { question: "How far?".into(), answer: "Very [1].".into(), citations, ..Entry::default() };
    let cut = Entry { question: "Why?".into(), answer: "One. Two.".into(), heard: Some("One.".into()), ..Entry::default() };
    let past = vec![whole, Entry { ended: Ending::Interrupted, ..cut }];
    rig.effects.clear();
    rig.event(Event::Recalled(past.clone()));
    assert!(rig.shows("› How far?\n  Very [1].\n  [1] The Moon\n"), "{}", rig.screen());
    assert!(rig.shows("› Why?\n  One. Two.\n· interrupted here\n"), "{}", rig.screen());
    let told: Vec<_> = past.iter().filter_map(Entry::exchange).collect();
    assert_eq!((told[1].answer.as_str(), rig.sent()), ("One.", vec![Command::Recall(told.clone())]));
    rig.keys("Ctrl-O");
    assert!(rig.shows("[1] of 1  The Moon") && rig.shows("only where it stands was kept"), "{}", rig.screen());
}

#[test]
fn nothing_changes_before_the_disk_has_another_conversation() {
    let mut rig = Rig::new(80, 24);
    rig.moon().effects.clear();
    rig.type_text("/new").keys("Enter");
    assert_eq!(rig.effects, [Effect::Send(Command::Silence), Effect::Fresh]);
    assert!(rig.shows("384,400"), "the old one is still there");
    rig.effects.clear();
    rig.event(Event::Stayed("the disk is full".into()));
    assert!(rig.shows("384,400") && rig.shows("the disk is full") && rig.sent().is_empty(), "and stays");
    rig.type_text("/new").keys("Enter").effects.clear();
    rig.event(Event::Begun);
    assert!(!rig.shows("384,400") && rig.shows("A new conversation"), "{}", rig.screen());
    assert_eq!(rig.sent(), [Command::Recall(vec![])]);
}

#[test]
fn whoever_asks_before_the_disk_has_answered_is_told_to_wait() {
    for (line, answer) in [("/resume", Event::Recalled(vec![])), ("/new", Event::Begun), ("/resume x", Event::Stayed("no".into()))] {
        let mut rig = Rig::new(80, 24);
        rig.type_text(line).keys("Enter").effects.clear();
        rig.type_text("How far?").keys("Enter");
        assert!(rig.effects.is_empty() && rig.shows("the disk has not answered yet"), "{:?}", rig.effects);
        assert_eq!(rig.model.input.text(), "How far?", "nothing is lost");
        rig.keys("Ctrl-C Space -Space");
        assert!(!rig.sent().contains(&Command::Press), "neither by the talk key");
        for another in ["/new", "/resume"] {
            rig.model.input.take();
            rig.type_text(another).keys("Enter");
            assert_eq!(rig.model.input.text(), another, "nor is a command");
        }
        rig.model.input.take();
        assert!(!rig.effects.iter().any(|effect| matches!(effect, Effect::Fresh | Effect::Resume(_))), "one at a time");
        rig.event(answer).sent();
        rig.type_text("How far?").keys("Enter");
        assert_eq!(rig.sent(), [Command::Ask("How far?".into())], "{line}");
    }
}

#[test]
fn a_disk_that_never_answers_keeps_nobody_from_asking() {
    let mut rig = Rig::new(80, 24);
    rig.type_text("/new").keys("Enter").effects.clear();
    rig.event(Event::Tick(rig.model.now + clerk::TURN));
    rig.type_text("How far?").keys("Enter");
    assert_eq!(rig.sent(), [Command::Ask("How far?".into())]);
}

#[test]
fn the_first_run_can_be_ended_by_asking() {
    let mut rig = Rig::new(80, 24);
    rig.model.over = Over::Greeting { scroll: 0 };
    rig.keys("Space -Space");
    assert_eq!((rig.sent(), rig.model.over.clone()), (vec![Command::Press, Command::Release], Over::Greeting { scroll: 0 }));
    rig.keys("Down Up PgDn");
    assert!(rig.effects.is_empty() && matches!(rig.model.over, Over::Greeting { .. }), "that scrolls");
    rig.type_text("How far?");
    assert_eq!((rig.effects.as_slice(), rig.model.input.text()), ([Effect::Greeted].as_slice(), "How far?".into()));
}

#[test]
fn on_the_smallest_screen_the_first_run_can_be_read_to_its_end() {
    let mut rig = Rig::new(40, 10);
    rig.model.models = vec![("ear".into(), "whisper-nano".into()), ("writer".into(), "quote (no model)".into())];
    rig.model.warnings = vec!["the ear hears only synthetic voices".into()];
    rig.model.over = Over::Greeting { scroll: 0 };
    assert!(rig.shows("Ask me something") && rig.shows("Enter begins.") && rig.shows("↓"), "{}", rig.screen());
    let mut seen = rig.screen();
    for _ in 0..20 {
        seen += &rig.keys("Down").screen();
        assert!(rig.shows("Enter begins."), "the way out stays in sight: {}", rig.screen());
    }
    for text in ["whisper-nano", "quote (no model)", "only synthetic", "ingest FOLDER."] {
        assert!(seen.contains(text), "{text} was never shown: {seen}");
    }
    assert!(rig.shows("ingest FOLDER.") && !rig.shows("↓"), "the end: {}", rig.screen());
    let end = rig.screen();
    assert_ne!(rig.keys("Up").screen(), end, "one row back at once, however often the key was pressed");
    rig.keys("Enter");
    assert_eq!((rig.effects.as_slice(), rig.model.over.clone()), ([Effect::Greeted].as_slice(), Over::Nothing));
}

#[test]
fn beside_a_window_stands_no_half_word() {
    for (columns, rows) in [(40, 10), (80, 24)] {
        let mut rig = Rig::new(columns, rows);
        rig.moon();
        for window in ["Ctrl-P", "F1", "Ctrl-O"] {
            rig.keys(window);
            let screen = rig.screen();
            for framed in screen.lines().filter(|line| line.contains(['│', '╭', '╰'])) {
                let alone = framed.trim().starts_with(['│', '╭', '╰']) && framed.trim().ends_with(['│', '╮', '╯']);
                assert!(alone, "{window} at {columns}x{rows}: {framed}\n{screen}");
            }
            rig.keys("Esc");
        }
    }
}

#[test]
fn a_typed_name_is_looked_for_before_it_is_taken() {
    let cases = [
        ("/voice am_adam", Kind::Voices, Command::Voice("am_adam".into())),
        ("/model qwen", Kind::Models, Command::Model("qwen".into())),
        ("/input USB", Kind::Inputs, Command::Input("USB".into())),
        ("/output 1", Kind::Outputs, Command::Output("1".into())),
    ];
    for (line, kind, command) in cases {
        let mut rig = Rig::new(80, 24);
        let name = line.split_once(' ').unwrap().1.to_owned();
        rig.type_text(line).keys("Enter");
        assert_eq!(rig.effects, [Effect::Check(kind, name.clone())], "{line}");
        rig.event(Event::Said("there is no such one".into()));
        assert!(rig.sent().is_empty() && rig.model.knobs.voice == "af_heart", "refused, nothing changes");
        rig.event(Event::Named(kind, name));
        assert_eq!(rig.sent(), [command]);
    }
}

#[test]
fn a_voice_that_cannot_be_opened_is_none_and_the_one_before_is() {
    let mut rig = Rig::new(80, 24);
    let before = rig.model.choices();
    rig.event(Event::Obeyed(Command::Voice("broken".into())));
    let stays = |refused: &str| {
        let (refused, name, why) = (refused.to_owned(), "af_heart".to_owned(), "it is no voice".to_owned());
        News::Stays(Stays { engine: Engine::Voice, refused, name, why })
    };
    rig.news(stays("another"));
    assert_eq!(rig.model.knobs.voice, "broken", "something else was chosen since");
    rig.news(stays("broken"));
    assert!(rig.shows("the voice stays as it was: it is no voice"), "{}", rig.screen());
    assert_eq!(rig.model.choices(), before);
}

#[test]
fn a_slash_lists_the_commands_and_tab_goes_through_them() {
    let mut rig = Rig::new(80, 24);
    rig.type_text("/");
    assert!(rig.shows(" /help ") && rig.shows("/talk") && rig.shows("more: Tab goes through them"), "{}", rig.screen());
    rig.type_text("vo");
    assert!(rig.shows("/voice NAME") && rig.shows("/volume 0 to 100") && !rig.shows("/talk"), "{}", rig.screen());
    rig.keys("Tab Tab");
    assert_eq!(rig.model.input.text(), "/volume");
    assert!(rig.shows("/voice NAME"), "the others stay in sight: {}", rig.screen());
    rig.keys("Ctrl-C").type_text("/").keys("Enter");
    assert!(rig.shows("/help") && rig.shows("/talk") && matches!(rig.model.over, Over::Help { .. }), "{}", rig.screen());
    rig.keys("Esc").type_text("/xyz").keys("Tab");
    assert_eq!((rig.model.input.text(), rig.model.focus), ("/xyz".into(), Focus::Input), "letters stay letters");
}

#[test]
fn what_is_chosen_is_told_from_what_was_so() {
    let mut rig = Rig::new(80, 24);
    let before = rig.model.choices();
    rig.moon().keys("Ctrl-T Ctrl-S");
    assert_eq!(rig.model.choices().since(&before), Choices::default(), "hands-free and pause are not kept");
    rig.type_text("/theme light").keys("Enter").event(Event::Obeyed(Command::Voice("bm_george".into())));
    let expected = Choices { theme: Some(Theme::Light), voice: Some("bm_george".into()), ..Choices::default() };
    assert_eq!(rig.model.choices().since(&before), expected);
}
