//! `xnai --plain` as a script uses it: lines in, a dialogue out, kept on disk.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    process::Stdio,
};

use super::{FIRST, Home, exchange, is_harmless};

#[test]
fn a_script_is_answered_and_its_conversation_kept() {
    let home = Home::new();
    let ran = home.fed(&["--plain"], "/docs off\nHow long is it?\nAnd how wide?\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let asked: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("you: ")).collect();
    assert_eq!(asked, ["you: How long is it?", "you: And how wide?"], "{ran:?}");
    assert!(ran.out.lines().filter(|line| line.starts_with("xnai: ")).count() >= 2, "{ran:?}");
    assert!(ran.out.lines().next_back().unwrap().starts_with("xnai: "), "the last question is answered: {ran:?}");
    let shown = home.run(&["sessions", "show"]).out;
    assert!(shown.contains("you: How long is it?") && shown.contains("you: And how wide?"), "{shown}");
    let file = fs::read_dir(home.folder()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_question_instead_of_a_verb_is_told_where_it_belongs() {
    let ran = Home::new().run(&["hello there"]);
    assert!(ran.code == Some(2) && ran.err.contains("to ask a question: xnai --once \"hello there\""), "{ran:?}");
    assert!(!Home::new().run(&["helo"]).err.contains("--once"));
}

#[test]
fn a_flag_out_of_range_is_named_as_such() {
    let ran = Home::new().run(&["--plain", "--speed", "9"]);
    assert!(ran.code == Some(2) && ran.err.contains("it was set by: command line"), "{ran:?}");
}

#[test]
fn without_a_question_nothing_is_answered_and_nothing_kept() {
    let home = Home::new();
    let ran = home.fed(&["--plain"], "");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    assert!(!home.folder().exists());
}

#[test]
fn when_sessions_are_off_nothing_is_written() {
    let home = Home::new();
    let mut command = home.command(&["--plain"]);
    command.env("XNAI_SESSIONS_SAVE", "false");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"/docs off\nHow long?\n").unwrap();
    let ran = super::Ran::from(child.wait_with_output().unwrap());
    assert!(ran.code == Some(0) && ran.out.contains("xnai: "), "{ran:?}");
    assert!(!home.folder().exists());
}

#[test]
fn a_conversation_is_taken_up_where_it_was_left() {
    let home = Home::new();
    home.put(FIRST, &[exchange("2026-03-01T14:05:30Z", "How long?", "Thirty days.")]);
    let ran = home.fed(&["--plain", "--resume", "20260301"], "/docs off\nAnd then?\n");
    assert!(ran.code == Some(0) && ran.err.contains(&format!("going on with {FIRST}")), "{ran:?}");
    let shown = home.run(&["sessions", "show", FIRST]).out;
    assert!(shown.contains("you: How long?") && shown.contains("you: And then?"), "{shown}");
    let wrong = home.fed(&["--plain", "--resume", "../x"], "How long?\n");
    assert_eq!((wrong.code, wrong.out.as_str()), (Some(2), ""), "{wrong:?}");
}

#[test]
fn killed_in_the_middle_of_a_conversation_it_has_kept_all_that_was_answered() {
    let home = Home::new();
    for round in 1..=3 {
        let args: &[&str] = if round == 1 { &["--plain"] } else { &["--plain", "--resume"] };
        let mut child = home.command(args).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"/docs off\nHow long?\nHow wide?\n").unwrap();
        // The second question is taken up: the first was answered, and is on the disk.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "you: How wide?"));
        child.kill().unwrap();
        child.wait().unwrap();
        let shown = home.run(&["sessions", "show"]);
        let kept = shown.out.matches("you: How long?").count();
        assert_eq!((kept, shown.err.as_str()), (round, ""), "{shown:?}");
    }
    assert_eq!(fs::read_dir(home.folder()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_is_said_once_and_stops_nothing() {
    let home = Home::new();
    fs::create_dir(home.path().join("xnai")).unwrap();
    fs::write(home.folder(), "in the way").unwrap();
    let ran = home.fed(&["--plain"], "/docs off\none\ntwo\n");
    assert_eq!((ran.code, ran.err.matches("is not being saved").count()), (Some(0), 1), "{ran:?}");
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("you: ")).count(), 2, "{ran:?}");
}

#[test]
fn nothing_typed_comes_back_as_a_command_to_the_terminal() {
    let home = Home::new();
    let ran = home.fed(&["--plain"], "/docs off\na\u{1b}[2Jb\u{202e}?\n/\u{1b}]0;x\u{7}\n/resume \u{1b}[31m\n");
    assert!(is_harmless(&ran.out) && is_harmless(&ran.err), "{ran:?}");
    assert!(ran.out.contains("you: a[2Jb?"), "{ran:?}");
}

#[test]
fn flags_of_a_conversation_go_with_no_verb_and_no_single_question() {
    let home = Home::new();
    assert_eq!(home.run(&["--plain", "sessions", "list"]).code, Some(2));
    assert_eq!(home.run(&["--plain", "--once", "x"]).code, Some(2));
}

#[test]
fn what_was_chosen_last_time_is_so_again_unless_somebody_says_otherwise() {
    let home = Home::new();
    assert_eq!(home.fed(&["--plain"], "/speed 1.3\n").code, Some(0));
    let speed = |vars: &[(&str, &str)]| {
        let mut command = home.command(&["--plain"]);
        let mut child = command.envs(vars.iter().copied()).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"/speed\n").unwrap();
        super::Ran::from(child.wait_with_output().unwrap())
    };
    assert!(speed(&[]).err.contains("(speed: 1.3)"), "{:?}", speed(&[]));
    assert!(speed(&[("XNAI_TTS_SPEED", "0.8")]).err.contains("(speed: 0.8)"));
    fs::write(home.path().join("xnai/choices.toml"), "speed = 'fast'").unwrap();
    let broken = speed(&[]);
    assert_eq!((broken.code, broken.err.matches("what was chosen last time is left out").count()), (Some(0), 1), "{broken:?}");
    assert!(broken.err.contains("(speed: 1)"), "{broken:?}");
}

#[test]
fn when_sessions_are_off_no_choice_is_kept_either() {
    let home = Home::new();
    let mut command = home.command(&["--plain"]);
    let mut child = command.env("XNAI_SESSIONS_SAVE", "false").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"/speed 1.3\n").unwrap();
    assert_eq!(super::Ran::from(child.wait_with_output().unwrap()).code, Some(0));
    assert!(!home.path().join("xnai/choices.toml").exists());
}

#[test]
fn a_session_that_is_taken_up_shows_its_sources_and_where_it_broke_off() {
    let home = Home::new();
    let line = exchange("2026-03-01T14:05:30Z", "How long?", "Thirty days. More.");
    let rest = r#","ended":"interrupted","heard":"Thirty days.","citations":[{"source":"a.md","title":"A","span":[0,9]}]}"#;
    home.put(FIRST, &[line.trim_end().trim_end_matches('}').to_owned() + rest + "\n"]);
    let ran = home.fed(&["--plain"], "/resume\n");
    assert!(ran.out.ends_with("you: How long?\nxnai: Thirty days.\n(interrupted here)\n[1] A, a.md\n"), "{ran:?}");
    let exported = home.run(&["sessions", "export", FIRST]).out;
    assert!(exported.contains("interrupted here") && exported.contains("- \\[1\\] A, a.md"), "{exported}");
}
