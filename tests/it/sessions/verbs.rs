//! `xnai sessions …`: listed, shown, found, exported, removed.

use std::fs;

use serde_json::Value;

use super::{FIRST, Home, SECOND, is_harmless};

#[test]
fn sessions_are_listed_the_last_one_first() {
    let home = Home::with_two();
    let list = home.run(&["sessions"]);
    let lines: Vec<&str> = list.out.lines().collect();
    assert_eq!((list.code, lines.len()), (Some(0), 2), "{list:?}");
    assert!(lines[0].starts_with(SECOND) && lines[1] == format!("{FIRST}  2026-03-01 14:05    1 exchange   How long?"), "{lines:?}");
    let json: Value = serde_json::from_str(&home.run(&["sessions", "list", "--json"]).out).unwrap();
    assert_eq!((json[1]["id"].as_str(), json[1]["exchanges"].as_u64()), (Some(FIRST), Some(1)));
    let empty = Home::new().run(&["sessions", "list"]);
    assert_eq!((empty.code, empty.out.as_str(), empty.err.as_str()), (Some(0), "", "no sessions yet\n"));
}

#[test]
fn what_was_said_is_shown_found_and_exported() {
    let home = Home::with_two();
    let shown = home.run(&["sessions", "show", "20260301"]);
    assert!(shown.out.ends_with("14:05:30 (spoken)\nyou: How long?\nxnai: Thirty days, in the cafe.\n"), "{shown:?}");
    let json: Value = serde_json::from_str(&home.run(&["sessions", "show", FIRST, "--json"]).out).unwrap();
    assert_eq!(json["entries"][0]["answer"], "Thirty days, in the cafe.");
    let found = home.run(&["sessions", "search", "CAFÉ", "long"]);
    assert!(found.out.starts_with(FIRST) && found.out.contains("exchange 1") && found.out.contains("\n   Thirty days"), "{found:?}");
    assert_eq!(home.run(&["sessions", "search", "moon"]).err, "nothing found\n");
    assert!(home.run(&["sessions", "export", FIRST]).out.starts_with("# Conversation of 2026-03-01 14:05\n"));
    let to_file = ["sessions", "export", FIRST, "--out", "talk.md"];
    assert_eq!(home.run(&to_file).code, Some(0));
    assert!(fs::read_to_string(home.path().join("talk.md")).unwrap().contains("> How long?\n"));
    let again = home.run(&to_file);
    assert!(again.code == Some(3) && again.err.contains("exists already"), "{again:?}");
    assert_eq!(home.run(&[&to_file[..], &["--force"]].concat()).code, Some(0));
}

#[test]
fn nothing_that_was_said_reaches_the_terminal_as_a_command() {
    let home = Home::with_two();
    let runs: [&[&str]; 8] = [
        &["list"],
        &["list", "--json"],
        &["show", SECOND],
        &["show", SECOND, "--json"],
        &["search", "far"],
        &["search", "far", "--json"],
        &["export", SECOND],
        &["show", "\u{1b}[2J"],
    ];
    for args in runs {
        let ran = home.run(&[&["sessions"], args].concat());
        assert!(is_harmless(&ran.out) && is_harmless(&ran.err), "{args:?}: {ran:?}");
        assert!(!ran.out.is_empty() || ran.code == Some(2), "{args:?}: {ran:?}");
    }
    let listed = home.run(&["sessions", "list"]).out;
    assert_eq!(listed.lines().count(), 2, "a question stays on its line: {listed:?}");
}

#[test]
fn a_name_that_means_nothing_or_too_much_is_one_sentence() {
    let home = Home::with_two();
    fs::write(home.path().join("xnai/secret.jsonl"), super::exchange("2026-03-01T00:00:00Z", "secret", "secret")).unwrap();
    let cases = [
        ("../secret", "is not the name of a session"),
        ("../../../../etc/passwd", "is not the name of a session"),
        ("/etc/passwd", "is not the name of a session"),
        ("2031", "there is no session `2031`"),
        ("2026", "begins the names of 2 sessions"),
    ];
    for (wanted, expected) in cases {
        for verb in ["show", "export", "rm"] {
            let ran = home.run(&["sessions", verb, wanted]);
            assert_eq!((ran.code, ran.out.as_str(), ran.err.lines().count()), (Some(2), "", 1), "{verb} {wanted}: {ran:?}");
            assert!(ran.err.contains(expected) && !ran.err.contains("passwd\n"), "{ran:?}");
        }
    }
    assert!(home.path().join("xnai/secret.jsonl").exists());
}

#[test]
fn removed_is_removed() {
    let home = Home::with_two();
    // One wrong name, and none goes.
    assert_eq!(home.run(&["sessions", "rm", FIRST, "1999"]).code, Some(2));
    let removed = home.run(&["sessions", "rm", FIRST, "20260301", "--json"]);
    let json: Value = serde_json::from_str(&removed.out).unwrap();
    assert_eq!(json["removed"], serde_json::json!([FIRST]), "named twice, removed once");
    assert_eq!(home.run(&["sessions", "rm", "--all"]).out, "removed 1 session\n");
    assert_eq!(fs::read_dir(home.folder()).unwrap().count(), 0);
    assert_eq!(home.run(&["sessions", "rm"]).code, Some(2));
}

#[test]
fn a_folder_that_cannot_be_read_is_a_sentence() {
    let home = Home::new();
    fs::create_dir(home.path().join("xnai")).unwrap();
    fs::write(home.folder(), "a file").unwrap();
    let ran = home.run(&["sessions", "list"]);
    assert_eq!((ran.code, ran.err.lines().count()), (Some(3), 1), "{ran:?}");
}
