//! `xnai --once` as a script sees it: what it prints where, and how it exits.
//!
//! These run the real binary on the small pack and the demo documents; `scripts/test` makes both before.

use std::{
    fs,
    io::Write,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

const QUESTION: &str = "How long is the refund window?";

/// A home of its own for every test, with the demo documents indexed.
struct Home {
    folder: TempDir,
}

impl Home {
    fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn with_demo() -> Self {
        let home = Self::empty();
        let docs = root().join("assets/docs");
        let output = home.xnai(&["ingest", "--collection", "demo", docs.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        home
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xnai"));
        let at = |name: &str| self.folder.path().join(name);
        command.env_remove("XNAI_CONFIG").env("XNAI_HOME", root()).env("HOME", self.folder.path());
        command.env("XDG_DATA_HOME", at("data")).env("XDG_CONFIG_HOME", at("config"));
        command.env("XDG_CACHE_HOME", at("cache")).env("XDG_RUNTIME_DIR", at("run"));
        command.stdin(Stdio::null());
        command
    }

    fn xnai(&self, args: &[&str]) -> Output {
        self.command().args(args).output().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {} {}", text(&output.stdout), text(&output.stderr)))
}

#[track_caller]
fn fits_schema(report: &Value) {
    let schema: Value = serde_json::from_str(&fs::read_to_string(root().join("assets/once.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(report).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}\n{report:#}");
}

/// Peak and length in seconds of a WAV file that hound accepts.
fn measure(path: &Path) -> (f32, f32) {
    let mut reader = hound::WavReader::open(path).unwrap();
    let rate = reader.spec().sample_rate;
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let peak = samples.iter().map(|s| f32::from(*s).abs() / 32768.0).fold(0.0, f32::max);
    (peak, samples.len() as f32 / rate as f32)
}

#[test]
fn a_typed_question_is_answered_on_stdout_and_its_source_on_stderr() {
    let home = Home::with_demo();
    let output = home.xnai(&["--once", QUESTION]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("30 days"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("shop.md"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("demo"), "{}", text(&output.stderr));
    let quiet = home.xnai(&["--once", QUESTION, "--quiet"]);
    assert_eq!((text(&quiet.stderr).as_str(), quiet.stdout), ("", output.stdout));
}

#[test]
fn a_spoken_question_is_heard_answered_and_spoken() {
    let home = Home::with_demo();
    let out = home.path("answer.wav");
    let question = root().join("assets/question.wav");
    let output = home.xnai(&["--once", "--wav", question.to_str().unwrap(), "--out", out.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = object(&output);
    fits_schema(&report);
    assert_eq!(report["transcript"]["text"].as_str().unwrap().trim(), QUESTION);
    assert!(report["answer"].as_str().unwrap().contains("30 days"));
    assert!(report["citations"][0]["source"].as_str().unwrap().ends_with("shop.md"));
    assert!(report["timings"]["first_sample_ms"].is_number());
    assert!(text(&output.stderr).is_empty(), "{}", text(&output.stderr));
    let (peak, seconds) = measure(&out);
    assert!(peak > 0.05 && seconds > 1.0, "{peak} {seconds}");
}

#[test]
fn only_what_a_turn_needs_is_loaded() {
    let home = Home::with_demo();
    let report = object(&home.xnai(&["--once", QUESTION, "--json"]));
    fits_schema(&report);
    let loaded: Vec<_> = report["timings"]["load_ms"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(loaded, ["documents", "writer"]);
    let bare = object(&home.xnai(&["--once", QUESTION, "--json", "--no-rag"]));
    fits_schema(&bare);
    assert_eq!(bare["timings"]["load_ms"].as_object().unwrap().len(), 1);
    assert!(bare["found"].is_null());
}

#[test]
fn stdin_is_a_question_or_with_wav_dash_a_recording() {
    let home = Home::with_demo();
    let piped = |args: &[&str], bytes: &[u8]| {
        let mut child = home.command().args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    assert!(text(&piped(&["--once"], b"How long is the warranty?\n").stdout).contains("2 years"));
    let wav = fs::read(root().join("assets/question.wav")).unwrap();
    assert!(text(&piped(&["--once", "--wav", "-"], &wav).stdout).contains("30 days"));
    let confused = piped(&["--once"], &wav);
    assert_eq!(confused.status.code(), Some(3));
    assert!(text(&confused.stderr).contains("--wav -"));
}

#[test]
fn speech_on_stdout_moves_the_text_to_stderr() {
    let home = Home::with_demo();
    let output = home.xnai(&["--once", QUESTION, "--out", "-"]);
    assert!(output.stdout.starts_with(b"RIFF"));
    assert!(text(&output.stderr).contains("30 days"));
    let both = home.xnai(&["--once", QUESTION, "--out", "-", "--json"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn nothing_found_is_an_answer_unless_documents_are_required() {
    let home = Home::with_demo();
    let question = "Which orchestra plays the violin concerto tonight?";
    let report = object(&home.xnai(&["--once", question, "--json"]));
    assert_eq!((report["found"].as_bool(), report["exit_code"].as_u64()), (Some(false), Some(0)));
    assert!(report["answer"].as_str().unwrap().contains("I found nothing about that"));
    let strict = home.xnai(&["--once", question, "--json", "--require-docs"]);
    assert_eq!(strict.status.code(), Some(6));
    fits_schema(&object(&strict));
}

#[test]
fn sound_without_speech_exits_with_nothing_heard() {
    let home = Home::empty();
    let wav = home.path("silence.wav");
    let spec = hound::WavSpec { channels: 2, sample_rate: 44_100, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    for count in [0, 88_200] {
        let mut writer = hound::WavWriter::create(&wav, spec).unwrap();
        (0..count).for_each(|_| writer.write_sample(0i16).unwrap());
        writer.finalize().unwrap();
        let output = home.xnai(&["--once", "--wav", wav.to_str().unwrap(), "--no-rag", "--json"]);
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stdout));
        fits_schema(&object(&output));
    }
}

#[test]
fn what_cannot_be_meant_exits_with_2_and_one_sentence() {
    let home = Home::empty();
    let cases: [&[&str]; 6] = [
        &["--once", "why?", "--wav", "x.wav"],
        &["--once", ""],
        &["--once", "why?", "--speed", "9"],
        &["--once", "why?", "--source", "colour=red"],
        &["--wav", "x.wav"],
        &["--once", "why?", "--nonsense"],
    ];
    for args in cases {
        let output = home.xnai(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn files_that_are_no_sound_exit_with_3_and_name_the_file() {
    let home = Home::empty();
    fs::write(home.path("random.wav"), (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>()).unwrap();
    fs::write(home.path("empty.wav"), b"").unwrap();
    nix::unistd::mkfifo(&home.path("fifo.wav"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(home.path("folder.wav")).unwrap();
    for name in ["missing.wav", "random.wav", "empty.wav", "fifo.wav", "folder.wav"] {
        let path = home.path(name);
        let output = home.xnai(&["--once", "--wav", path.to_str().unwrap(), "--no-rag"]);
        assert_eq!(output.status.code(), Some(3), "{name}: {}", text(&output.stderr));
        let said: Vec<_> = text(&output.stderr).lines().filter(|line| line.contains(name)).map(str::to_owned).collect();
        assert_eq!(said.len(), 1, "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn an_answer_that_cannot_be_written_leaves_nothing_behind() {
    let home = Home::with_demo();
    let nowhere = home.path("no/such/folder/answer.wav");
    let output = home.xnai(&["--once", QUESTION, "--out", nowhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(!home.path("no").exists());
}

#[test]
fn models_over_the_budget_are_refused_before_they_are_loaded() {
    let home = Home::empty();
    let output = home.command().env("XNAI_MEMORY_BUDGET_MB", "64").args(["--once", "--wav", "x.wav"]).output().unwrap();
    assert_eq!(output.status.code(), Some(8), "{}", text(&output.stderr));
}

#[test]
fn ctrl_c_stops_it_and_leaves_no_file() {
    let home = Home::with_demo();
    let out = home.path("answers/answer.wav");
    fs::create_dir(out.parent().unwrap()).unwrap();
    // A pipe that never ends keeps it waiting for the question.
    let mut child = home
        .command()
        .args(["--once", "--wav", "-", "--out", out.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // `wait` closes a standard input that the child still owns, which would be an answer of its own.
    let _stdin = child.stdin.take();
    std::thread::sleep(Duration::from_millis(300));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), nix::sys::signal::Signal::SIGINT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(130), None));
    assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 0);
}

#[test]
fn p1_nothing_leaves_the_machine() {
    let home = Home::with_demo();
    let mut cut_off = Command::new("unshare");
    cut_off.args(["--net", env!("CARGO_BIN_EXE_xnai"), "--once", QUESTION]);
    home.command().get_envs().for_each(|(key, value)| {
        match value {
            Some(value) => cut_off.env(key, value),
            None => cut_off.env_remove(key),
        };
    });
    let output = cut_off.output().unwrap();
    if text(&output.stderr).contains("unshare failed") {
        return super::support::skipped("a network namespace needs root");
    }
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("30 days"));
}

#[test]
fn with_json_even_a_broken_configuration_is_an_object() {
    let home = Home::empty();
    let file = home.path("broken.toml");
    fs::write(&file, "[tts]\nspeeed = 1.0").unwrap();
    let output = home.xnai(&["--config", file.to_str().unwrap(), "--once", "why?", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let report = object(&output);
    fits_schema(&report);
    assert!(report["error"]["hint"].as_str().unwrap().contains("tts.speed"));
}

#[test]
fn flags_stand_before_a_verb_or_after_it() {
    let home = Home::empty();
    let file = home.path("own.toml");
    fs::write(&file, "[tts]\nspeed = 1.25").unwrap();
    let file = file.to_str().unwrap();
    for args in [["--config", file, "config", "show"], ["config", "show", "--config", file]] {
        let output = home.xnai(&args);
        assert!(text(&output.stdout).contains("tts.speed = 1.25"), "{args:?}: {}", text(&output.stderr));
    }
    assert_eq!(home.xnai(&["--once", "why?", "config", "path"]).status.code(), Some(2));
}
