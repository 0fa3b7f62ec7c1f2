//! A store so large that its vectors get an index: it finds what comparing all of them would find.

use std::{collections::BTreeSet, path::Path};

use xnai::rag::{
    self,
    store::{Row, Rows},
};

use super::files;

const DIMENSION: usize = 64;
/// Above the number of rows from which on an index is built.
const ROWS: u32 = 24_000;
const PER_DOC: u32 = 10;
const TOPICS: u32 = 300;
const WANTED: usize = 10;

/// The `n`-th vector of a kind: about one of 300 topics, as texts are.
fn vector(n: u32, kind: u32) -> Vec<f32> {
    let noise = |seed: u32, i: usize| {
        let mut x = (u64::from(seed) << 32 | i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((x ^ (x >> 27)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let one: Vec<f32> = (0..DIMENSION).map(|i| noise(n % TOPICS + 1, i) + 0.7 * noise((n + 1) << 8 | kind, i)).collect();
    let length = one.iter().map(|x| x * x).sum::<f32>().sqrt();
    one.into_iter().map(|x| x / length).collect()
}

fn row(n: u32) -> Row {
    Row { doc: n / PER_DOC, text: format!("row {n}"), end: 1, vector: Some(vector(n, 1)), ..Row::default() }
}

/// The nearest rows among those that may answer, by comparing all.
fn nearest(query: &[f32], rows: impl Iterator<Item = u32>) -> Vec<String> {
    let cosine = |n: u32| vector(n, 1).iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
    let mut all: Vec<(f32, u32)> = rows.map(|n| (cosine(n), n)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().take(WANTED).map(|(_, n)| format!("row {n}")).collect()
}

/// The share of the nearest rows that the store finds, over 40 questions.
fn recall(table: &dyn Rows, only: Option<&[(u32, u32)]>, rows: impl Iterator<Item = u32> + Clone) -> f32 {
    let questions = 0..40;
    let found = questions.clone().map(|q| {
        let query = vector(q * 7, 2);
        let hits = table.by_vector(&query, only, WANTED).unwrap();
        assert!(hits.windows(2).all(|two| two[0].score >= two[1].score - 1e-6), "the best is first");
        let found: BTreeSet<String> = hits.into_iter().map(|hit| hit.row.text).collect();
        nearest(&query, rows.clone()).iter().filter(|row| found.contains(*row)).count()
    });
    found.sum::<usize>() as f32 / (questions.len() * WANTED) as f32
}

/// Files of indices of vectors; those of words are called otherwise.
fn indices(store: &Path) -> usize {
    files(store).iter().filter(|path| path.extension().is_some_and(|extension| extension == "idx")).count()
}

#[test]
fn an_index_of_many_vectors_finds_what_comparing_all_of_them_finds() {
    let store = tempfile::tempdir().unwrap();
    let tables = rag::open_tables(store.path(), &rag::Settings::default()).unwrap();
    let table = tables.create("many", Some(DIMENSION)).unwrap();
    for from in (0..ROWS).step_by(4000) {
        table.add((from..from + 4000).map(row).collect()).unwrap();
    }
    assert!(recall(&*table, None, 0..ROWS) > 0.999, "without an index all are compared");
    assert_eq!(indices(store.path()), 0);
    table.tidy().unwrap();
    assert!(indices(store.path()) > 0, "an index was built");
    let (all, within) = (recall(&*table, None, 0..ROWS), recall(&*table, Some(&[(100, 149), (700, 700)]), (1000..1500).chain(7000..7010)));
    println!("recall at {WANTED}: {all}, among 51 of {} documents {within}", ROWS / PER_DOC);
    assert!(all > 0.95 && within > 0.95);

    // What comes later is found before it is in the index, what goes is gone at once, and both after the next tidying.
    table.add((ROWS..ROWS + 100).map(row).collect()).unwrap();
    table.remove(&[0, 1, 2]).unwrap();
    for _ in 0..2 {
        assert!(recall(&*table, None, 30..ROWS + 100) > 0.95);
        let late = table.by_vector(&vector(ROWS + 5, 1), None, 1).unwrap();
        assert_eq!(late[0].row.text, format!("row {}", ROWS + 5));
        let gone = table.by_vector(&vector(15, 1), None, WANTED).unwrap();
        assert!(gone.iter().all(|hit| hit.row.doc > 2), "{gone:?}");
        table.tidy().unwrap();
    }
}
