//! Ten thousand hostile texts in every place that text comes from: nothing but printable text reaches the terminal.

use std::{
    io::Write,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};

use regex::Regex;

use super::rig::Rig;
use crate::{
    error::{Error, Room},
    parcel::Finish,
    pipeline::{
        News, Notice,
        news::{DeviceState, Origin},
    },
    tui::{
        choices::{Choice, Kind},
        event::Event,
        update::fit,
        view,
    },
};

const SIZE: (u16, u16) = (48, 14);

/// What a hostile text is made of: sequences that do something, pieces of them, and ordinary words between.
const PIECES: [&str; 40] = [
    "\x1b[2J",
    "\x1b[?25l",
    "\x1b[?1049l",
    "\x1b]0;owned\x07",
    "\x1b]2;owned\x1b\\",
    "\x1b]52;c;b3duZWQ=\x07",
    "\x1b[31m",
    "\x1b[8m",
    "\x1bP+q\x1b\\",
    "\x1bc",
    "\x1b[6n",
    "\x1b[c",
    "\x1b[>7u",
    "\x1b[?1000h",
    "\x1b[?2004l",
    "\x1b",
    "[",
    "\u{9b}2J",
    "\u{9d}0;owned\u{9c}",
    "\u{90}",
    "\x07",
    "\x08\x08",
    "\r",
    "\n",
    "\t",
    "\x0e",
    "\x7f",
    "\0",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{e0041}",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "日本",
    "🙂",
    "plain words ",
    "[1] ",
    "\u{2028}",
    "\u{ad}",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(PIECES.as_slice()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "\\PC{0,12}",
        1 => "[\\x00-\\x1f\\x7f-\\u{9f}]{1,6}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What the terminal was sent.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<u8>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Notes everything that a picture should never ask of a terminal.
#[derive(Default)]
struct Asked(Vec<String>);

impl vt100::Callbacks for Asked {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".into());
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("flash".into());
    }
    fn resize(&mut self, _: &mut vt100::Screen, _: (u16, u16)) {
        self.0.push("resize".into());
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("icon".into());
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("title".into());
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], _: &[u8]) {
        self.0.push("copy".into());
    }
    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("paste".into());
    }
    fn unhandled_char(&mut self, _: &mut vt100::Screen, c: char) {
        // The sign for what could not be decoded prints as such.
        if c != '\u{fffd}' {
            self.0.push(format!("{c:?}"));
        }
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, b: u8) {
        self.0.push(format!("control {b}"));
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, b: u8) {
        self.0.push(format!("escape {b}"));
    }
    fn unhandled_csi(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        // The colour of underlines, which this terminal does not know.
        if !(c == 'm' && params == [&[59]]) {
            self.0.push(format!("csi {params:?} {c}"));
        }
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, _: &[&[u8]]) {
        self.0.push("osc".into());
    }
}

/// The text in every place where it can come from outside.
fn everywhere(text: &str) -> Rig {
    let mut rig = Rig::new(SIZE.0, SIZE.1);
    let again = |rest: &str| format!("{rest}{text}");
    rig.microphone(DeviceState::Open(again("mic "))).news(News::Note(again("note "))).begin(Origin::Key);
    rig.tell(Notice::Partial { stable: again("sure "), rest: again("perhaps ") }).heard(&again("heard "));
    rig.passages(&[(text, text, text), ("", text, text)]).piece(text).piece(&again("piece "));
    rig.fragment(0, text).tell(Notice::Sounding(0));
    rig.tell(Notice::Written(Finish { notes: vec![again("finish ")], ..Finish::default() }));
    rig.tell(Notice::Failed(Error::replace(Room::Rag, again("failed ")).hint(text)));
    rig.event(Event::Pasted(again("pasted ")));
    rig
}

/// Draws, and gives what was sent.
fn sent(rig: &mut Rig) -> Vec<u8> {
    fit(&mut rig.model);
    let wire = Wire::default();
    let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
    let mut terminal = Terminal::with_options(CrosstermBackend::new(wire.clone()), TerminalOptions { viewport }).unwrap();
    terminal.draw(|frame| view::draw(&rig.model, frame)).unwrap();
    std::mem::take(&mut *wire.0.lock().unwrap_or_else(PoisonError::into_inner))
}

fn is_harmless(bytes: &[u8]) -> Result<(), TestCaseError> {
    let text = std::str::from_utf8(bytes).map_err(|e| TestCaseError::fail(e.to_string()))?;
    // Of control characters only ESC is left, and each begins a sequence that the backend itself writes.
    static OURS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\x1b\[(\d+;\d+H|[\d;:]*m|\?25[lh])").unwrap());
    let rest = OURS.replace_all(text, "");
    let odd = rest.chars().find(|c| c.is_control() || *c == '\u{202e}' || *c == '\u{2066}' || *c == '\u{200b}' || *c == '\u{feff}');
    prop_assert_eq!(odd, None, "{:?}", rest);
    let (rows, columns) = (SIZE.1.try_into().unwrap(), SIZE.0.try_into().unwrap());
    let mut terminal = vt100::Parser::new_with_callbacks(rows, columns, 0, Asked::default());
    terminal.process(bytes);
    prop_assert_eq!(&terminal.callbacks().0, &Vec::<String>::new());
    let screen = terminal.screen();
    prop_assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.application_keypad());
    prop_assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    Ok(())
}

/// Half of ten thousand texts: two tests run side by side.
fn five_thousand() {
    let mut runner = TestRunner::new(Config { cases: 5_000, failure_persistence: None, ..Config::default() });
    let story = |text: String| {
        let mut rig = everywhere(&text);
        is_harmless(&sent(&mut rig))?;
        // One of the other views each time: all of them would take minutes.
        match text.len() % 4 {
            0 => {
                rig.keys("Ctrl-C Ctrl-O");
            }
            1 => {
                rig.keys("Ctrl-C Ctrl-P").event(Event::Pasted(text.clone()));
            }
            2 => {
                rig.keys("Ctrl-C").type_text("/voice").keys("Enter");
                rig.event(Event::Listed(Kind::Voices, vec![Choice::new(text.as_str(), text.as_str())]));
            }
            _ => {
                rig.keys("Ctrl-C Ctrl-F").event(Event::Pasted(text.clone()));
            }
        }
        is_harmless(&sent(&mut rig))
    };
    runner.run(&hostile(), story).unwrap();
}

#[test]
fn ten_thousand_hostile_texts_print_and_do_nothing_else() {
    five_thousand();
}

#[test]
fn the_other_five_thousand_of_them() {
    five_thousand();
}

/// The check itself can fail.
#[test]
fn a_sequence_that_slipped_through_would_be_noticed() {
    for bytes in [b"\x1b[2J".as_slice(), b"\x07", b"\x1b]0;owned\x07", "\u{202e}".as_bytes(), b"\x1b[?1049h"] {
        assert!(is_harmless(bytes).is_err(), "{bytes:?}");
    }
}
