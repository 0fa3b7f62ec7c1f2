//! What verbs do when their output goes nowhere: the reader left, or the disk is full.

use std::{
    fs::File,
    io,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

const VERBS: &[&[&str]] = &[
    &["models", "list"],
    &["models", "list", "--json"],
    &["models", "verify"],
    &["config", "show"],
    &["config", "path"],
    &["config", "default"],
    &["sources", "--json"],
    &["sessions", "list", "--json"],
    &["completions", "bash"],
    &["completions", "fish"],
    #[cfg(feature = "lance")]
    &["search", "moon", "--json"],
    #[cfg(feature = "lance")]
    &["ingest", "assets/docs/moon.md"],
];

fn xnai(home: &TempDir, args: &[&str], stdout: impl Into<Stdio>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xnai"));
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
        command.env(name, home.path());
    }
    command.env("XNAI_HOME", Path::new(env!("CARGO_MANIFEST_DIR"))).env_remove("XNAI_CONFIG");
    command.args(args).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    command.spawn().and_then(std::process::Child::wait_with_output).unwrap()
}

#[test]
fn a_reader_that_left_ends_every_verb_quietly() {
    let home = tempfile::tempdir().unwrap();
    for args in VERBS {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = xnai(&home, args, writer);
        assert_eq!((output.status.code(), output.stderr), (Some(130), vec![]), "{args:?}");
    }
}

#[test]
fn a_full_disk_is_said_and_has_its_exit_code() {
    let home = tempfile::tempdir().unwrap();
    for args in VERBS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = xnai(&home, args, full);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.contains("the disk is full"), said.lines().count()),
            (Some(10), true, 1),
            "{args:?}: {said}"
        );
    }
}

#[test]
fn an_error_carries_no_commands_to_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let output = xnai(&home, &["config", "check", "--config", "no\x1b[2J\u{202e}file.toml"], Stdio::null());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no[2Jfile.toml") && !output.status.success(), "{said:?}");
}
