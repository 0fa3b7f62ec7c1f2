//! How many chunks hold a word: a fixed table of counters beside the index, so that rarity costs one look-up.
//!
//! Words share counters by hash, so a count may be too high, never too low. The file is a help, not the truth: when
//! it is missing or broken every word counts as equally rare until the next ingest writes it again.

use std::{collections::HashSet, fs, path::Path};

use super::words::stems;

const SLOTS: usize = 1 << 18;

#[derive(Clone, Debug)]
pub struct Terms {
    chunks: u32,
    counts: Vec<u32>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { chunks: 0, counts: vec![0; SLOTS] }
    }
}

impl Terms {
    /// Reads the file; `None` when it is missing or not ours.
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).ok().filter(|b| b.len() == (SLOTS + 1) * 4)?;
        let mut numbers = bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b));
        Some(Self { chunks: numbers.next()?, counts: numbers.collect() })
    }

    /// Replaces the file. Not synced to the disk: it can be made again.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut bytes = Vec::with_capacity((SLOTS + 1) * 4);
        bytes.extend_from_slice(&self.chunks.to_le_bytes());
        self.counts.iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
        let temporary = path.with_extension("terms.new");
        fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    pub fn add(&mut self, chunk: &str) {
        self.chunks += 1;
        self.each(chunk, |count| *count += 1);
    }

    pub fn remove(&mut self, chunk: &str) {
        self.chunks = self.chunks.saturating_sub(1);
        self.each(chunk, |count| *count = count.saturating_sub(1));
    }

    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Inverse document frequency as BM25 has it: about 0 for a word in every chunk, ln(2n) for one in none.
    pub fn rarity(&self, stem: &str) -> f32 {
        let (n, holding) = (self.chunks as f32, self.counts[slot(stem)].min(self.chunks) as f32);
        (1.0 + (n - holding + 0.5) / (holding + 0.5)).ln()
    }

    fn each(&mut self, chunk: &str, change: impl Fn(&mut u32)) {
        let slots: HashSet<usize> = stems(chunk).iter().map(|s| slot(s)).collect();
        slots.into_iter().for_each(|slot| change(&mut self.counts[slot]));
    }
}

/// FNV-1a: stable between versions of the program, unlike the standard library's hash.
fn slot(stem: &str) -> usize {
    let hash = stem.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_word_weighs_more_than_a_common_one_and_an_unknown_one_most() {
        let mut terms = Terms::default();
        (0..100).for_each(|i| terms.add(if i < 5 { "moon and tide" } else { "tide" }));
        assert!(terms.rarity("moon") > terms.rarity("tide"));
        assert!(terms.rarity("zebra") > terms.rarity("moon"));
        assert!(terms.rarity("tide") < 0.1);
    }

    #[test]
    fn removing_undoes_adding_and_a_file_brings_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user-1.terms");
        let mut terms = Terms::default();
        terms.add("moon");
        terms.add("tide");
        terms.remove("moon");
        terms.write(&path).unwrap();
        let read = Terms::read(&path).unwrap();
        assert_eq!((read.chunks(), read.counts), (1, terms.counts));
    }

    #[test]
    fn a_cut_file_is_no_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.terms");
        fs::write(&path, b"half").unwrap();
        assert!(Terms::read(&path).is_none());
    }
}
