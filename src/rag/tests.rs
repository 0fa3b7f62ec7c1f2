//! Ingest, search and repair on a store in memory: everything that needs neither LanceDB nor a model.

mod damage;
mod large;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    Searcher,
    embed::Embedder,
    filter,
    home::{DEMO, Home, USER},
    ingest::{Event, Ingester, Report, Request},
    journal::Catalogue,
    search::{DEMO_NOTE, Search},
    store::{Tables, memory::Memory},
    walk,
    words::stems,
};
use crate::{
    error::{Kind, Result},
    parcel::{Passages, Query},
    turn::{Session, Turn},
};

/// An embedder whose meaning of a text is which of its words begin with which letter.
pub struct Letters(pub &'static str);

impl Embedder for Letters {
    fn embed(&self, texts: &[&str], _: &Turn) -> Result<Vec<Vec<f32>>> {
        let vector = |text: &&str| {
            let mut v = vec![0.01f32; 26];
            stems(text)
                .iter()
                .filter_map(|w| w.bytes().next())
                .filter(u8::is_ascii_lowercase)
                .for_each(|b| v[usize::from(b - b'a')] += 1.0);
            let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            v.into_iter().map(|x| x / length).collect()
        };
        Ok(texts.iter().map(vector).collect())
    }

    fn dimension(&self) -> usize {
        26
    }

    fn id(&self) -> &str {
        self.0
    }
}

/// A folder of documents, a store in memory beside it, and a journal on disk.
struct Rig {
    folder: tempfile::TempDir,
    tables: Memory,
    embedder: Option<Letters>,
}

impl Rig {
    fn new() -> Self {
        let rig = Self { folder: tempfile::tempdir().unwrap(), tables: Memory::default(), embedder: Some(Letters("a")) };
        rig.write("refund.md", "# Refunds\nMoney comes back within thirty days.\n");
        rig.write("moon.txt", "The moon is four hundred thousand kilometres away.");
        rig
    }

    fn docs(&self) -> PathBuf {
        self.folder.path().join("docs")
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.docs()).unwrap();
        fs::write(self.docs().join(name), text).unwrap();
    }

    fn with<T>(&self, collection: &str, work: impl FnOnce(&mut Ingester<'_>) -> T) -> T {
        let turn = Session::new().turn();
        let home = Home::new(&self.store(), collection);
        let embedder = self.embedder.as_ref().map(|e| e as &dyn Embedder);
        work(&mut Ingester { home, tables: &self.tables, embedder, chunk_chars: 800, turn: &turn, watch: &mut |_| {} })
    }

    fn ingest(&self) -> Report {
        self.run(Request { paths: vec![self.docs()], ..Request::default() })
    }

    fn run(&self, request: Request) -> Report {
        self.with(USER, |i| i.run(&request)).unwrap()
    }

    fn ask(&self, text: &str, filters: &[&str]) -> Passages {
        let embedder = self.embedder.as_ref().map(|e| Box::new(Letters(e.0)) as Box<dyn Embedder>);
        let search = Search::new(&self.store(), Box::new(self.tables.clone()), embedder);
        let query = Query { text: text.into(), limit: 5, filter: filter::parse(filters).unwrap() };
        search.search(&query, &Session::new().turn()).unwrap()
    }

    fn best(&self, text: &str) -> String {
        let passages = self.ask(text, &[]);
        passages.list.first().map_or_else(String::new, |p| p.source.rsplit('/').next().unwrap().to_owned())
    }

    fn catalogue(&self) -> Catalogue {
        Catalogue::read(&Home::new(&self.store(), USER).journal()).unwrap().unwrap()
    }
}

fn counts(report: &Report) -> [usize; 4] {
    [report.added, report.changed, report.unchanged, report.removed]
}

#[test]
fn a_second_ingest_does_nothing() {
    let rig = Rig::new();
    assert_eq!(counts(&rig.ingest()), [2, 0, 0, 0]);
    let before = rig.catalogue();
    assert_eq!(counts(&rig.ingest()), [0, 0, 2, 0]);
    assert_eq!(rig.catalogue(), before);
}

#[test]
fn a_changed_file_replaces_its_passages_and_a_removed_one_goes() {
    let rig = Rig::new();
    rig.ingest();
    rig.write("refund.md", "# Refunds\nMoney never comes back; zebras do.\n");
    fs::remove_file(rig.docs().join("moon.txt")).unwrap();
    assert_eq!(counts(&rig.ingest()), [0, 1, 0, 1]);
    let passages = rig.ask("zebras and moon and thirty days", &[]);
    assert_eq!(passages.list.len(), 1);
    assert!(passages.list[0].text.contains("zebras"));
    let rows = rig.tables.open("user-1").unwrap();
    assert_eq!(rows.census().unwrap().len(), 1);
}

#[test]
fn a_file_that_became_empty_is_forgotten_and_one_that_cannot_be_read_is_kept() {
    let rig = Rig::new();
    rig.ingest();
    rig.write("moon.txt", " ");
    let report = rig.ingest();
    assert_eq!((counts(&report), report.skipped[0].1.as_str()), ([0, 0, 1, 1], "it is empty"));
}

#[test]
fn every_file_that_is_no_document_is_skipped_with_its_reason() {
    let rig = Rig::new();
    rig.write("blob.txt", "a\0b");
    rig.write("image.png", "x");
    nix::unistd::mkfifo(&rig.docs().join("pipe.md"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let report = rig.ingest();
    let why = |name: &str| report.skipped.iter().find(|(p, _)| p.ends_with(name)).map(|(_, why)| why.clone()).unwrap_or_default();
    assert_eq!(counts(&report), [2, 0, 0, 0]);
    assert!(why("blob.txt").contains("binary") && why("image.png").contains(".png") && why("pipe.md").contains("regular"), "{report:?}");
}

#[test]
fn a_name_that_is_no_text_is_kept_found_and_forgotten() {
    use std::os::unix::ffi::OsStrExt;
    let rig = Rig::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.md");
    fs::write(rig.docs().join(name), "# Menu\nQuince and xylophone.\n").unwrap();
    assert_eq!(counts(&rig.ingest()), [3, 0, 0, 0]);
    assert_eq!(counts(&rig.ingest()), [0, 0, 3, 0]);
    let source = rig.ask("quince xylophone", &[]).list[0].source.clone();
    assert!(source.ends_with("caf\\xE9.md"), "{source}");
    assert_eq!(rig.with(USER, |i| i.forget(&[source])).unwrap(), 1);
    fs::remove_file(rig.docs().join(name)).unwrap();
    assert_eq!(counts(&rig.ingest()), [0, 0, 2, 0]);
}

#[test]
fn filters_choose_documents_and_harmful_values_choose_none() {
    let rig = Rig::new();
    rig.write("tagged.md", "---\ntags: [work]\n---\n# Moon\nThe moon again.\n");
    rig.ingest();
    let sources = |filter: &str| rig.ask("moon", &[filter]).list.iter().map(|p| p.source.clone()).collect::<Vec<_>>();
    assert!(sources("type=txt").iter().all(|s| s.ends_with("moon.txt")));
    assert!(sources("tag=work").iter().all(|s| s.ends_with("tagged.md")));
    assert!(sources("path=docs/*.md").iter().all(|s| s.ends_with(".md")));
    assert_eq!(sources("path=moon.*").len(), 1);
    assert!(sources("before=1971-01-01").is_empty());
    assert!(rig.ask("moon", &["before=1971-01-01"]).notes[0].contains("no document fits before=1971-01-01"));
    for value in ["' OR 1=1 --", "x'; DROP TABLE user; --", "%", "\") OR (\"1\"=\"1"] {
        assert!(sources(&format!("tag={value}")).is_empty() && sources(&format!("source={value}")).is_empty());
    }
}

#[test]
fn tags_given_once_stay_until_others_are_given() {
    let rig = Rig::new();
    let tagged =
        |tags: &[&str]| Request { paths: vec![rig.docs()], tags: tags.iter().map(|t| (*t).to_owned()).collect(), ..Request::default() };
    rig.run(tagged(&["home"]));
    assert_eq!(counts(&rig.run(tagged(&[]))), [0, 0, 2, 0]);
    assert_eq!(rig.ask("moon", &["tag=home"]).list.len(), 2);
    assert_eq!(counts(&rig.run(tagged(&["work"]))), [0, 2, 0, 0]);
    assert!(rig.ask("moon", &["tag=home"]).list.is_empty());
}

#[test]
fn demo_documents_answer_until_there_are_others() {
    let rig = Rig::new();
    assert!(rig.ask("moon", &[]).notes[0].contains("no documents yet"));
    rig.with(DEMO, |i| i.run(&Request { paths: vec![rig.docs().join("moon.txt")], ..Request::default() })).unwrap();
    let demo = rig.ask("how far is the moon", &[]);
    assert_eq!((demo.found, demo.notes), (true, vec![DEMO_NOTE.to_owned()]));
    rig.run(Request { paths: vec![rig.docs().join("refund.md")], ..Request::default() });
    assert_eq!(rig.best("how far is the moon"), "refund.md");
    assert!(rig.ask("refund", &[]).notes.is_empty());
}

#[test]
fn without_an_embedder_words_find_it_and_the_notes_say_so() {
    let mut rig = Rig::new();
    rig.embedder = None;
    rig.ingest();
    let passages = rig.ask("How many kilometres away is the moon?", &[]);
    assert!(passages.found && passages.notes[0].contains("words alone"), "{passages:?}");
    assert_eq!(passages.list[0].evidence.cosine, None);
}

#[test]
fn another_embedder_means_words_alone_until_everything_is_embedded_again() {
    let mut rig = Rig::new();
    rig.ingest();
    rig.embedder = Some(Letters("b"));
    let before = rig.ask("how far away is the moon", &[]);
    assert!(before.notes[0].contains("xnai ingest --reembed") && before.list[0].evidence.cosine.is_none(), "{before:?}");
    rig.write("new.md", "# Quince\nA quince is a fruit.\n");
    assert!(rig.ingest().notes[0].contains("xnai ingest --reembed"));
    assert_eq!(rig.best("quince"), "new.md");
    let report = rig.run(Request { reembed: true, ..Request::default() });
    assert_eq!(counts(&report), [0, 3, 0, 0]);
    let after = rig.ask("how far away is the moon", &[]);
    assert!(after.notes.is_empty() && after.list[0].evidence.cosine.is_some(), "{after:?}");
    assert_eq!(rig.tables.names().unwrap(), ["user-2"]);
    assert_eq!(rig.catalogue().header.embedder.unwrap().id, "b");
}

#[test]
fn embedding_again_drops_what_is_gone_and_keeps_tags() {
    let rig = Rig::new();
    rig.run(Request { paths: vec![rig.docs()], tags: vec!["home".into()], reembed: false });
    fs::remove_file(rig.docs().join("moon.txt")).unwrap();
    let report = rig.run(Request { paths: vec![rig.docs()], tags: Vec::new(), reembed: true });
    assert_eq!((counts(&report), rig.catalogue().docs.len()), ([0, 1, 0, 1], 1));
    assert!(rig.catalogue().docs.values().all(|d| d.has_tag("home")));
}

#[test]
fn embedding_again_tags_only_what_was_named() {
    let rig = Rig::new();
    rig.run(Request { paths: vec![rig.docs()], tags: vec!["home".into()], reembed: false });
    rig.run(Request { paths: vec![rig.docs().join("moon.txt")], tags: vec!["work".into()], reembed: true });
    let given = |name: &str| rig.catalogue().docs.values().find(|d| d.source.ends_with(name)).unwrap().given.clone();
    assert_eq!((given("moon.txt"), given("refund.md")), (vec!["work".to_owned()], vec!["home".to_owned()]));
}

#[test]
fn a_cancelled_ingest_keeps_what_was_stored() {
    let rig = Rig::new();
    (0..40).for_each(|n| rig.write(&format!("f{n:02}.md"), &format!("# Part {n}\n{}", format!("## S\nText {n}.\n\n").repeat(30))));
    let turn = Session::new().turn();
    let stored = AtomicUsize::new(0);
    let mut watch = |event: Event<'_>| {
        if let Event::Stored(sources) = event {
            stored.fetch_add(sources.len(), Ordering::Relaxed);
            turn.cancel();
        }
    };
    let home = Home::new(&rig.store(), USER);
    let mut ingester = Ingester { home, tables: &rig.tables, embedder: None, chunk_chars: 800, turn: &turn, watch: &mut watch };
    let error = ingester.run(&Request { paths: vec![rig.docs()], ..Request::default() }).unwrap_err();
    assert!(error.is_stale());
    let kept = stored.load(Ordering::Relaxed);
    assert!(kept > 0 && kept < 42);
    assert_eq!(rig.catalogue().docs.len(), kept);
}

#[test]
fn a_second_writer_waits_until_it_is_told_to_stop() {
    let rig = Rig::new();
    let home = Home::new(&rig.store(), USER);
    let lock = home.lock(&Session::new().turn(), &mut || unreachable!()).unwrap();
    let turn = Session::new().turn();
    let mut waited = 0;
    let error = home.lock(&turn, &mut || {
        waited += 1;
        turn.cancel();
    });
    assert!(error.unwrap_err().is_stale());
    assert_eq!(waited, 1);
    drop(lock);
    assert!(home.lock(&Session::new().turn(), &mut || unreachable!()).is_ok());
}

#[test]
fn forgetting_a_folder_forgets_all_below_and_a_slip_nothing() {
    let rig = Rig::new();
    rig.ingest();
    let error = rig.with(USER, |i| i.forget(&["nothing".into()])).unwrap_err();
    assert_eq!((error.kind(), rig.catalogue().docs.len()), (Kind::Reword, 2));
    assert_eq!(rig.with(USER, |i| i.forget(&[rig.docs().to_string_lossy().into_owned()])).unwrap(), 2);
    assert!(rig.catalogue().docs.is_empty());
}

#[test]
fn words_in_quotes_must_stand_in_the_passage() {
    let rig = Rig::new();
    rig.write("two.md", "# Two\nThirty moons, and days.\n");
    rig.ingest();
    let passages = rig.ask("\"thirty days\"", &[]);
    assert!(passages.list.iter().all(|p| p.source.ends_with("refund.md")) && passages.list.len() == 1, "{passages:?}");
}

#[test]
fn sources_are_shown_as_text_whatever_their_bytes() {
    assert_eq!(walk::source(Path::new("/a/é.md")), "/a/é.md");
}
