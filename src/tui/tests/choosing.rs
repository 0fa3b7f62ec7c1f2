//! What can be chosen: by palette, by command, at the first run, among earlier sessions.

use super::rig::Rig;
use crate::{
    pipeline::live::Command,
    sessions::{Citation, Ending, Entry},
    tui::{
        choices::{Choice, Kind},
        event::{Effect, Event},
        model::Over,
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
    for text in ["whisper-nano", "quote (no model)", "synthetic voices", "ingest FOLDER."] {
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
