//! The audio pipe between processes: another one listens, speaks up, is killed, or belongs to somebody else.

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

#[test]
fn ls_shows_who_holds_what() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Mic, RATE, SECOND).unwrap();
    let _tap = writer.tap().unwrap();
    writer.write(&[0.1; 8000], Full::DropNewest).unwrap();
    let output = shared.xnai(&["pipe", "ls", "--json"]).output().unwrap();
    well(&output);
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let pipe = &list[0];
    assert_eq!((&pipe["name"], &pipe["pid"], &pipe["rate"]), (&"mic".into(), &std::process::id().into(), &RATE.into()));
    assert_eq!((&pipe["held_s"], &pipe["readers"], &pipe["alive"]), (&0.5.into(), &1.into(), &true.into()));
    let output = shared.xnai(&["pipe", "ls"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() == 2 && text.contains("16000 Hz") && text.contains("alive"), "{text}");
}

/// Samples of a 16-bit WAV whose header says that the length is not known.
fn samples_of(wav: &[u8]) -> Vec<i16> {
    assert_eq!((&wav[..4], &wav[36..44]), (&b"RIFF"[..], &b"data\xff\xff\xff\xff"[..]));
    wav[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

#[test]
fn a_tap_writes_wav_or_raw_until_enough_or_the_end() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Mic, RATE, SECOND).unwrap();
    let listen = |args: &[&str]| shared.xnai(&[&["pipe", "tap", "mic"], args].concat()).spawn().unwrap();
    let mut children = [listen(&["--seconds", "0.5"]), listen(&["--raw", "--seconds", "0.5"]), listen(&["--raw", "--rate", "8000"])];
    until("three taps", || list(&shared.place()).unwrap()[0].readers == 3);
    for _ in 0..10 {
        writer.write(&[0.5; 1600], Full::DropNewest).unwrap();
        thread::sleep(Duration::from_millis(10));
    }
    // The last one hears the end of the pipe and not of a count.
    until("the end of two of them", || children[..2].iter_mut().all(|child| child.try_wait().unwrap().is_some()));
    drop(writer);
    let [wav, raw, resampled] = children.map(|child| child.wait_with_output().unwrap());
    [&wav, &raw, &resampled].into_iter().for_each(well);
    assert_eq!(samples_of(&wav.stdout), vec![16_384; 8000]);
    let floats: Vec<f32> = raw.stdout.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    assert_eq!(floats, vec![0.5; 8000]);
    assert_eq!(resampled.stdout.len(), 8000 * 4);
}

#[test]
fn an_interrupted_tap_leaves_what_it_heard() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Tts, 24_000, SECOND).unwrap();
    let mut child = shared.xnai(&["pipe", "tap", "tts"]).spawn().unwrap();
    until("a tap", || list(&shared.place()).unwrap()[0].readers == 1);
    writer.write(&[-0.5; 4800], Full::DropNewest).unwrap();
    let mut wav = vec![0; 44 + 9600];
    child.stdout.as_mut().unwrap().read_exact(&mut wav).unwrap();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(130), 0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(samples_of(&wav), vec![-16_384; 4800]);
}

#[test]
fn a_reader_that_leaves_ends_a_tap_quietly() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Tts, 24_000, SECOND).unwrap();
    for args in [&["pipe", "tap", "tts"][..], &["pipe", "tap", "tts", "--raw"]] {
        let mut child = shared.xnai(args).spawn().unwrap();
        drop(child.stdout.take());
        until("the end of the tap", || {
            writer.write(&[0.5; 2400], Full::DropNewest).unwrap();
            child.try_wait().unwrap().is_some()
        });
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(130), vec![]), "{args:?}");
    }
}

#[test]
fn a_feeder_is_heard_at_the_rate_of_the_pipe() {
    let Some(shared) = Shared::new() else { return };
    let mut ear = Reader::create(&shared.place(), Name::Feed, RATE, Duration::from_secs(30)).unwrap();
    let raw: Vec<u8> = numbers(0, 20_000).into_iter().flat_map(|n| (n / 20_000.0).to_le_bytes()).collect();
    let question = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/question.wav")).unwrap();
    let told = xnai::audio::load::load(xnai::audio::load::Source::Stream { name: "question", bytes: Box::new(&question[..]) }, LONG)
        .and_then(|sound| xnai::audio::resample::for_ear(&sound))
        .unwrap();
    let cases = [
        (&["pipe", "feed", "mic", "--raw", "--rate", "16000"][..], &raw, 20_000),
        (&["pipe", "feed", "mic"], &question, told.samples.len()),
    ];
    for (args, input, samples) in cases {
        let mut child = shared.xnai(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let mut heard = Vec::new();
        while !ear.read(&mut heard, 1000, LONG).unwrap().ended {}
        well(&child.wait_with_output().unwrap());
        assert_eq!(heard.len(), samples, "{args:?}");
        if args.len() > 3 {
            assert!(heard.iter().enumerate().all(|(n, s)| *s == n as f32 / 20_000.0));
        } else {
            let loudest = |sound: &[f32]| sound.iter().fold(0.0f32, |most, s| most.max(s.abs()));
            assert!((loudest(&heard) - loudest(&told.samples)).abs() < 0.02);
        }
    }
}

#[test]
fn who_feeds_nobody_is_told_so_once() {
    let Some(shared) = Shared::new() else { return };
    let mut ear = Reader::create(&shared.place(), Name::Feed, RATE, Duration::from_secs(30)).unwrap();
    for heeded in [false, true] {
        ear.heed(heeded);
        let mut child = shared.xnai(&["pipe", "feed", "mic", "--raw", "--rate", "16000"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&[0; 400_000]).unwrap();
        let mut heard = Vec::new();
        while !ear.read(&mut heard, 1000, LONG).unwrap().ended {}
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).matches("nobody listens").count();
        assert_eq!((output.status.success(), told), (true, usize::from(!heeded)), "{output:?}");
    }
}

#[test]
fn a_feeder_that_is_killed_makes_way_for_the_next() {
    let Some(shared) = Shared::new() else { return };
    let mut ear = Reader::create(&shared.place(), Name::Feed, RATE, SECOND).unwrap();
    let args = ["pipe", "feed", "mic", "--raw", "--rate", "16000"];
    let mut first = shared.xnai(&args).stdin(Stdio::piped()).spawn().unwrap();
    first.stdin.as_mut().unwrap().write_all(&0.5f32.to_le_bytes().repeat(3200)).unwrap();
    let mut heard = Vec::new();
    until("the first to be heard", || ear.read(&mut heard, 4000, SECOND).unwrap().samples > 0);
    let busy = shared.xnai(&args).output().unwrap();
    assert_eq!(busy.status.code(), Some(9), "{}", String::from_utf8_lossy(&busy.stderr));
    first.kill().unwrap();
    first.wait().unwrap();
    until("the end to be told", || ear.read(&mut heard, 4000, SECOND).unwrap().ended);
    let mut next = shared.xnai(&args).stdin(Stdio::piped()).spawn().unwrap();
    next.stdin.take().unwrap().write_all(&0.25f32.to_le_bytes().repeat(100)).unwrap();
    heard.clear();
    while !ear.read(&mut heard, 4000, LONG).unwrap().ended {}
    assert_eq!(heard, [0.25; 100]);
    well(&next.wait_with_output().unwrap());
}

#[test]
fn where_nothing_runs_that_is_said_with_what_to_do() {
    let Some(shared) = Shared::new() else { return };
    for (args, code) in [
        (&["pipe", "tap", "mic"][..], 7),
        (&["pipe", "tap", "tts", "--pid", "1"], 7),
        (&["pipe", "feed", "mic"], 7),
        (&["pipe", "ls"], 0),
        (&["pipe", "tap", "mic", "--seconds", "-1"], 2),
        (&["pipe", "feed", "mic", "--raw"], 2),
        (&["pipe", "tap", "radio"], 2),
    ] {
        let output = shared.xnai(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(code == 2 || said.lines().count() == 1, "{args:?}: {said}");
    }
}

#[test]
fn several_running_programs_are_told_apart() {
    let Some(shared) = Shared::new() else { return };
    let mut children = [(); 2].map(|()| started(shared.child("speak"), "speaking"));
    let output = shared.xnai(&["pipe", "tap", "mic"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("--pid"), "{said}");
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
