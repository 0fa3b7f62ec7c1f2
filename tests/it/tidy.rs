//! Reads the sources as text and holds them to the invariants of `src/lib.rs` that no compiler checks.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;
use xnai::error::Kind;

const ROOMS: [&str; 5] = ["audio", "stt", "rag", "llm", "tts"];

/// A source file: its path below the repository, and the code that ships, without comments and unit tests.
struct Source {
    path: String,
    text: String,
    code: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// All files below a folder, as paths below the repository.
fn files_below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()) }
        }
    }
    found.sort();
    found
}

/// Read once: eleven tests look at them.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let list = files_below("src").into_iter().filter(|p| p.ends_with(".rs"));
    let list: Vec<_> =
        list.map(|path| (read(&path), path)).map(|(text, path)| Source { code: shipped(&path, &text), path, text }).collect();
    assert!(list.len() > 30, "only {} source files found: this test looks in the wrong place", list.len());
    list
});

static INLINE_TESTS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^#\[cfg\(test\)\]\n(pub )?mod \w+ \{").unwrap());

/// The code of a file without comments, and without the tests that stand at its end or fill it.
fn shipped(path: &str, text: &str) -> String {
    if path.ends_with("tests.rs") {
        return String::new();
    }
    let before_tests = INLINE_TESTS.find(text).map_or(text, |found| &text[..found.start()]);
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" // ").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Fails with every place where `pattern` occurs in shipped code outside the files that `allowed` takes.
fn only_in(pattern: &str, allowed: impl Fn(&str) -> bool, why: &str) {
    let pattern = Regex::new(pattern).unwrap();
    let found = SOURCES.iter().filter(|s| !allowed(&s.path) && pattern.is_match(&s.code));
    let found: Vec<_> = found.map(|s| format!("{}: {}", s.path, pattern.find(&s.code).unwrap().as_str())).collect();
    assert!(found.is_empty(), "{why}:\n  {}", found.join("\n  "));
}

/// Every engine's crate, and the one place that may name it.
#[test]
fn each_engine_is_named_in_one_place() {
    let engines = [
        ("cpal", "src/audio/"),
        ("hound", "src/audio/"),
        ("symphonia", "src/audio/"),
        ("rubato", "src/audio/"),
        ("aec3", "src/audio/echo"),
        ("ort", "src/onnx"),
        ("whisper_rs", "src/stt/whisper"),
        ("llama_cpp_2", "src/llm/llama"),
        ("llama_cpp_sys_2", "src/llm/llama"),
        ("lancedb", "src/rag/"),
        ("misaki_rs", "src/tts/g2p/"),
    ];
    for (name, place) in engines {
        only_in(&format!(r"(use |[^\w:]){name}::"), |path| path.starts_with(place), &format!("only {place} may name {name}"));
    }
}

#[test]
fn only_downloads_and_remote_engines_reach_the_network() {
    let allowed = |path: &str| path.starts_with("src/models/") || path.starts_with("src/llm/openai") || path == "src/wyoming/wire.rs";
    only_in(r"\breqwest::|\b(TcpStream|TcpListener|UdpSocket)\b", allowed, "invariant 7: no network elsewhere");
}

/// The first names after every `crate::`, groups and all: `use crate::{a, b::c}` gives a and b.
fn crate_paths(code: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => found.extend(top_level(group).into_iter().map(name)),
            None => found.push(name(after)),
        }
    }
    found.retain(|n| !n.is_empty());
    found
}

/// The members of a group whose opening brace was just read, split at its own commas only.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (1, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            members.push(&group[start..at]);
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    members
}

#[test]
fn groups_of_imports_are_understood() {
    assert_eq!(crate_paths("use crate::{\n    a::B,\n    c::{d, e::F},\n    g,\n};\nlet x = crate::h::i();"), ["a", "c", "g", "h"]);
}

#[test]
fn rooms_do_not_import_rooms() {
    let shared = ["error", "parcel", "turn", "os", "onnx", "wyoming"];
    let mut wrong = Vec::new();
    for source in SOURCES.iter() {
        let Some(room) = ROOMS.into_iter().find(|room| source.path.starts_with(&format!("src/{room}/"))) else { continue };
        let strangers = crate_paths(&source.code).into_iter().filter(|name| name != room && !shared.contains(&name.as_str()));
        wrong.extend(strangers.map(|name| format!("{} imports {name}", source.path)));
    }
    assert!(wrong.is_empty(), "rooms share parcel, turn, error, os, onnx and wyoming, and nothing else:\n  {}", wrong.join("\n  "));
}

/// Faces take types of the rooms' settings, and nothing that works.
#[test]
fn faces_do_not_reach_into_rooms() {
    let faces = ["src/once/", "src/plain/", "src/talk", "src/tui/", "src/slash.rs"];
    let working = r"\b(audio|stt|rag|llm|tts)::(\{|[a-z])";
    only_in(working, |path| !faces.iter().any(|face| path.starts_with(face)), "invariant 3: faces talk only to pipeline");
}

#[test]
fn every_file_says_first_what_it_is() {
    let silent: Vec<_> = SOURCES.iter().filter(|s| !s.text.starts_with("//! ")).map(|s| &s.path).collect();
    assert!(silent.is_empty(), "the first line of every file is a `//!` sentence: {silent:?}");
}

#[test]
fn no_queue_is_unbounded() {
    only_in(r"\bunbounded|\bchannel(::<[^()]*>)?\(\)", |_| false, "invariant 4: every queue has a size");
}

#[test]
fn nothing_is_left_open_and_nothing_unsound_is_called() {
    only_in(r"\b(todo|unimplemented|dbg)!|#\[ignore", |_| false, "unfinished");
    only_in(r"set_abort_callback_safe", |_| false, "whisper-rs's safe abort callback is undefined behaviour");
    only_in(r"\bprocess::exit\b", |path| path == "src/main.rs", "only main ends the process");
}

#[test]
fn everything_is_printed_through_one_place() {
    only_in(r"\be?print(ln)?!", |_| false, "these panic when nobody reads: use os::terminal, in faces and verbs only");
}

#[test]
fn scripts_can_be_run() {
    let scripts = files_below("scripts").into_iter().chain([".ci/run".to_owned(), "tests/scripts".to_owned()]);
    let wrong = scripts.filter(|path| !path.contains("__pycache__")).filter(|path| {
        let begins = fs::read(root().join(path)).is_ok_and(|bytes| bytes.starts_with(b"#!"));
        let executable = fs::metadata(root().join(path)).is_ok_and(|m| m.permissions().mode() & 0o111 != 0);
        begins != executable
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new(), "executable exactly when the first line names an interpreter");
}

/// What the README calls each kind. No wildcard: a new kind does not compile until it is documented.
fn documented_as(kind: Kind) -> &'static str {
    match kind {
        Kind::Reword => "command line",
        Kind::Replace => "given cannot be used",
        Kind::Repeat => "heard",
        Kind::Fetch => "missing or was refused",
        Kind::Broaden => "--require-docs",
        Kind::Reopen => "sound device",
        Kind::Shrink => "memory budget",
        Kind::Retry => "try again later",
        Kind::MakeRoom => "disk",
        Kind::Stopped => "interrupted",
        Kind::Stale | Kind::Report => "fault",
    }
}

fn row_of(row: regex::Captures<'_>) -> (u8, String) {
    (row[1].parse().unwrap(), row[2].to_lowercase())
}

#[test]
fn the_readme_knows_every_exit_code() {
    use Kind::*;
    let kinds = [Reword, Replace, Repeat, Fetch, Broaden, Reopen, Shrink, Retry, MakeRoom, Stopped, Stale, Report];
    let readme = read("README.md");
    let section = readme.split("## Exit codes").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section on exit codes");
    let row = Regex::new(r"(?m)^\| (\d+) \| (.*) \|$").unwrap();
    let rows: Vec<(u8, String)> = row.captures_iter(section).map(row_of).collect();
    for kind in kinds {
        let words = rows.iter().find(|(code, _)| *code == kind.exit_code()).map(|(_, words)| words.as_str());
        assert!(words.is_some_and(|w| w.contains(documented_as(kind))), "{kind:?} is {}, the README says: {words:?}", kind.exit_code());
    }
    let typed = Regex::new(r#"(?m)^  (\d+) +([^"\n]+)"#).unwrap();
    let help: Vec<(u8, String)> = typed.captures_iter(&read("src/cli.rs")).map(row_of).collect();
    assert_eq!(rows, help, "the README and --help say the same");
    let undocumented = |code: u8| code != 0 && kinds.iter().all(|kind| kind.exit_code() != code);
    assert!(rows.iter().any(|(code, _)| *code == 0) && !rows.iter().any(|(code, _)| undocumented(*code)), "{rows:?}");
}

/// The sentences of a Markdown document, by paragraph, without its headings.
fn paragraphs(text: &str) -> Vec<Vec<String>> {
    let end = Regex::new(r"([.!?:]) ").unwrap();
    let sentences = |paragraph: &str| end.replace_all(&paragraph.replace('\n', " "), "$1\n").lines().map(str::to_lowercase).collect();
    text.split("\n\n").filter(|p| !p.starts_with('#')).map(sentences).collect()
}

/// Whether a text holds every expected word, whole; `a|b` is satisfied by either.
fn holds(text: &str, expected: &str) -> bool {
    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).collect();
    expected.split(' ').all(|one| one.split('|').any(|word| words.contains(&word)))
}

#[test]
fn every_demo_question_has_its_answer_in_a_sentence_or_two() {
    let table = read("assets/demo/expected.tsv");
    let rows: Vec<Vec<&str>> = table.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
    let asked: Vec<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(asked, read("models/nano/phrases.txt").lines().collect::<Vec<_>>(), "one row for each phrase, in their order");
    for row in &rows {
        let [question, document, expected] = row[..] else { panic!("three columns: {row:?}") };
        assert_eq!(expected, expected.to_lowercase(), "{question}");
        let text = read(Path::new("assets/docs").join(document).to_str().unwrap());
        let answered = paragraphs(&text).iter().any(|p| (0..p.len()).any(|at| holds(&p[at..p.len().min(at + 2)].join(" "), expected)));
        assert!(answered, "{document} has no answer with `{expected}` to: {question}");
    }
}
