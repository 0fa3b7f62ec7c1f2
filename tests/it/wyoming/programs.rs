//! Servers that are programs of ours: missing, dying, restarted, ended with all that they started, never outliving us.

use std::{
    fs,
    io::{BufRead, BufReader},
};

use xnai::error::Kind;

use super::*;

const ORDER: &str = "XNAI_TEST_KEEP_PROGRAM";
/// Describes itself as an ear to whoever asks.
const DESCRIBE: &str = "read -r line; echo '{\"type\":\"info\",\"data\":{\"asr\":[{}]}}'";

fn shell(script: &str) -> String {
    assert!(!script.contains('\\'), "backslashes are the address's own");
    format!("stdio:sh -c \"{}\"", script.replace('"', "\\\""))
}

fn is_alive(pid: &str) -> bool {
    // A zombie has ended; who reaps it is another question.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// The numbers that a script leaves in a file, one a line.
fn pids(file: &Path, count: usize) -> Vec<String> {
    let read = || fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>();
    wait_until("the script has told its processes", || read().len() >= count);
    read()
}

#[test]
fn a_missing_program_is_named() {
    let error = open_ear("stdio:/nowhere/ear --fast").err().unwrap();
    assert_eq!(error.kind(), Kind::Fetch, "{error}");
    assert!(error.message().contains("/nowhere/ear") && error.remedy().unwrap().contains("stt.address"), "{error}");
}

#[test]
fn one_that_dies_is_told_with_its_last_words() {
    let error = open_ear(&shell("echo first >&2; printf 'no mo\x1bdel here' >&2; exit 3")).err().unwrap();
    assert_eq!(error.kind(), Kind::Retry, "{error}");
    assert!(error.message().contains("exit status: 3") && error.message().contains("said last: no model here"), "{error}");
}

#[test]
fn one_that_died_is_started_again_once() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let answer =
        "while read -r line; do case $line in *audio-stop*) echo '{\"type\":\"transcript\",\"data\":{\"text\":\"third\"}}';; esac; done";
    let script = format!(
        "echo x >> {0}; [ $(wc -l < {0}) != 2 ] || exit 1; {DESCRIBE}; [ $(wc -l < {0}) != 1 ] || exit 1; {answer}",
        count.display()
    );
    // The first run describes itself and dies; the second dies at once; the third would answer.
    let mut ear = open_ear(&shell(&script)).unwrap();
    wait_until("it has died", || fs::read_to_string(&count).unwrap().lines().count() == 1);
    let error = hear(&mut *ear, 100).unwrap_err();
    assert_eq!((error.kind(), pids(&count, 2).len()), (Kind::Retry, 2), "{error}");
    // It answers a description only: the sound is eaten by it, the rest is as it should be.
    assert_eq!(hear(&mut *ear, 100).unwrap().text, "third");
    assert_eq!(pids(&count, 3).len(), 3);
}

#[test]
fn it_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("pids");
    // Deaf to polite requests, and so is its child.
    let script = format!(
        "trap '' TERM HUP; {DESCRIBE}; sh -c 'trap \"\" TERM HUP; echo $$ >> {0}; sleep 1000' & echo $$ >> {0}; wait",
        list.display()
    );
    let ear = open_ear(&shell(&script)).unwrap();
    let running = pids(&list, 2);
    assert!(running.iter().all(|pid| is_alive(pid)));
    drop(ear);
    wait_until("both have ended", || !running.iter().any(|pid| is_alive(pid)));
}

/// Not a test of its own: what the test below runs in a process that it kills.
#[test]
fn the_child_keeps_a_program() {
    let Ok(address) = env::var(ORDER) else { return };
    let _ear = open_ear(&address).unwrap();
    println!("ready");
    thread::sleep(Duration::from_secs(1000));
}

#[test]
fn it_does_not_outlive_us_even_when_we_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("pids");
    // It does not look at its input again.
    let address = shell(&format!("trap '' TERM HUP PIPE; {DESCRIBE}; echo $$ >> {}; exec sleep 1000", list.display()));
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "wyoming::programs::the_child_keeps_a_program", "--nocapture"])
        .env(ORDER, &address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("ready")));
    let running = pids(&list, 1);
    assert!(is_alive(&running[0]));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("it has ended too", || !is_alive(&running[0]));
}

#[test]
fn sphinx_ends_when_its_input_does() {
    let Some(program) = installed("serve") else { return };
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdin.take());
    let mut status = None;
    wait_until("it has ended", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success());
}
