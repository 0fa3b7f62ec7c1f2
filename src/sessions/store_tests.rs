//! Files as they were left by whatever happened, and names as people type them.

use std::fs;

use super::*;
use crate::{error::Kind, sessions::Ending};

struct Shelf {
    root: tempfile::TempDir,
    sessions: Sessions,
}

const FIRST: &str = "20260301-140522-417";
const SECOND: &str = "20260302-080000-000";

fn line(at: &str, question: &str, answer: &str) -> String {
    let entry = Entry { at: at.parse().unwrap(), question: question.into(), answer: answer.into(), ..Entry::default() };
    serde_json::to_string(&Line::Exchange(entry)).unwrap() + "\n"
}

impl Shelf {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let sessions = Sessions::open(&Paths::under(root.path()));
        fs::create_dir_all(sessions.folder()).unwrap();
        Self { root, sessions }
    }

    fn put(&self, id: &str, text: &[u8]) {
        fs::write(self.sessions.folder().join(format!("{id}.jsonl")), text).unwrap();
    }

    fn two() -> Self {
        let shelf = Self::new();
        shelf.put(FIRST, line("2026-03-01T14:05:30Z", "How long?", "Thirty days.").as_bytes());
        shelf.put(SECOND, line("2026-03-02T08:00:10Z", "How far?", "Far.").as_bytes());
        shelf
    }
}

fn names(list: &[Summary]) -> Vec<&str> {
    list.iter().map(|s| s.id.as_str()).collect()
}

#[test]
fn where_nothing_was_kept_nothing_is_found() {
    let root = tempfile::tempdir().unwrap();
    let sessions = Sessions::open(&Paths::under(root.path()));
    assert_eq!(sessions.list().unwrap(), []);
    assert!(sessions.load("last").unwrap_err().to_string().contains("no session yet"));
    assert!(!root.path().join("data").exists(), "looking makes nothing");
}

#[test]
fn the_last_one_is_the_one_that_was_spoken_in_last() {
    let shelf = Shelf::two();
    assert_eq!(names(&shelf.sessions.list().unwrap()), [SECOND, FIRST]);
    let resumed = line("2026-03-01T14:05:30Z", "How long?", "Thirty days.") + &line("2026-03-09T00:00:00Z", "And then?", "Nothing.");
    shelf.put(FIRST, resumed.as_bytes());
    let list = shelf.sessions.list().unwrap();
    assert_eq!(names(&list), [FIRST, SECOND]);
    assert_eq!((list[0].exchanges, list[0].first_question.as_str()), (2, "How long?"));
    assert_eq!(shelf.sessions.load("last").unwrap().history()[1].answer, "Nothing.");
}

#[test]
fn a_half_written_last_line_costs_nothing_else() {
    let shelf = Shelf::new();
    let whole = line("2026-03-01T14:05:30Z", "a", "b") + &line("2026-03-01T14:06:30Z", "c — d", "e");
    let first = whole.find('\n').unwrap() + 1;
    for cut in 0..whole.len() {
        shelf.put(FIRST, &whole.as_bytes()[..cut]);
        let conversation = shelf.sessions.load(FIRST).unwrap();
        // A line that lacks only its end is whole.
        let expected = usize::from(cut + 1 >= first) + usize::from(cut + 1 >= whole.len());
        assert_eq!((conversation.entries.len(), conversation.damaged), (expected, 0), "cut at {cut}");
    }
}

#[test]
fn what_cannot_be_read_in_the_middle_is_counted_and_left_out() {
    let shelf = Shelf::new();
    let good = line("2026-03-01T14:05:30Z", "a", "b");
    let text = [good.as_bytes(), b"{\"line\":\"exchange\"}\n\xff\xfe\n\n[1\n{\"line\":\"later\",\"x\":1}\n", good.as_bytes()].concat();
    shelf.put(FIRST, &text);
    let conversation = shelf.sessions.load(FIRST).unwrap();
    assert_eq!((conversation.entries.len(), conversation.damaged), (2, 3));
    assert_eq!(shelf.sessions.list().unwrap()[0].trouble.as_deref(), Some("3 lines cannot be read"));
}

#[test]
fn the_beginning_of_a_name_is_enough_when_it_means_one() {
    let shelf = Shelf::two();
    assert_eq!(shelf.sessions.find("20260302").unwrap().as_str(), SECOND);
    assert_eq!(shelf.sessions.find(FIRST).unwrap().as_str(), FIRST);
    let error = shelf.sessions.find("202603").unwrap_err();
    assert_eq!(error.kind(), Kind::Reword);
    assert!(error.to_string().contains(FIRST) && error.to_string().contains(SECOND), "{error}");
    assert!(shelf.sessions.find("2027").unwrap_err().to_string().contains("there is no session `2027`"));
}

#[test]
fn a_name_is_never_a_path() {
    let shelf = Shelf::two();
    let outside = shelf.root.path().join("data").join("20260303-000000-000.jsonl");
    fs::write(&outside, line("2026-03-03T00:00:00Z", "secret", "secret")).unwrap();
    let long = "9".repeat(5000);
    for wanted in ["../20260303-000000-000", "/etc/passwd", "..", ".", "", "*", "a\0b", "-", "２０２６", "20260301-140522-417.jsonl", &long]
    {
        for result in
            [shelf.sessions.load(wanted).map(drop), shelf.sessions.remove(wanted).map(drop), shelf.sessions.export(wanted).map(drop)]
        {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), Kind::Reword, "{wanted}");
            assert!(error.to_string().len() < 300, "{error}");
        }
    }
    assert!(outside.exists());
    assert_eq!(shelf.sessions.ids().unwrap().len(), 2);
}

#[test]
fn what_is_no_session_is_left_alone_and_never_waited_for() {
    let shelf = Shelf::two();
    let folder = shelf.sessions.folder().to_owned();
    fs::write(folder.join("notes.txt"), "x").unwrap();
    fs::create_dir(folder.join("20260303-000000-000.jsonl")).unwrap();
    nix::unistd::mkfifo(&folder.join("20260304-000000-000.jsonl"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("20260305-000000-000.jsonl")).unwrap();
    let list = shelf.sessions.list().unwrap();
    assert_eq!(list.iter().filter(|s| s.trouble.is_some()).count(), 3, "{list:?}");
    assert_eq!(shelf.sessions.load("last").unwrap().id.as_str(), SECOND);
    assert_eq!(shelf.sessions.search("far").unwrap().len(), 1);
    assert!(shelf.sessions.load("20260304").unwrap_err().to_string().contains("is not a file"));
}

#[test]
fn a_removed_session_is_gone_and_one_in_use_is_not_removed() {
    let shelf = Shelf::two();
    assert_eq!(shelf.sessions.remove("20260301").unwrap().as_str(), FIRST);
    assert_eq!(names(&shelf.sessions.list().unwrap()), [SECOND]);
    let held = File::open(shelf.sessions.folder().join(format!("{SECOND}.jsonl"))).unwrap();
    assert!(lock(&held));
    assert_eq!(shelf.sessions.remove("last").unwrap_err().kind(), Kind::Retry);
    drop(held);
    shelf.sessions.remove("last").unwrap();
    assert_eq!(shelf.sessions.ids().unwrap(), []);
}

#[test]
fn a_search_gives_the_newest_first() {
    let shelf = Shelf::two();
    let hits = shelf.sessions.search("HOW").unwrap();
    assert_eq!(hits.iter().map(|h| h.id.as_str()).collect::<Vec<_>>(), [SECOND, FIRST]);
    assert_eq!((hits[1].exchange, hits[1].snippet.as_str()), (1, "How long?"));
    assert_eq!(shelf.sessions.search("how days").unwrap().len(), 1);
    assert_eq!(shelf.sessions.search(" ").unwrap(), []);
}

#[test]
fn an_interrupted_answer_goes_on_from_what_was_heard() {
    let shelf = Shelf::new();
    let entry = Entry {
        question: "q".into(),
        answer: "One. Two.".into(),
        ended: Ending::Interrupted,
        heard: Some("One.".into()),
        ..Entry::default()
    };
    let unheard = Entry { heard: Some(String::new()), ..entry.clone() };
    let lines = [entry, unheard].map(|e| serde_json::to_string(&Line::Exchange(e)).unwrap() + "\n");
    shelf.put(FIRST, lines.concat().as_bytes());
    let history = shelf.sessions.load("last").unwrap().history();
    assert_eq!(history, [Exchange { question: "q".into(), answer: "One.".into() }]);
}
