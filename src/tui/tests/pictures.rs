//! Pictures at three sizes: the smallest that is supported, the usual one, and one with room for figures.

use std::time::Instant;

use insta::assert_snapshot;

use super::rig::Rig;
use crate::{
    pipeline::{
        conductor::{Ear, Voice, Work},
        meter::Timings,
        news::DeviceState,
    },
    tui::model::Over,
    turn::TurnId,
};

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (120, 40)];

fn pictures(name: &str, story: impl Fn(&mut Rig)) {
    for (columns, rows) in SIZES {
        let mut rig = Rig::new(columns, rows);
        story(&mut rig);
        assert_snapshot!(format!("{name}-{columns}x{rows}"), rig.screen());
    }
}

#[test]
fn at_the_beginning() {
    pictures("beginning", |rig| {
        rig.awake().microphone(DeviceState::Open("USB Microphone".into()));
    });
}

#[test]
fn while_it_answers() {
    pictures("answering", |rig| {
        rig.moon();
    });
}

#[test]
fn while_the_user_speaks() {
    pictures("listening", |rig| {
        rig.moon().keys("Space").begin(crate::pipeline::news::Origin::Key);
        rig.doing(Ear::Listening, Work::Idle, Voice::Idle).level(-12.0, true);
        rig.tell(crate::pipeline::Notice::Partial { stable: "and how".into(), rest: "long is a".into() });
    });
}

#[test]
fn without_a_microphone() {
    pictures("no-microphone", |rig| {
        rig.awake().microphone(DeviceState::Lost("no sound device was found".into()));
    });
}

#[test]
fn with_the_palette() {
    pictures("palette", |rig| {
        rig.moon().keys("Ctrl-P").type_text("sp");
    });
}

#[test]
fn with_the_help() {
    pictures("help", |rig| {
        rig.keys("?");
    });
}

#[test]
fn with_a_passage() {
    pictures("passage", |rig| {
        rig.moon().keys("Ctrl-O");
    });
}

#[test]
fn at_the_first_run() {
    pictures("greeting", |rig| {
        rig.awake().microphone(DeviceState::Open("USB Microphone".into()));
        rig.model.models = vec![("ear".into(), "whisper-nano".into()), ("writer".into(), "quote (no model)".into())];
        rig.model.warnings = vec!["the ear hears only synthetic voices".into()];
        rig.model.over = Over::Greeting { scroll: 0 };
    });
}

#[test]
fn no_size_is_too_small_or_too_large() {
    for columns in [0, 1, 2, 5, 13, 39, 59, 60, 103, 104, 400] {
        for rows in [0, 1, 2, 3, 5, 9, 15, 16, 120] {
            let mut rig = Rig::new(columns, rows);
            rig.moon().microphone(DeviceState::Lost("gone".into()));
            for over in ["Ctrl-P", "Esc", "F1", "Esc", "Ctrl-O", "Esc", "Ctrl-F"] {
                let _ = rig.keys(over).screen();
            }
            rig.keys("Esc").type_text("several words that are typed\nin").keys("Alt-Enter").type_text("lines").screen();
        }
    }
}

#[test]
fn the_figures_of_the_last_turn_fit_and_the_turns_before_have_the_room_that_is_left() {
    let mut timings = Timings::from(Instant::now());
    timings.transcript_ms = Some(120.0);
    timings.passages_ms = Some(150.0);
    timings.first_token_ms = Some(350.0);
    timings.first_fragment_ms = Some(370.0);
    timings.certain_ms = Some(700.0);
    timings.first_sample_ms = Some(880.0);
    let all = " hear 120 › find 30 › write 200 › phrase 20 › pause 330 › voice 180 = 880 ms";
    for (columns, shown) in [(80, format!("{all} █")), (60, " hear 120 › write 200 › pause 330 › voice 180 = 880 ms ▇▇██".into())]
    {
        let mut rig = Rig::new(columns, 24);
        rig.model.meters.current = Some((TurnId::NONE, timings.clone()));
        rig.model.meters.last = (1..=20).map(f64::from).collect();
        assert!(rig.shows(&shown), "{}", rig.screen());
    }
}
