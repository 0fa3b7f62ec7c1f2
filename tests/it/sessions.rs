//! Conversations on disk, by the built program and by programs that are killed: verbs, half lines, full disks.

mod kills;
mod plain;
mod terminal;
mod verbs;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A user's home with the built program in it.
struct Home(tempfile::TempDir);

const FIRST: &str = "20260301-140522-417";
const SECOND: &str = "20260302-080000-000";

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With two conversations; one of them holds what a terminal must never be given.
    fn with_two() -> Self {
        let home = Self::new();
        home.put(FIRST, &[exchange("2026-03-01T14:05:30Z", "How long?", "Thirty days, in the cafe.")]);
        let nasty = "How\\u001b[2J far\\u202e?\\u0007\\n\\u009b31m";
        home.put(SECOND, &[exchange("2026-03-02T08:00:00Z", nasty, "Far\\u001b]0;title\\u0007 away.")]);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn folder(&self) -> PathBuf {
        self.path().join("xnai/sessions")
    }

    fn put(&self, id: &str, lines: &[String]) {
        fs::create_dir_all(self.folder()).unwrap();
        fs::write(self.folder().join(format!("{id}.jsonl")), lines.concat()).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xnai"));
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
            command.env(name, self.path());
        }
        for (name, value) in [("XNAI_LLM_BACKEND", "fake"), ("XNAI_STT_BACKEND", "fake"), ("XNAI_TTS_BACKEND", "fake")] {
            command.env(name, value);
        }
        command.env("XNAI_HOME", env!("CARGO_MANIFEST_DIR")).env_remove("XNAI_CONFIG").env("TZ", "UTC").current_dir(self.path());
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// With these lines on stdin.
    fn fed(&self, args: &[&str], lines: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }
}

/// What a run left behind.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A line of a session's file; the texts are JSON already.
fn exchange(at: &str, question: &str, answer: &str) -> String {
    format!("{{\"line\":\"exchange\",\"at\":\"{at}\",\"asked\":\"spoken\",\"question\":\"{question}\",\"answer\":\"{answer}\"}}\n")
}

/// Whether a terminal could be given this text.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)))
}
