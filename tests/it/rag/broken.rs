//! What kills, power cuts, damaged files and full disks leave of a store of documents.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use xnai::{
    error::Kind,
    rag::{
        home::{Home, USER},
        ingest::{Event, Request},
        search::Search,
    },
};

use super::{Letters, Rig, ask, files};
use crate::support::SmallDisk;

/// Tells the child process which folder to ingest.
const CHILD: &str = "RAG_TEST_CHILD";

/// What the next test starts as another process; a test of nothing otherwise.
#[test]
fn child_that_ingests() {
    let Some(root) = env::var_os(CHILD) else { return };
    let rig = Rig::at(Path::new(&root));
    let mut tell = |event: Event<'_>| {
        if let Event::Stored(sources) = event {
            sources.iter().for_each(|source| println!("stored {source}"));
        }
    };
    rig.try_ingest(&[rig.docs()], &mut tell).unwrap();
}

/// Starts the child, reads what it acknowledges, and kills it some time after so many acknowledgements.
fn killed_ingest(rig: &Rig, after: usize, delay: Duration) -> BTreeSet<String> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["rag::broken::child_that_ingests", "--exact", "--nocapture"])
        .env(CHILD, &rig.root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(std::result::Result::ok);
    let mut stored = BTreeSet::new();
    let mut lines = lines.filter_map(|l| l.split_once("stored ").map(|(_, source)| source.to_owned()));
    stored.extend(lines.by_ref().take(after));
    thread::sleep(delay);
    child.kill().unwrap();
    // What was still in the pipe was acknowledged too.
    stored.extend(lines);
    child.wait().unwrap();
    stored
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let rig = Rig::new();
    rig.write_many(250, 8);
    let mut promised = BTreeSet::new();
    let mut seed = std::process::id() | 1;
    for round in 0..8 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (after, delay) = (if round < 2 { 0 } else { 1 }, Duration::from_millis(u64::from(seed >> 16) % 400));
        promised.extend(killed_ingest(&rig, after, delay));
        let catalogue = rig.catalogue();
        let lost: Vec<_> = promised.iter().filter(|s| catalogue.by_source(s).is_none()).collect();
        assert!(lost.is_empty(), "round {round}, {delay:?}: {lost:?}");
        if let Some(source) = promised.iter().next() {
            let passages = rig.ask("document section matter", &[&format!("source={source}")]);
            assert!(!passages.list.is_empty() && passages.notes.is_empty(), "round {round}: {source} {passages:?}");
        }
    }
    rig.ingest();
    assert_eq!(rig.catalogue().docs.len(), 252);
    rig.is_whole();
}

/// The files that describe the versions of the table; newest first, as LanceDB counts names down.
fn manifests(rig: &Rig) -> Vec<PathBuf> {
    let folder = rig.store().join("lance").join(format!("{}.lance", rig.catalogue().header.table)).join("_versions");
    let mut found: Vec<PathBuf> = files(&folder).into_iter().filter(|f| f.extension().is_some_and(|e| e == "manifest")).collect();
    found.sort();
    found
}

#[test]
fn a_newest_version_that_a_power_cut_broke_gives_way_to_the_one_before() {
    for broken in [&b""[..], b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", b"half of a manifest, and no end to it"] {
        let rig = Rig::new();
        rig.ingest();
        rig.write("late.md", "# Late\nQuince.\n");
        rig.ingest();
        fs::write(&manifests(&rig)[0], broken).unwrap();
        assert_eq!(rig.best("moon kilometres"), "moon.txt");
        rig.ingest();
        assert_eq!((rig.best("quince"), rig.best("moon kilometres")), ("late.md".into(), "moon.txt".into()));
        assert!(rig.ask("moon", &[]).notes.is_empty());
        rig.is_whole();
    }
}

#[test]
fn an_index_beyond_repair_is_made_again_from_the_files() {
    let rig = Rig::new();
    rig.ingest();
    manifests(&rig).iter().for_each(|m| fs::write(m, "").unwrap());
    rig.ingest();
    assert_eq!(rig.best("moon kilometres"), "moon.txt");
    rig.is_whole();
}

#[test]
fn embedding_again_keeps_what_cannot_be_read_now() {
    let rig = Rig::new();
    rig.ingest();
    let before = rig.ask("moon kilometres", &[]).list[0].clone();
    fs::rename(rig.docs(), rig.root.join("away")).unwrap();
    let other = Letters("other", 16);
    let report = rig.with(&other, &mut |_| {}, |i| i.run(&Request { reembed: true, ..Request::default() })).unwrap();
    assert!(report.notes[0].contains("2 documents"), "{report:?}");
    let after = ask(&Search::new(&rig.store(), rig.tables(), Some(Box::new(other))), "moon kilometres", &[]).list[0].clone();
    assert_eq!((&after.source, &after.title, &after.span, &after.text), (&before.source, &before.title, &before.span, &before.text));
    assert!(after.evidence.cosine.is_some());
    rig.is_whole();
}

#[test]
fn a_damaged_line_of_the_journal_costs_no_other() {
    let rig = Rig::new();
    rig.ingest();
    rig.write("late.md", "# Late\nQuince.\n");
    rig.ingest();
    let journal = Home::new(&rig.store(), USER).journal();
    let text = fs::read_to_string(&journal).unwrap();
    for (line, best) in [("late.md", ""), ("header", "late.md"), ("moon.txt", "late.md")] {
        let damaged: Vec<&str> = text.lines().map(|l| if l.contains(line) { "{\0" } else { l }).collect();
        assert!(damaged.contains(&"{\0"), "{text}");
        fs::write(&journal, damaged.join("\n") + "\n").unwrap();
        let report = rig.try_ingest(&[], &mut |_| {}).unwrap();
        assert!(report.notes[0].contains("damaged"), "{report:?}");
        assert!(rig.best("quince").ends_with(best));
        rig.ingest();
        assert_eq!((rig.best("quince"), rig.best("moon kilometres")), ("late.md".into(), "moon.txt".into()));
        rig.is_whole();
    }
}

#[test]
fn a_full_disk_is_a_sentence_and_the_store_still_opens() {
    let Some(disk) = SmallDisk::mount(5 << 10) else { return };
    let outside = Rig::new();
    let rig = Rig::at(disk.path());
    rig.try_ingest(&[outside.docs()], &mut |_| {}).unwrap();
    outside.write_many(400, 40);
    let error = rig.try_ingest(&[outside.docs()], &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), Kind::MakeRoom, "{error}");
    assert_eq!(rig.best("moon kilometres"), "moon.txt");
    disk.grow(200 << 10);
    rig.try_ingest(&[outside.docs()], &mut |_| {}).unwrap();
    assert_eq!(rig.catalogue().docs.len(), 402);
    rig.is_whole();
}
