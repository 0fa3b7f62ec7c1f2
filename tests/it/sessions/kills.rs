//! A program that writes a conversation is killed at any instant, or runs out of disk.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use xnai::{
    os::paths::Paths,
    sessions::{Entry, Recorder, Sessions, Settings},
};

/// Tells the child process where to write, and what to do.
const FOLDER: &str = "SESSIONS_TEST_FOLDER";

fn child(name: &str, folder: &std::path::Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([&format!("sessions::kills::{name}"), "--exact", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn entry(number: usize) -> Entry {
    let answer = format!("{number} ").repeat(200);
    Entry { at: jiff::Timestamp::now(), question: number.to_string(), answer, ..Entry::default() }
}

/// The child of the next test: writes until it is killed, and says what is on the disk.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let paths = Paths::under(folder.as_ref());
    let past = Sessions::open(&paths).find("last").ok();
    let mut recorder = match &past {
        Some(id) => Recorder::resume(&paths, &Settings::default(), &[], id).unwrap(),
        None => Recorder::start(&paths, &Settings::default(), &[]).unwrap(),
    };
    let first = past.map_or(0, |id| Sessions::open(&paths).load(id.as_str()).unwrap().entries.len());
    for number in first.. {
        recorder.record(&entry(number)).unwrap();
        println!("\nkept {number}");
    }
}

#[test]
fn killed_at_any_instant_nothing_acknowledged_is_lost_and_the_next_start_works() {
    let root = tempfile::tempdir().unwrap();
    let sessions = Sessions::open(&Paths::under(root.path()));
    let mut before = 0;
    for round in 0..8u64 {
        let mut running = child("writes_until_it_is_killed", root.path()).spawn().unwrap();
        let lines = BufReader::new(running.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut kept = lines.filter_map(|line| line.strip_prefix("kept ").and_then(|n| n.parse::<usize>().ok()));
        // At least one exchange each round; then at whatever instant.
        let first = kept.next().unwrap();
        thread::sleep(Duration::from_micros(700 * round));
        running.kill().unwrap();
        running.wait().unwrap();
        let acknowledged = kept.last().unwrap_or(first);
        let conversation = sessions.load("last").unwrap();
        let numbers: Vec<usize> = conversation.entries.iter().map(|e| e.question.parse().unwrap()).collect();
        assert_eq!(numbers, (0..numbers.len()).collect::<Vec<_>>(), "in order, none doubled, none lost");
        assert!(numbers.len() > acknowledged && numbers.len() > before, "{} kept, {acknowledged} acknowledged", numbers.len());
        assert!(conversation.damaged <= round as usize, "at most one half line for each kill");
        before = numbers.len();
    }
    assert_eq!(sessions.ids().unwrap().len(), 1);
}

/// The child of the next test: its files may not grow beyond a few KiB, until they may.
#[test]
fn writes_on_a_full_disk() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let paths = Paths::under(folder.as_ref());
    // Without this a file that may not grow ends the program; the built one does the same in `os::stop`.
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { nix::sys::signal::signal(nix::sys::signal::Signal::SIGXFSZ, nix::sys::signal::SigHandler::SigIgn) }.unwrap();
    let (_, most) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let mut recorder = Recorder::start(&paths, &Settings::default(), &[]).unwrap();
    recorder.record(&entry(0)).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, 2000, most).unwrap();
    let told = (1..10).filter(|n| recorder.record(&entry(*n)).is_err()).count();
    let on_disk = Sessions::open(&paths).load("last").unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, most, most).unwrap();
    recorder.record(&entry(10)).unwrap();
    assert_eq!((told, on_disk.damaged), (1, 0));
    assert!(on_disk.entries.len() < 10, "the limit was no limit: {}", on_disk.entries.len());
    fs::write(folder.to_str().unwrap().to_owned() + "/done", "").unwrap();
}

#[test]
fn a_full_disk_is_told_once_and_loses_nothing_once_there_is_room() {
    let root = tempfile::tempdir().unwrap();
    let output = child("writes_on_a_full_disk", root.path()).output().unwrap();
    assert!(output.status.success() && root.path().join("done").exists(), "{}", String::from_utf8_lossy(&output.stdout));
    let conversation = Sessions::open(&Paths::under(root.path())).load("last").unwrap();
    let questions: Vec<_> = conversation.entries.iter().map(|e| e.question.as_str()).collect();
    assert_eq!(questions, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    assert_eq!(conversation.damaged, 0);
}
