//! The audio pipe between processes: another one listens, speaks up, is killed, or belongs to somebody else.

mod programs;

use std::{
    env, fs,
    io::{Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::{Signal, kill},
        stat::{Mode, umask},
        statfs::{TMPFS_MAGIC, statfs},
    },
    unistd::{Pid, Uid},
};
use tempfile::TempDir;
use xnai::{
    audio::pipe::{Full, Name, Place, Reader, Tap, Writer, list, place},
    error::{Kind, Result},
    os::paths::Paths,
};

use crate::support::skipped;

const ORDER: &str = "XNAI_TEST_PIPE";
const RATE: u32 = 16_000;
const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

fn alive() -> Result<()> {
    Ok(())
}

fn here() -> Place {
    place(&Paths::from_env().unwrap())
}

fn numbers(from: usize, to: usize) -> Vec<f32> {
    (from..to).map(|n| n as f32).collect()
}

/// Not a test of its own: the other process of the tests below.
#[test]
fn the_child_has_a_pipe() {
    let Ok(order) = env::var(ORDER) else { return };
    let (order, pid) = order.split_once(' ').unwrap_or((&order, "0"));
    let pid = pid.parse().unwrap();
    match order {
        "read" => {
            let mut reader = Reader::attach(&here(), Name::Tts, Some(pid)).unwrap();
            say("attached");
            let mut heard = Vec::new();
            while !reader.read(&mut heard, 1000, LONG).unwrap().ended {}
            assert_eq!(heard, numbers(0, 100_000));
        }
        "stop" => {
            let reader = Reader::attach(&here(), Name::Tts, Some(pid)).unwrap();
            say("attached");
            thread::sleep(Duration::from_secs(600));
            drop(reader);
        }
        "speak" => {
            // As careless as can be: the file must be private all the same.
            umask(Mode::empty());
            let writer = Writer::create(&here(), Name::Mic, RATE, SECOND).unwrap();
            let feed = Reader::create(&here(), Name::Feed, RATE, SECOND).unwrap();
            writer.write(&[0.25; 4000], Full::DropNewest).unwrap();
            say("speaking");
            thread::sleep(Duration::from_secs(600));
            drop(feed);
        }
        "strict" => {
            umask(Mode::from_bits_truncate(0o777));
            let writer = Writer::create(&here(), Name::Mic, RATE, SECOND).unwrap();
            Tap::attach(&here(), Name::Mic, None).unwrap();
            drop(writer);
        }
        "elsewhere" => {
            let file = env::var_os("XNAI_TEST_FILE").map(PathBuf::from).unwrap();
            assert!(Tap::attach(&here(), Name::Mic, None).is_err_and(|e| e.kind() == Kind::Reopen));
            assert!(Writer::attach(&here(), Name::Feed, None).is_err_and(|e| e.kind() == Kind::Reopen));
            assert!(Writer::create(&here(), Name::Mic, RATE, SECOND).is_ok(), "its own sound it keeps in memory");
            let opened = fs::File::open(&file);
            assert_eq!(opened.unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
        }
        other => panic!("unknown order {other}"),
    }
}

/// A word to the parent, among what the test harness prints.
fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n<{word}>").unwrap();
    out.flush().unwrap();
}

/// A folder on tmpfs that serves as the runtime folder of several processes.
struct Shared(TempDir);

impl Shared {
    fn new() -> Option<Self> {
        if !statfs("/dev/shm").is_ok_and(|facts| facts.filesystem_type() == TMPFS_MAGIC) {
            skipped("/dev/shm is no tmpfs");
            return None;
        }
        Some(Self(tempfile::tempdir_in("/dev/shm").unwrap()))
    }

    /// As a process sees it whose `XDG_RUNTIME_DIR` is this folder.
    fn place(&self) -> Place {
        place(&Paths { runtime: self.folder(), ..Paths::under(self.0.path()) })
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("xnai")
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "log");
        names.sort();
        names
    }

    fn child(&self, order: &str) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "audio::pipes::the_child_has_a_pipe", "--nocapture"]).env(ORDER, order);
        command.env("XDG_RUNTIME_DIR", self.0.path()).env("HOME", self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The built program.
    fn xnai(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xnai"));
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
            command.env(name, self.0.path());
        }
        command.env_remove("XNAI_CONFIG").args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Starts a child and waits until it says the word.
fn started(mut command: Command, word: &str) -> Child {
    let mut child = command.spawn().unwrap();
    let (word, mut said) = (format!("<{word}>"), String::new());
    let mut from = child.stdout.take().unwrap();
    let mut piece = [0; 256];
    while !said.contains(&word) {
        let got = from.read(&mut piece).unwrap();
        if got == 0 {
            let output = child.wait_with_output().unwrap();
            panic!("{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        said.push_str(&String::from_utf8_lossy(&piece[..got]));
    }
    child.stdout = Some(from);
    child
}

fn well(output: &Output) {
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn another_process_reads_every_sample_and_holds_the_writer_back() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Tts, RATE, SECOND).unwrap();
    let child = started(shared.child(&format!("read {}", std::process::id())), "attached");
    for from in (0..100_000).step_by(5000) {
        writer.write(&numbers(from, from + 5000), Full::Wait(&alive)).unwrap();
    }
    drop(writer);
    well(&child.wait_with_output().unwrap());
}

#[test]
fn a_reader_that_is_killed_holds_nobody_back() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Tts, RATE, SECOND).unwrap();
    let mut child = started(shared.child(&format!("stop {}", std::process::id())), "attached");
    assert!(writer.reader().is_err_and(|e| e.kind() == Kind::Retry));
    assert_eq!(writer.write(&numbers(0, RATE as usize * 2), Full::DropNewest).unwrap(), RATE as usize, "it holds the writer back");
    child.kill().unwrap();
    writer.write(&numbers(0, RATE as usize), Full::Wait(&alive)).unwrap();
    assert!(writer.reader().is_ok());
    child.wait().unwrap();
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_lives_is_not() {
    let Some(shared) = Shared::new() else { return };
    let children = [(); 2].map(|()| started(shared.child("speak"), "speaking"));
    let pids = children.each_ref().map(|child| child.id());
    let facts = fs::metadata(shared.folder().join(format!("mic-{}", pids[0]))).unwrap();
    assert_eq!((facts.mode() & 0o777, shared.files().len()), (0o600, 4));
    let [mut dead, mut living] = children;
    let mut tap = Tap::attach(&shared.place(), Name::Mic, Some(dead.id())).unwrap();
    kill(Pid::from_raw(dead.id() as i32), Signal::SIGKILL).unwrap();
    // Its files are recognised as left behind even before it is waited for.
    until("the end of the child", || {
        let seen = list(&shared.place()).unwrap();
        seen.iter().filter(|s| s.alive).count() == 2 && seen.iter().all(|s| s.alive == (s.pid == pids[1]))
    });
    dead.wait().unwrap();
    let left = ["feed", "mic"].map(|name| format!("{name}-{}", pids[1]));
    assert_eq!(shared.files(), left);
    until("a tap hearing of the end", || tap.read(&mut Vec::new(), 1000, SECOND).unwrap().ended);

    living.kill().unwrap();
    living.wait().unwrap();
    let writer = Writer::create(&shared.place(), Name::Tts, RATE, SECOND).unwrap();
    assert_eq!(shared.files(), [format!("tts-{}", std::process::id())], "whoever makes a pipe clears up first");
    drop(writer);
}

#[test]
fn no_umask_opens_or_locks_a_pipe() {
    let Some(shared) = Shared::new() else { return };
    well(&shared.child("strict").output().unwrap());
    assert_eq!(fs::metadata(shared.folder()).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn other_users_of_the_machine_cannot_listen() {
    let Some(shared) = Shared::new() else { return };
    let runs = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let drop_to = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    if !Uid::effective().is_root() || !runs(Command::new("setpriv").args(drop_to).arg("true")) {
        // Only root can become somebody else: an ordinary user's run has nobody to try it with.
        eprintln!("skipped: this needs root and setpriv");
        return;
    }
    // Somebody else's runtime folder that one may pass through, as /tmp or a careless one would be.
    fs::set_permissions(shared.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut owner = started(shared.child("speak"), "speaking");
    let file = shared.folder().join(format!("mic-{}", owner.id()));
    // Even with the folder open the file is shut; and `place` of the other user does not close it for us.
    for folder_mode in [0o700, 0o755] {
        fs::set_permissions(shared.folder(), fs::Permissions::from_mode(folder_mode)).unwrap();
        let run = |program: &Path, args: &[&str], order: Option<&str>| {
            let mut command = Command::new("setpriv");
            command.args(drop_to).arg(program).args(args).env("XDG_RUNTIME_DIR", shared.0.path()).env("HOME", shared.0.path());
            order.map(|order| command.env(ORDER, order).env("XNAI_TEST_FILE", &file));
            command.stdin(Stdio::null()).output().unwrap()
        };
        let copy = Copies::new();
        well(&run(&copy.test, &["--exact", "audio::pipes::the_child_has_a_pipe", "--nocapture"], Some("elsewhere")));
        for args in [&["pipe", "tap", "mic"][..], &["pipe", "feed", "mic"], &["pipe", "ls"]] {
            let output = run(&copy.xnai, args, None);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!((output.status.code(), output.stdout.len(), said.lines().count()), (Some(7), 0, 1), "{args:?}: {said}");
        }
    }
    assert!(file.exists(), "and cannot clear it away either");
    owner.kill().unwrap();
    owner.wait().unwrap();
}

/// Copies of the programs that every user may run: the build folder lies in a home.
struct Copies {
    _folder: TempDir,
    test: PathBuf,
    xnai: PathBuf,
}

impl Copies {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let copy = |from: &Path, name: &str| {
            let to = folder.path().join(name);
            fs::hard_link(from, &to).or_else(|_| fs::copy(from, &to).map(drop)).unwrap();
            to
        };
        let (test, xnai) = (copy(&env::current_exe().unwrap(), "test"), copy(Path::new(env!("CARGO_BIN_EXE_xnai")), "xnai"));
        Self { _folder: folder, test, xnai }
    }
}
