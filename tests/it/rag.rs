//! Documents on a real LanceDB: changes, filters, readers beside writers.

mod broken;
mod large;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use xnai::{
    error::Result,
    parcel::{Passages, Query},
    rag::{
        self, Searcher,
        embed::Embedder,
        filter,
        home::{Home, USER},
        ingest::{Event, Ingester, Report, Request},
        journal::Catalogue,
        search::Search,
        store::Tables,
    },
    turn::{Session, Turn},
};

/// An embedder without a model: a text's vector is which letters its words begin with.
struct Letters(&'static str, usize);

impl Embedder for Letters {
    fn embed(&self, texts: &[&str], _: &Turn) -> Result<Vec<Vec<f32>>> {
        let vector = |text: &&str| {
            let mut v = vec![0.01f32; self.1];
            text.to_lowercase().split_whitespace().filter_map(|w| w.bytes().next()).for_each(|b| v[usize::from(b) % self.1] += 1.0);
            let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            v.into_iter().map(|x| x / length).collect()
        };
        Ok(texts.iter().map(vector).collect())
    }

    fn dimension(&self) -> usize {
        self.1
    }

    fn id(&self) -> &str {
        self.0
    }
}

const FIRST: Letters = Letters("first", 32);

/// A folder with documents and, beside them, a store.
struct Rig {
    root: PathBuf,
    _guard: Option<tempfile::TempDir>,
}

impl Rig {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let rig = Self { root: guard.path().canonicalize().unwrap(), _guard: Some(guard) };
        rig.write("refund.md", "# Refunds\nMoney comes back within thirty days.\n");
        rig.write("moon.txt", "The moon is four hundred thousand kilometres away.");
        rig
    }

    fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), _guard: None }
    }

    fn docs(&self) -> PathBuf {
        self.root.join("docs")
    }

    fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.docs()).unwrap();
        fs::write(self.docs().join(name), text).unwrap();
    }

    /// Documents of several sections each, so that an ingest takes more than one commit.
    fn write_many(&self, documents: usize, sections: usize) {
        for d in 0..documents {
            let section = |s: usize| format!("## Section {s}\nDocument number{d} tells of matter{s} and of word{}.\n\n", d * 31 + s);
            self.write(&format!("many{d:04}.md"), &format!("# Document {d}\n\n{}", (0..sections).map(section).collect::<String>()));
        }
    }

    fn tables(&self) -> Box<dyn Tables> {
        rag::open_tables(&self.store(), &rag::Settings::default()).unwrap()
    }

    fn with<T>(&self, embedder: &dyn Embedder, watch: &mut dyn FnMut(Event<'_>), work: impl FnOnce(&mut Ingester<'_>) -> T) -> T {
        let (tables, turn, home) = (self.tables(), Session::new().turn(), Home::new(&self.store(), USER));
        work(&mut Ingester { home, tables: &*tables, embedder: Some(embedder), chunk_chars: 800, turn: &turn, watch })
    }

    fn try_ingest(&self, paths: &[PathBuf], watch: &mut dyn FnMut(Event<'_>)) -> Result<Report> {
        self.with(&FIRST, watch, |i| i.run(&Request { paths: paths.to_vec(), ..Request::default() }))
    }

    fn ingest(&self) -> Report {
        self.try_ingest(&[self.docs()], &mut |_| {}).unwrap()
    }

    fn search(&self) -> Search {
        Search::new(&self.store(), self.tables(), Some(Box::new(FIRST)))
    }

    fn ask(&self, text: &str, filters: &[&str]) -> Passages {
        ask(&self.search(), text, filters)
    }

    fn best(&self, text: &str) -> String {
        let passages = self.ask(text, &[]);
        passages.list.first().map_or_else(String::new, |p| p.source.rsplit('/').next().unwrap().to_owned())
    }

    fn catalogue(&self) -> Catalogue {
        Catalogue::read(&Home::new(&self.store(), USER).journal()).unwrap().unwrap_or_default()
    }

    /// Fails unless index and journal name the same documents with the same number of chunks.
    fn is_whole(&self) {
        let catalogue = self.catalogue();
        let table = self.tables().open(&catalogue.header.table).unwrap();
        let stored = table.census().unwrap().into_iter().collect::<BTreeSet<_>>();
        assert_eq!(stored, catalogue.docs.values().map(|d| (d.id, d.chunks)).collect());
        assert_eq!(table.version().unwrap(), catalogue.version);
    }
}

fn ask(search: &Search, text: &str, filters: &[&str]) -> Passages {
    let query = Query { text: text.into(), limit: 5, filter: filter::parse(filters).unwrap() };
    search.search(&query, &Session::new().turn()).unwrap()
}

fn counts(report: &Report) -> [usize; 4] {
    [report.added, report.changed, report.unchanged, report.removed]
}

#[test]
fn documents_come_change_and_go() {
    let rig = Rig::new();
    assert_eq!(counts(&rig.ingest()), [2, 0, 0, 0]);
    assert_eq!(counts(&rig.ingest()), [0, 0, 2, 0]);
    let passage = rig.ask("How far away is the moon in kilometres?", &[]).list[0].clone();
    assert_eq!((passage.title.as_str(), passage.span), ("moon", 0..50));
    assert!(passage.evidence.cosine.is_some() && passage.evidence.bm25.is_some(), "{:?}", passage.evidence);

    rig.write("refund.md", "# Refunds\nMoney never comes back; zebras do.\n");
    fs::remove_file(rig.docs().join("moon.txt")).unwrap();
    assert_eq!(counts(&rig.ingest()), [0, 1, 0, 1]);
    assert_eq!(rig.best("zebras"), "refund.md");
    assert_eq!(rig.ask("kilometres thirty zebras", &[]).list.len(), 1);
    rig.is_whole();
}

#[test]
fn what_is_forgotten_is_gone_from_the_disk() {
    let rig = Rig::new();
    rig.write("secret.md", "# Plan\nThe word is xylophonist.\n");
    rig.ingest();
    let holds = |word: &[u8]| files(&rig.store()).iter().any(|f| fs::read(f).unwrap().windows(word.len()).any(|w| w == word));
    assert!(holds(b"xylophonist"));
    let source = rig.docs().join("secret.md").to_string_lossy().into_owned();
    assert_eq!(rig.with(&FIRST, &mut |_| {}, |i| i.forget(&[source])).unwrap(), 1);
    assert!(!holds(b"xylophonist"));
    assert_eq!(rig.best("thirty days"), "refund.md");
    rig.is_whole();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] }).collect()
}

#[test]
fn filters_reach_the_index_and_harmful_values_do_not() {
    let rig = Rig::new();
    rig.write("tagged.md", "---\ntags: [work]\n---\n# Moon\nThe moon again.\n");
    rig.ingest();
    let sources = |filter: &str| rig.ask("moon", &[filter]).list.into_iter().map(|p| p.source).collect::<Vec<_>>();
    assert!(sources("type=txt").iter().all(|s| s.ends_with("moon.txt")) && sources("type=txt").len() == 1);
    assert!(sources("tag=work").iter().all(|s| s.ends_with("tagged.md")) && sources("tag=work").len() == 1);
    assert_eq!(sources("path=docs/*.md").len(), 2);
    assert!(sources("before=1971-01-01").is_empty());
    for value in ["' OR 1=1 --", "x'; DROP TABLE user; --", "%", "\") OR (\"1\"=\"1", "\0"] {
        assert!(sources(&format!("tag={value}")).is_empty() && sources(&format!("source={value}")).is_empty(), "{value}");
    }
    rig.is_whole();
}

#[test]
fn any_question_is_just_words_to_the_index() {
    let rig = Rig::new();
    rig.ingest();
    for question in ["", " ", "the", "\"", "\"thirty\"", "moon' OR 1=1", "(moon AND", "moon~2^3 *", "🌙", "a\0b", &"moon ".repeat(2000)] {
        rig.ask(question, &[]);
    }
    let quoted = rig.ask("\"thirty days\" moon", &[]);
    assert!(quoted.list.len() == 1 && quoted.list[0].source.ends_with("refund.md"), "{quoted:?}");
}

#[test]
fn rows_of_another_embedder_are_found_by_words_until_they_are_embedded_again() {
    let rig = Rig::new();
    rig.ingest();
    let other = Letters("other", 16);
    rig.write("new.md", "# Quince\nA quince is a fruit.\n");
    let report = rig.with(&other, &mut |_| {}, |i| i.run(&Request { paths: vec![rig.docs()], ..Request::default() })).unwrap();
    assert!(report.notes[0].contains("xnai ingest --reembed"), "{report:?}");
    assert_eq!((rig.best("quince"), rig.best("moon kilometres")), ("new.md".into(), "moon.txt".into()));
    let search = Search::new(&rig.store(), rig.tables(), Some(Box::new(Letters("other", 16))));
    let before = ask(&search, "quince", &[]);
    assert!(before.notes[0].contains("xnai ingest --reembed") && before.list[0].evidence.cosine.is_none(), "{before:?}");
    rig.with(&other, &mut |_| {}, |i| i.run(&Request { reembed: true, ..Request::default() })).unwrap();
    let after = ask(&search, "quince", &[]);
    assert!(after.notes.is_empty() && after.list[0].evidence.cosine.is_some(), "{after:?}");
    rig.is_whole();
}

#[test]
fn a_second_writer_waits_for_the_first_and_both_get_through() {
    let rig = Rig::new();
    let (waiting, told) = mpsc::sync_channel(1);
    let rig = &rig;
    thread::scope(|scope| {
        let first = scope.spawn(move || {
            let mut once = true;
            rig.try_ingest(&[rig.docs().join("moon.txt")], &mut |event| {
                if matches!(event, Event::File(_)) && std::mem::take(&mut once) {
                    told.recv_timeout(Duration::from_secs(60)).expect("the second writer never said that it waits");
                }
            })
        });
        while !rig.store().join("writer.lock").exists() {
            thread::sleep(Duration::from_millis(5));
        }
        let second = rig.try_ingest(&[rig.docs().join("refund.md")], &mut |event| {
            if matches!(event, Event::Waiting) {
                waiting.send(()).unwrap();
            }
        });
        assert_eq!((counts(&first.join().unwrap().unwrap()), counts(&second.unwrap())), ([1, 0, 0, 0], [1, 0, 0, 0]));
    });
    assert_eq!(rig.catalogue().docs.len(), 2);
    rig.is_whole();
}

#[test]
fn readers_always_see_a_whole_state_while_a_writer_works() {
    let rig = Rig::new();
    rig.ingest();
    let search = rig.search();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut answers = 0;
            while !done.load(Ordering::Relaxed) {
                let passages = ask(&search, "How far away is the moon in kilometres?", &[]);
                assert!(passages.list[0].source.ends_with("moon.txt") && passages.list.iter().all(|p| !p.source.is_empty()));
                answers += 1;
            }
            answers
        });
        for round in 0..3 {
            rig.write_many(60, 6 + round);
            rig.ingest();
        }
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
    assert_eq!(ask(&search, "matter7", &["path=many0042.md"]).list.len(), 5);
    rig.is_whole();
}
