//! A store in memory for tests: exact cosine, plain BM25, every version kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::{Hit, Only, Row, Rows, Tables};
use crate::{
    error::{Error, Result, Room},
    rag::words::stems,
};

type Versions = Vec<Vec<Row>>;

/// Clones share their tables, like processes that open one folder.
#[derive(Clone, Default)]
pub struct Memory(pub Arc<Mutex<HashMap<String, Versions>>>);

fn missing(what: &str) -> Error {
    Error::replace(Room::Rag, format!("no such table or version: {what}"))
}

impl Tables for Memory {
    fn names(&self) -> Result<Vec<String>> {
        Ok(self.0.lock().unwrap().keys().cloned().collect())
    }

    fn create(&self, name: &str, _: Option<usize>) -> Result<Box<dyn Rows>> {
        self.0.lock().unwrap().insert(name.into(), vec![Vec::new()]);
        self.open(name)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Rows>> {
        self.0.lock().unwrap().get(name).ok_or_else(|| missing(name))?;
        Ok(Box::new(Table { all: self.clone(), name: name.into(), at: Mutex::new(None) }))
    }

    fn heal(&self, _: &str) -> Result<usize> {
        Ok(0)
    }

    fn drop_table(&self, name: &str) -> Result<()> {
        self.0.lock().unwrap().remove(name).map(drop).ok_or_else(|| missing(name))
    }
}

struct Table {
    all: Memory,
    name: String,
    at: Mutex<Option<u64>>,
}

impl Table {
    fn rows(&self, only: Only<'_>) -> Vec<Row> {
        let all = self.all.0.lock().unwrap();
        let versions = &all[&self.name];
        let at = self.at.lock().unwrap().map_or(versions.len(), |v| v as usize);
        let may = |row: &&Row| only.is_none_or(|r| r.iter().any(|(a, b)| (*a..=*b).contains(&row.doc)));
        versions[at - 1].iter().filter(may).cloned().collect()
    }

    fn push(&self, rows: Vec<Row>) -> u64 {
        let mut all = self.all.0.lock().unwrap();
        let versions = all.get_mut(&self.name).unwrap();
        versions.push(rows);
        versions.len() as u64
    }
}

fn best(mut hits: Vec<Hit>, limit: usize) -> Vec<Hit> {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    hits.truncate(limit);
    hits
}

impl Rows for Table {
    fn version(&self) -> Result<u64> {
        Ok(self.at.lock().unwrap().unwrap_or(self.all.0.lock().unwrap()[&self.name].len() as u64))
    }

    fn checkout(&self, version: u64) -> Result<()> {
        let newest = self.all.0.lock().unwrap()[&self.name].len() as u64;
        if version == 0 || version > newest {
            return Err(missing("version"));
        }
        *self.at.lock().unwrap() = Some(version);
        Ok(())
    }

    fn restore(&self) -> Result<u64> {
        let rows = self.rows(None);
        *self.at.lock().unwrap() = None;
        Ok(self.push(rows))
    }

    fn add(&self, rows: Vec<Row>) -> Result<u64> {
        let all = self.rows(None).into_iter().chain(rows).collect();
        Ok(self.push(all))
    }

    fn remove(&self, docs: &[u32]) -> Result<u64> {
        let kept = self.rows(None).into_iter().filter(|r| !docs.contains(&r.doc)).collect();
        Ok(self.push(kept))
    }

    fn by_words(&self, text: &str, phrases: &[String], only: Only<'_>, limit: usize) -> Result<Vec<Hit>> {
        let rows = self.rows(only);
        let wanted: std::collections::HashSet<String> = stems(text).into_iter().collect();
        let bags: Vec<Vec<String>> = rows.iter().map(|r| stems(&r.text)).collect();
        let mean = bags.iter().map(Vec::len).sum::<usize>() as f32 / bags.len().max(1) as f32;
        let rarity = |w: &String| {
            let n = bags.iter().filter(|b| b.contains(w)).count() as f32;
            (1.0 + (bags.len() as f32 - n + 0.5) / (n + 0.5)).ln()
        };
        let weights: Vec<(&String, f32)> = wanted.iter().map(|w| (w, rarity(w))).collect();
        let score = |bag: &Vec<String>| -> f32 {
            let one = |(word, rarity): &(&String, f32)| {
                let times = bag.iter().filter(|w| w == word).count() as f32;
                rarity * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * bag.len() as f32 / mean))
            };
            weights.iter().map(one).sum()
        };
        let scores: Vec<f32> = bags.iter().map(score).collect();
        let fits = |row: &Row| phrases.iter().all(|p| row.text.to_lowercase().contains(&p.to_lowercase()));
        let hits = rows.into_iter().zip(scores).filter(|(row, s)| *s > 0.0 && fits(row));
        Ok(best(hits.map(|(row, score)| Hit { row, score }).collect(), limit))
    }

    fn by_vector(&self, vector: &[f32], only: Only<'_>, limit: usize) -> Result<Vec<Hit>> {
        let cosine = |row: &Row| Some(row.vector.as_ref()?.iter().zip(vector).map(|(a, b)| a * b).sum());
        let hits = self.rows(only).into_iter().filter_map(|row| cosine(&row).map(|score| Hit { row, score }));
        Ok(best(hits.collect(), limit))
    }

    fn scan(&self, docs: Option<&[u32]>, each: &mut dyn FnMut(Row)) -> Result<()> {
        let rows = self.rows(None).into_iter().filter(|r| docs.is_none_or(|d| d.contains(&r.doc)));
        rows.for_each(|r| each(Row { vector: None, ..r }));
        Ok(())
    }

    fn census(&self) -> Result<HashMap<u32, u32>> {
        let mut census = HashMap::new();
        self.rows(None).iter().for_each(|r| *census.entry(r.doc).or_default() += 1);
        Ok(census)
    }

    fn tidy(&self) -> Result<u64> {
        self.version()
    }

    fn prune(&self, _: bool) -> Result<()> {
        Ok(())
    }
}
