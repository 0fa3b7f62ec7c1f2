//! Documents of many passages: stored piece by piece, found as a whole, and never begun twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::rag::ingest::Event;

/// A text of so many passages, each about the word.
fn long(word: &str, passages: usize) -> String {
    (0..passages).map(|n| format!("## Part {n}\n{word} number {n}.\n\n")).collect()
}

/// Ingests until so many passages are stored, then stops as Ctrl-C would; returns how many texts were embedded.
fn ingest_until(rig: &Rig, most: usize) -> (Result<Report>, usize) {
    struct Counted(Letters, AtomicUsize);
    impl Embedder for Counted {
        fn embed(&self, texts: &[&str], turn: &Turn) -> Result<Vec<Vec<f32>>> {
            self.1.fetch_add(texts.len(), Ordering::Relaxed);
            self.0.embed(texts, turn)
        }
        fn dimension(&self) -> usize {
            self.0.dimension()
        }
        fn id(&self) -> &str {
            self.0.id()
        }
    }
    let (turn, embedder) = (Session::new().turn(), Counted(Letters("a"), AtomicUsize::new(0)));
    let mut watch = |event: Event<'_>| match event {
        Event::Passages { path: Some(_), done, .. } if done >= most => turn.cancel(),
        _ => {}
    };
    let home = Home::new(&rig.store(), USER);
    let mut ingester = Ingester { home, tables: &rig.tables, embedder: Some(&embedder), chunk_chars: 800, turn: &turn, watch: &mut watch };
    let outcome = ingester.run(&Request { paths: vec![rig.docs()], ..Request::default() });
    (outcome, embedder.1.into_inner())
}

/// Every row belongs to a document that is whole.
fn is_whole(rig: &Rig) {
    let catalogue = rig.catalogue();
    let census = rig.tables.open(&catalogue.header.table).unwrap().census().unwrap();
    let named: std::collections::HashMap<_, _> = catalogue.docs.values().map(|d| (d.id, d.chunks)).collect();
    assert_eq!(census, named);
    assert!(catalogue.parts.is_empty());
}

#[test]
fn an_interrupted_run_is_gone_on_with_and_nothing_is_found_before_its_end() {
    let rig = Rig::new();
    rig.write("zebra.md", &long("zebra", 1500));
    let (stopped, embedded) = ingest_until(&rig, 600);
    assert!(stopped.unwrap_err().is_stale());
    let catalogue = rig.catalogue();
    assert_eq!(catalogue.docs.len(), 2, "the small files were stored before");
    let part = catalogue.parts.values().next().unwrap();
    assert!(part.chunks >= 512 && part.chunks < 1500, "{part:?}");
    assert!(rig.ask("zebra number", &[]).list.iter().all(|p| !p.source.ends_with("zebra.md")));
    assert_eq!(rig.ask("zebra", &["path=zebra.md"]).list, []);
    let (done, again) = ingest_until(&rig, usize::MAX);
    let report = done.unwrap();
    assert_eq!(counts(&report), [1, 0, 2, 0]);
    assert!(report.notes.iter().any(|note| note.contains("goes on where it was left")), "{:?}", report.notes);
    assert!(embedded + again < 1500 + 2 + 300, "what was stored was not embedded again: {embedded} and {again}");
    assert!(rig.ask("zebra number 1499", &[]).list[0].source.ends_with("zebra.md"));
    is_whole(&rig);
    assert_eq!(counts(&rig.ingest()), [0, 0, 3, 0]);
}

#[test]
fn until_the_end_the_older_state_answers() {
    let rig = Rig::new();
    rig.write("animal.md", &long("zebra", 1200));
    rig.ingest();
    rig.write("animal.md", &long("okapi", 1200));
    ingest_until(&rig, 600).0.unwrap_err();
    assert!(rig.ask("zebra number 7", &[]).list[0].text.contains("zebra"));
    assert!(rig.ask("okapi number 7", &[]).list.iter().all(|p| !p.text.contains("okapi")));
    assert_eq!(counts(&rig.ingest()), [0, 1, 2, 0]);
    assert!(rig.ask("okapi number 7", &[]).list[0].text.contains("okapi"));
    assert!(rig.ask("zebra number 7", &[]).list.iter().all(|p| !p.text.contains("zebra")));
    is_whole(&rig);
}

#[test]
fn a_part_of_what_changed_shrank_or_went_is_thrown_away() {
    let changes: [fn(&Rig); 5] = [
        |rig| rig.write("zebra.md", ""),
        |rig| rig.write("zebra.md", &long("okapi", 1300)),
        |rig| rig.write("zebra.md", "# One\nokapi alone\n"),
        |rig| fs::remove_file(rig.docs().join("zebra.md")).unwrap(),
        |rig| {
            let name = rig.docs().join("zebra.md").to_string_lossy().into_owned();
            assert_eq!(rig.with(USER, |i| i.forget(&[name])).unwrap(), 1);
        },
    ];
    for change in changes {
        let rig = Rig::new();
        rig.write("zebra.md", &long("zebra", 1500));
        ingest_until(&rig, 600).0.unwrap_err();
        assert_eq!(rig.catalogue().parts.len(), 1);
        change(&rig);
        rig.ingest();
        is_whole(&rig);
    }
}
