//! What is lost, damaged or out of reach: repairs keep everything that is left.

use super::*;
use crate::rag::{
    journal::Journal,
    writer::{Maker, Writer},
};

impl Rig {
    fn journal(&self) -> PathBuf {
        Home::new(&self.store(), USER).journal()
    }

    /// Makes the one line of the journal that holds a word unreadable.
    fn damage(&self, word: &str) {
        let text = fs::read_to_string(self.journal()).unwrap();
        let damaged: Vec<String> =
            text.lines().map(|l| if l.contains(word) { l.replace(['{', '"'], "\0") } else { l.to_owned() }).collect();
        assert_eq!(text.lines().filter(|l| l.contains(word)).count(), 1, "{text}");
        fs::write(self.journal(), damaged.join("\n") + "\n").unwrap();
    }

    /// Fails unless index and journal name the same documents with the same number of chunks.
    fn is_whole(&self) {
        let catalogue = self.catalogue();
        let rows = self.tables.open(&catalogue.header.table).unwrap();
        let mut stored: Vec<(u32, u32)> = rows.census().unwrap().into_iter().collect();
        stored.sort_unstable();
        let named: Vec<(u32, u32)> = catalogue.docs.values().filter(|d| !d.is_hollow()).map(|d| (d.id, d.chunks)).collect();
        assert_eq!((stored, rows.version().unwrap()), (named, catalogue.version));
    }
}

#[test]
fn embedding_again_keeps_what_cannot_be_read_now() {
    let mut rig = Rig::new();
    rig.run(Request { paths: vec![rig.docs()], tags: vec!["home".into()], reembed: false });
    let before = rig.ask("moon", &[]).list[0].clone();
    rig.embedder = Some(Letters("b"));
    // As when a disk is not mounted.
    fs::rename(rig.docs(), rig.folder.path().join("elsewhere")).unwrap();
    rig.write("new.md", "# Quince\nA quince is a fruit.\n");
    let report = rig.run(Request { paths: vec![rig.docs().join("new.md")], reembed: true, ..Request::default() });
    assert_eq!((counts(&report), report.skipped.len(), rig.catalogue().docs.len()), ([1, 0, 0, 0], 2, 3));
    assert!(report.notes[0].contains("2 documents that could not be read"), "{report:?}");
    let after = rig.ask("moon", &["tag=home"]).list[0].clone();
    assert_eq!((&after.source, &after.span, &after.text), (&before.source, &before.span, &before.text));
    assert!(after.evidence.cosine.is_some(), "carried passages are embedded again");
    rig.write("moon.txt", "The moon is made of cheese.");
    rig.ingest();
    assert!(rig.ask("moon", &["tag=home"]).list[0].text.contains("cheese"));
}

#[test]
fn an_index_that_cannot_be_carried_over_is_not_dropped() {
    let rig = Rig::new();
    rig.ingest();
    fs::remove_file(rig.docs().join("moon.txt")).unwrap();
    rig.tables.0.lock().unwrap().get_mut("user-1").unwrap().last_mut().unwrap().clear();
    let before = rig.catalogue();
    let error = rig.with(USER, |i| i.run(&Request { reembed: true, ..Request::default() })).unwrap_err();
    assert!(error.to_string().contains("moon.txt"), "{error}");
    assert_eq!(rig.catalogue(), before);
    assert!(rig.tables.names().unwrap().contains(&"user-1".into()));
}

#[test]
fn what_was_written_but_not_acknowledged_never_happened() {
    let rig = Rig::new();
    rig.ingest();
    let journal = Home::new(&rig.store(), USER).journal();
    let acknowledged = fs::read(&journal).unwrap();
    rig.write("late.md", "# Late\nQuince.\n");
    rig.ingest();
    // As a kill between the commit of the table and that of the journal leaves it.
    fs::write(&journal, acknowledged).unwrap();
    assert!(rig.ask("quince", &[]).list.iter().all(|p| !p.source.ends_with("late.md")));
    assert_eq!(counts(&rig.ingest()), [1, 0, 2, 0]);
    assert_eq!(rig.best("quince"), "late.md");
    assert_eq!(rig.tables.open("user-1").unwrap().census().unwrap().len(), 3);
}

#[test]
fn an_index_behind_its_journal_is_made_whole_from_the_files() {
    let rig = Rig::new();
    rig.ingest();
    let versions = rig.tables.0.lock().unwrap().get("user-1").unwrap().len();
    rig.write("late.md", "# Late\nQuince.\n");
    rig.ingest();
    // As a power cut leaves it: the newest versions are unreadable.
    rig.tables.0.lock().unwrap().get_mut("user-1").unwrap().truncate(versions);
    assert!(rig.ask("moon", &[]).notes.iter().any(|n| n.contains("repairs")));
    let report = rig.run(Request::default());
    assert!(report.notes[0].contains("read again"), "{report:?}");
    assert_eq!(rig.best("quince"), "late.md");
    assert!(rig.ask("moon", &[]).notes.is_empty());
}

#[test]
fn a_lost_table_is_made_again_from_the_journal() {
    let rig = Rig::new();
    rig.ingest();
    rig.tables.drop_table("user-1").unwrap();
    rig.run(Request::default());
    assert_eq!(rig.best("how far is the moon"), "moon.txt");
}

#[test]
fn documents_that_the_index_lost_are_remembered_until_they_are_read_again() {
    let rig = Rig::new();
    rig.run(Request { paths: vec![rig.docs()], tags: vec!["home".into()], reembed: false });
    rig.write("other.md", "# Other\nQuince.\n");
    rig.tables.drop_table("user-1").unwrap();
    let away = rig.folder.path().join("away");
    fs::rename(rig.docs().join("moon.txt"), &away).unwrap();
    // A writer that finds the damage and dies before it has read anything again.
    let maker = Maker { embedder: None, chunk_chars: 800 };
    let home = Home::new(&rig.store(), USER);
    drop(Writer::open(&home, &rig.tables, &maker, &Session::new().turn(), &mut || {}).unwrap());
    assert_eq!(rig.catalogue().docs.values().filter(|d| d.is_hollow() && d.has_tag("home")).count(), 2);
    // One that forgets something else.
    assert_eq!(rig.with(USER, |i| i.forget(&[rig.docs().join("refund.md").to_string_lossy().into_owned()])).unwrap(), 1);

    let elsewhere = Request { paths: vec![rig.docs().join("other.md")], tags: vec!["work".into()], reembed: false };
    let report = rig.run(elsewhere.clone());
    assert!(report.notes.iter().any(|n| n.starts_with("no passages") && n.contains("1 document;")), "{report:?}");
    assert_eq!((counts(&report), rig.catalogue().docs.len()), ([1, 0, 0, 0], 2));
    fs::rename(away, rig.docs().join("moon.txt")).unwrap();
    assert_eq!(counts(&rig.run(elsewhere)), [0, 1, 1, 0]);
    assert!(rig.ask("how far is the moon", &["tag=home"]).list[0].source.ends_with("moon.txt"));
    assert!(rig.ask("moon", &["tag=work"]).list.iter().all(|p| p.source.ends_with("other.md")));
    rig.is_whole();
}

#[test]
fn a_lost_document_whose_file_is_gone_from_a_walked_folder_goes() {
    let rig = Rig::new();
    rig.ingest();
    rig.tables.drop_table("user-1").unwrap();
    fs::remove_file(rig.docs().join("moon.txt")).unwrap();
    let report = rig.ingest();
    assert_eq!((counts(&report), report.skipped.len()), ([0, 1, 0, 1], 0));
    rig.is_whole();
}

#[test]
fn a_damaged_line_of_the_journal_costs_what_it_named_and_nothing_else() {
    let rig = Rig::new();
    let one = |name: &str| Request { paths: vec![rig.docs().join(name)], tags: vec!["home".into()], reembed: false };
    rig.run(one("refund.md"));
    rig.run(one("moon.txt"));
    rig.damage("refund.md");
    // A search sees what is left, and no passage without its document.
    assert!(rig.ask("refund thirty days moon", &[]).list.iter().all(|p| p.source.ends_with("moon.txt")));
    let report = rig.run(Request::default());
    assert!(report.notes[0].contains("journal was damaged: 1 of its lines"), "{report:?}");
    assert!(rig.store().join("user.journal.damaged-1").exists());
    rig.is_whole();
    assert_eq!((rig.best("how far is the moon"), rig.catalogue().docs.len()), ("moon.txt".into(), 1));
    assert_eq!(counts(&rig.ingest()), [1, 0, 1, 0]);
    assert!(rig.ingest().notes.is_empty());
}

#[test]
fn a_journal_of_which_nothing_is_left_is_a_sentence_and_not_the_demo() {
    let rig = Rig::new();
    rig.with(DEMO, |i| i.run(&Request { paths: vec![rig.docs()], ..Request::default() })).unwrap();
    rig.ingest();
    for rubbish in ["x", "not\na journal\n"] {
        fs::write(rig.journal(), rubbish).unwrap();
        let passages = rig.ask("how far is the moon", &[]);
        assert_eq!((passages.list, passages.found), (vec![], false));
        assert!(passages.notes.iter().any(|note| note.contains("damaged") && note.contains("xnai ingest")), "{:?}", passages.notes);
    }
    rig.ingest();
    assert_eq!(rig.best("how far is the moon"), "moon.txt");
}

#[test]
fn a_removal_that_a_damaged_line_held_brings_nothing_back_for_good() {
    let rig = Rig::new();
    rig.ingest();
    fs::remove_file(rig.docs().join("moon.txt")).unwrap();
    rig.ingest();
    rig.damage("gone");
    assert_eq!(counts(&rig.ingest()), [0, 0, 1, 1]);
    rig.is_whole();
}

#[test]
fn a_damaged_first_line_costs_the_vectors_until_they_are_made_again() {
    let rig = Rig::new();
    rig.run(Request { paths: vec![rig.docs()], tags: vec!["home".into()], reembed: false });
    // What an interrupted rebuild left is not taken for the collection.
    rig.tables.create("user-2", None).unwrap();
    rig.damage("header");
    assert_eq!(rig.best("how far is the moon"), "moon.txt");
    let report = rig.run(Request::default());
    assert!(report.notes[0].contains("damaged") && report.notes[1].contains("xnai ingest --reembed"), "{report:?}");
    assert_eq!((rig.tables.names().unwrap(), rig.catalogue().docs.len()), (vec!["user-1".to_owned()], 2));
    assert_eq!(rig.ask("how far is the moon", &["tag=home"]).list.len(), 1);
    rig.run(Request { reembed: true, ..Request::default() });
    assert!(rig.ask("moon", &["tag=home"]).list[0].evidence.cosine.is_some());
    rig.is_whole();
}

#[test]
fn a_writer_killed_after_mending_the_journal_is_made_good_by_the_next() {
    let rig = Rig::new();
    rig.ingest();
    fs::remove_file(rig.docs().join("moon.txt")).unwrap();
    rig.ingest();
    rig.damage("gone");
    let mut journal = Journal::open(&rig.journal()).unwrap().unwrap();
    journal.mend(journal.catalogue.header.clone()).unwrap();
    rig.run(Request::default());
    assert_eq!(rig.catalogue().docs.values().filter(|d| d.is_hollow()).count(), 1);
    rig.is_whole();
}
