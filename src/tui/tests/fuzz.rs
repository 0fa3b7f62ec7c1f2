//! Hostile texts (ten thousand in optimised builds) in every place that text comes from: nothing but printable text reaches the terminal.

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};

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
        model::Over,
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
    for (at, piece) in text.split('\x1b').enumerate() {
        let printed = if at == 0 { Some(piece) } else { behind_ours(piece) };
        let odd = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{2066}' | '\u{200b}' | '\u{feff}');
        prop_assert!(printed.is_some_and(|printed| !printed.contains(odd)), "{piece:?}");
    }
    let (rows, columns) = (SIZE.1.try_into().unwrap(), SIZE.0.try_into().unwrap());
    let mut terminal = vt100::Parser::new_with_callbacks(rows, columns, 0, Asked::default());
    terminal.process(bytes);
    prop_assert_eq!(&terminal.callbacks().0, &Vec::<String>::new());
    let screen = terminal.screen();
    prop_assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.application_keypad());
    prop_assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    Ok(())
}

/// What follows a sequence that the backend itself writes after an ESC: a place, a look, the cursor shown or hidden.
fn behind_ours(piece: &str) -> Option<&str> {
    let inside = piece.strip_prefix('[')?;
    if let Some(rest) = inside.strip_prefix("?25l").or_else(|| inside.strip_prefix("?25h")) {
        return Some(rest);
    }
    let end = inside.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
    let (numbers, rest) = inside.split_at(end);
    let place = || numbers.split_once(';').is_some_and(|(row, column)| [row, column].iter().all(|n| n.parse::<u16>().is_ok()));
    match rest.as_bytes().first() {
        Some(b'm') => Some(&rest[1..]),
        Some(b'H') if place() => Some(&rest[1..]),
        _ => None,
    }
}

/// Texts in each of two tests that run side by side: a tenth of them where the build is made for speed of building.
const HALF: u32 = if cfg!(debug_assertions) { 250 } else { 5_000 };

fn half_of_them() {
    let mut runner = TestRunner::new(Config { cases: HALF, failure_persistence: None, ..Config::default() });
    let turns = std::cell::Cell::new(0_usize);
    let story = |text: String| {
        turns.set(turns.get() + 1);
        let mut rig = everywhere(&text);
        is_harmless(&sent(&mut rig))?;
        // Every text in every view; in quick builds each in one of them.
        let views = if cfg!(debug_assertions) { turns.get() % 4..turns.get() % 4 + 1 } else { 0..4 };
        for view in views {
            look_at(&mut rig, view, &text);
            is_harmless(&sent(&mut rig))?;
            rig.keys("Esc");
        }
        Ok(())
    };
    runner.run(&hostile(), story).unwrap();
}

/// A view over the transcript, with this text in it.
fn look_at(rig: &mut Rig, view: usize, text: &str) {
    rig.keys("Ctrl-C");
    match view {
        0 => {
            rig.keys("Ctrl-O");
            assert!(matches!(rig.model.over, Over::Passage { .. }));
        }
        1 => {
            rig.keys("Ctrl-P").event(Event::Pasted(text.to_owned()));
            assert!(matches!(rig.model.over, Over::Palette(_)));
        }
        2 => {
            rig.type_text("/voice").keys("Enter");
            rig.event(Event::Listed(Kind::Voices, vec![Choice::new(text, text)]));
            assert!(matches!(rig.model.over, Over::Palette(_)));
        }
        _ => {
            rig.keys("Ctrl-F").event(Event::Pasted(text.to_owned()));
            assert_eq!(rig.model.over, Over::Search);
        }
    }
}

#[test]
fn hostile_texts_print_and_do_nothing_else() {
    half_of_them();
}

#[test]
fn the_other_half_of_the_hostile_texts() {
    half_of_them();
}

/// The check itself can fail.
#[test]
fn a_sequence_that_slipped_through_would_be_noticed() {
    for bytes in
        [b"\x1b[2J".as_slice(), b"\x07", b"\x1b]0;owned\x07", "\u{202e}".as_bytes(), b"\x1b[?1049h", b"\x1b[5n", b"\x1b[6H", b"\x1b"]
    {
        assert!(is_harmless(bytes).is_err(), "{bytes:?}");
    }
}
