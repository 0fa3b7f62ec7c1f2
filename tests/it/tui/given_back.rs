//! The terminal is given back: after quitting, signals, crashes, a stop, a shell that was killed, a terminal that closed.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::pty::{Pty, Setup};

fn ready(setup: &Setup) -> Pty {
    let mut pty = Pty::start(setup);
    pty.until_shows("● idle").until("the alternate screen", |screen| screen.alternate_screen());
    pty
}

#[test]
fn after_quitting_by_every_key() {
    for keys in ["\x04", "\x11", "\x03", "/quit\r"] {
        let mut pty = ready(&Setup { kitty: true, ..Setup::default() });
        pty.keys(keys);
        assert_eq!(pty.ended().code(), Some(0), "{keys:?}");
        pty.is_given_back().unwrap_or_else(|wrong| panic!("{keys:?}: {wrong}"));
    }
}

#[test]
fn after_signals_that_ask() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut pty = ready(&Setup { kitty: true, ..Setup::default() });
        pty.signal(signal);
        assert_eq!(pty.ended().code(), Some(130), "{signal}");
        pty.is_given_back().unwrap_or_else(|wrong| panic!("{signal}: {wrong}"));
    }
}

#[test]
fn after_crashes_which_stay_crashes() {
    for signal in [Signal::SIGABRT, Signal::SIGSEGV, Signal::SIGILL, Signal::SIGFPE] {
        let mut pty = ready(&Setup { kitty: true, ..Setup::default() });
        pty.signal(signal);
        assert_eq!(pty.ended().signal(), Some(signal as i32));
        pty.is_given_back().unwrap_or_else(|wrong| panic!("{signal}: {wrong}"));
    }
}

#[test]
fn while_it_is_stopped_and_taken_again_after() {
    let script = "\"$0\"; echo the shell has it; read -r _; fg; echo the shell goes on";
    let mut pty = ready(&Setup { shell: Some(script), ..Setup::default() });
    pty.keys("/docs off\r").until_shows("documents: off").keys("before\r").until_shows("You asked: before");
    pty.keys("\x1a").until_shows("the shell has it");
    pty.is_given_back().unwrap();
    pty.keys("\n").until_shows("You asked: before").keys("after\r").until_shows("You asked: after");
    pty.keys("\x04").until_shows("the shell goes on");
    pty.is_given_back().unwrap();
}

const SHELL: &str = "\"$0\"; echo the shell goes on";

#[test]
fn after_the_shell_that_started_it_was_killed() {
    let mut pty = ready(&Setup { shell: Some(SHELL), ..Setup::default() });
    pty.signal(Signal::SIGKILL).ended();
    pty.is_given_back().unwrap();
}

#[test]
fn to_a_shell_that_goes_on() {
    let mut pty = ready(&Setup { shell: Some(SHELL), ..Setup::default() });
    pty.keys("\x04").until_shows("the shell goes on");
    pty.is_given_back().unwrap();
}

#[test]
fn a_terminal_that_was_closed_ends_it() {
    let mut pty = ready(&Setup::default());
    pty.hang_up();
    assert_eq!(pty.ended().code(), Some(130));
}

/// Whoever started it, between it and the shell, is killed: the shell has the terminal again, and it must not stay
/// behind and take keys from the shell.
#[test]
fn after_its_parent_was_killed_and_the_shell_went_on() {
    let script = "sh -c 'echo parent=$$=; \"$0\"; true' \"$0\"; echo the shell has it; read -r _";
    let mut pty = ready(&Setup { shell: Some(script), ..Setup::default() });
    let said = String::from_utf8_lossy(&pty.terminal().bytes).into_owned();
    let parent: i32 = said.split('=').nth(1).unwrap().parse().unwrap();
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let xnai: i32 = children.trim().parse().unwrap();
    kill(Pid::from_raw(parent), Signal::SIGKILL).unwrap();
    pty.until_shows("the shell has it");
    let deadline = Instant::now() + Duration::from_secs(30);
    while fs::exists(format!("/proc/{xnai}")).unwrap() {
        assert!(Instant::now() < deadline, "it stayed behind");
        thread::sleep(Duration::from_millis(20));
    }
    pty.is_given_back().unwrap();
}
