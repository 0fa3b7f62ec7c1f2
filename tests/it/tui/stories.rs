//! Stories at the terminal: the screen before, keys, the screen after.

use std::{fs, process::Command};

use super::pty::{Pty, Setup};

/// Idle, and without the documents: a build without their store could answer nothing.
fn ready(setup: &Setup) -> Pty {
    let mut pty = Pty::start(setup);
    pty.until_shows("● idle").keys("/docs off\r").until_shows("documents: off");
    pty
}

#[test]
fn a_typed_question_is_answered_kept_and_listed() {
    let mut pty = ready(&Setup::default());
    pty.keys("hello there").until_shows("› hello there").keys("\r").until_shows("You asked: hello there");
    pty.until_shows("● idle").keys("\x04");
    assert_eq!(pty.ended().code(), Some(0));
    pty.is_given_back().unwrap();
    let mut list = Command::new(env!("CARGO_BIN_EXE_xnai"));
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
        list.env(name, pty.home.path());
    }
    let output = list.args(["sessions", "list"]).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(listed.contains("hello there"), "{listed}");
}

#[test]
fn an_answer_is_copied_into_the_clipboard() {
    let mut pty = ready(&Setup::default());
    pty.keys("one\r").until_shows("You asked: one").until_shows("● idle").keys("\x19").until_shows("copied");
    assert_eq!(pty.terminal().parser.callbacks().copied, b"WW91IGFza2VkOiBvbmU=");
}

#[test]
fn help_palette_and_commands_are_a_key_away() {
    let mut pty = ready(&Setup::default());
    pty.keys("?").until_shows("Keys and commands").keys("\x1b").until_gone("Keys and commands");
    pty.keys("\x10").until_shows("What would you like?").keys("theme").until_shows("Theme").keys("\r").until_shows("theme: light");
    pty.keys("/speed 9\r").until_shows("/speed takes 0.5 to 2").keys("\x03");
    pty.keys("/quit\r");
    assert_eq!(pty.ended().code(), Some(0));
    pty.is_given_back().unwrap();
}

#[test]
fn without_a_sound_card_it_says_so_and_answers_in_text() {
    if cfg!(feature = "audio") {
        // There the machine may have one; `audio` tests take it away.
        return;
    }
    let mut pty = ready(&Setup::default());
    pty.until_shows("type instead, the microphone is gone").keys("still here\r").until_shows("You asked: still here");
}

#[test]
fn the_first_run_greets_once() {
    let mut pty = Pty::start(&Setup { greeted: false, ..Setup::default() });
    pty.until_shows("Welcome to xnai").keys("\r").until_gone("Welcome").keys("\x04");
    pty.ended();
    assert!(fs::exists(pty.home.path().join("xnai/greeted")).unwrap());
}

#[test]
fn the_smallest_screen_shows_words_and_grows() {
    let mut pty = ready(&Setup { size: (40, 10), ..Setup::default() });
    pty.keys("small\r").until_shows("You asked: small");
    pty.resize(120, 40).until_shows("Last turn").resize(40, 10).until_gone("Last turn").until_shows("You asked: small");
}

#[test]
fn no_color_is_obeyed() {
    let mut pty = ready(&Setup { env: vec![("NO_COLOR", "1")], ..Setup::default() });
    pty.keys("grey\r").until_shows("You asked: grey").keys("\x10").until_shows("What would you like?");
    let terminal = pty.terminal();
    let screen = terminal.parser.screen();
    let cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
    assert!(cells.into_iter().all(|cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default));
}

#[test]
fn the_keys_say_how_the_talk_key_works_here() {
    let mut pty = ready(&Setup { kitty: true, ..Setup::default() });
    // With a microphone it listens while the key is down; without one it says so.
    let taken = |text: String| text.contains("● listening") || text.contains("type your question instead");
    pty.keys("\x1b[32;1:1u").until("the talk key", |screen| taken(screen.contents())).keys("\x1b[32;1:3u").until_gone("● listening");
    // A letter under the protocol, then one as usual.
    pty.keys("\x1b[97;1:1u").keys("b").until_shows("› ab");
}

#[test]
fn the_wheel_scrolls_and_a_click_takes_a_line_of_the_menu() {
    let mut pty = ready(&Setup::default());
    // 65 is a notch of the wheel, 0 the left button; columns and rows are counted from 1.
    pty.keys("?").until_shows("Keys and commands").until_shows("Space").keys(&"\x1b[<65;20;10M".repeat(30)).until_shows("/export");
    pty.keys("\x1b")
        .until_gone("Keys and commands")
        .keys("\x10")
        .until_shows("What would you like?")
        .keys("theme")
        .until_gone("Hands-free");
    let screen = pty.screen();
    let row = screen.lines().position(|line| line.contains("Theme")).unwrap() + 1;
    pty.keys(&format!("\x1b[<0;40;{row}M\x1b[<0;40;{row}m")).until_shows("theme: light");
}

#[test]
fn sequences_that_are_pasted_or_asked_do_nothing() {
    let mut pty = ready(&Setup::default());
    pty.keys("\x1b[200~see \x1b]0;owned\x07\x1b[2J\x1b[?25l\x1b[?1049l this\u{202e}\x1b[201~");
    pty.until_shows("see ").keys("\r").until_shows("You asked: see ");
    let terminal = pty.terminal();
    assert_eq!(terminal.parser.callbacks().title, None);
    assert!(terminal.parser.screen().alternate_screen());
    assert!(terminal.parser.screen().contents().contains("this"));
}

#[test]
fn a_session_is_taken_up_again() {
    let mut pty = ready(&Setup::default());
    pty.keys("remember me\r").until_shows("You asked: remember me").until_shows("● idle");
    // The list of commands hides the question while the command is typed: gone it is not before the new one is told.
    pty.keys("/new\r")
        .until_shows("A new conversation")
        .until_gone("remember me")
        .keys("/resume\r")
        .until_shows("› remember me")
        .until_shows("Going on from here");
}

#[test]
fn a_question_typed_in_the_last_moment_is_kept() {
    let mut pty = ready(&Setup::default());
    pty.keys("is this lost?\r\x04");
    assert_eq!(pty.ended().code(), Some(0));
    pty.is_given_back().unwrap();
    assert!(shown(&pty).contains("you: is this lost?"), "{}", shown(&pty));
}

#[test]
fn what_was_said_before_a_signal_is_kept() {
    let mut pty = ready(&Setup::default());
    pty.keys("first\r").until_shows("You asked: first").keys("second\r").until_shows("› second");
    pty.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(pty.ended().code(), Some(130));
    let shown = shown(&pty);
    assert!(shown.contains("you: first") && shown.contains("you: second"), "{shown}");
}

/// The last session as the verb shows it.
fn shown(pty: &Pty) -> String {
    let mut show = Command::new(env!("CARGO_BIN_EXE_xnai"));
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
        show.env(name, pty.home.path());
    }
    String::from_utf8(show.args(["sessions", "show"]).output().unwrap().stdout).unwrap()
}

#[test]
fn a_theme_that_was_chosen_is_kept_and_the_configuration_is_not_written() {
    let mut pty = ready(&Setup::default());
    let before = fs::read_to_string(pty.home.path().join("xnai.toml")).unwrap();
    pty.keys("/theme light\r").until_shows("theme: light").keys("/voice zzz\r").until_shows("voice: zzz").keys("\x04");
    assert_eq!(pty.ended().code(), Some(0));
    let kept = fs::read_to_string(pty.home.path().join("xnai/choices.toml")).unwrap();
    assert_eq!(kept, "theme = \"light\"\nvoice = \"zzz\"\n", "the fake voice knows every name");
    assert_eq!(fs::read_to_string(pty.home.path().join("xnai.toml")).unwrap(), before);
}
