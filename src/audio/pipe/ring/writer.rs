//! Samples into the ring: as many as there is room for; and what waits in it discarded.

use std::sync::Arc;

use super::{
    super::sync::{
        Ordering::{AcqRel, Acquire, Relaxed, Release},
        REMEMBERED, fence,
    },
    POSITION, Storage, around, pack, pack_format, position_of, rate_of, since_of,
};

/// The one side that writes. That there is only one is for the owner of the memory to see to.
pub struct Writer<S> {
    storage: Arc<S>,
    written: u64,
    claimed: u64,
    epoch: u64,
}

impl<S: Storage> Writer<S> {
    /// Goes on where an earlier writer stopped.
    pub fn new(storage: Arc<S>) -> Self {
        let writing = &storage.header().writing;
        let (written, claimed, epoch) = (storage.header().written(), writing.claim.load(Acquire) & POSITION, writing.epoch.load(Acquire));
        Self { storage, written, claimed, epoch }
    }

    /// Writes as much as there is room for, and returns how much that was. Without a reader there is always room.
    pub fn push(&mut self, samples: &[f32]) -> usize {
        let taken = samples.len().min(usize::try_from(self.storage.header().room()).unwrap_or(usize::MAX));
        // A claim of a whole ring would leave taps nothing.
        let piece = (self.storage.cells().len() / 2).max(1);
        samples[..taken].chunks(piece).for_each(|part| self.put(part));
        if taken > 0 {
            self.storage.header().data.ring(&*self.storage);
        }
        taken
    }

    fn put(&mut self, samples: &[f32]) {
        let (writing, cells) = (&self.storage.header().writing, self.storage.cells());
        let end = self.written + samples.len() as u64;
        self.claimed = self.claimed.max(end);
        writing.claim.store(self.claimed, Relaxed);
        // Whoever sees one of the new samples also sees the claim: pairs with the fence in `copy`.
        fence(Release);
        let (head, tail) = around(cells, self.written, samples.len());
        for (cell, sample) in head.iter().chain(tail).zip(samples) {
            cell.store(sample.to_bits(), Relaxed);
        }
        writing.written.store(end, Release);
        self.written = end;
    }

    /// Discards what waits for the reader, at once, and returns how many samples that were.
    pub fn discard(&mut self) -> u64 {
        let header = self.storage.header();
        let heard = header.attached();
        self.epoch += 1;
        let from = position_of(header.reading.cursor.swap(pack(self.epoch, self.written), AcqRel));
        let passed = self.written.saturating_sub(from);
        header.reading.passed.fetch_add(passed, Relaxed);
        // Whoever sees the new entry also sees the new cursor: pairs with the fence in `Tap::learn`.
        fence(Release);
        let from = if heard { from } else { self.written };
        let entry = &header.writing.discards[(self.epoch % REMEMBERED as u64) as usize];
        entry[0].store(from, Relaxed);
        entry[1].store(self.written, Relaxed);
        header.writing.epoch.store(self.epoch, Release);
        header.data.ring(&*self.storage);
        header.room.ring(&*self.storage);
        if heard { passed } else { 0 }
    }

    /// Samples that the reader took, out of all that were written. Discarded ones do not count.
    pub fn played(&self) -> u64 {
        let reading = &self.storage.header().reading;
        position_of(reading.cursor.load(Acquire)).saturating_sub(reading.passed.load(Relaxed))
    }

    /// Says the rate, in Hz, of what is written from now on; false while something still waits for the reader.
    pub fn set_rate(&mut self, rate: u32) -> bool {
        let header = self.storage.header();
        let (writing, now) = (&header.writing, header.writing.format.load(Relaxed));
        if rate_of(now) == rate {
            return true;
        }
        if header.queued() > 0 {
            return false;
        }
        if since_of(now) < self.written {
            writing.before.store(rate_of(now), Relaxed);
        }
        writing.format.store(pack_format(rate, self.written), Release);
        true
    }
}
