//! Samples out of the ring, each exactly once unless it is discarded; what is taken makes room for the writer.

use std::{sync::Arc, time::Duration};

use super::{
    super::sync::Ordering::{AcqRel, Acquire, Relaxed, Release},
    CLOSED, HELD, Read, Storage, copy, detach, epoch_of, pack, position_of,
};

/// The reader that holds the writer back. That there is only one is for the owner of the memory to see to.
pub struct Reader<S: Storage> {
    storage: Arc<S>,
    epoch: u16,
    /// It was said already that nobody writes any more.
    told: bool,
}

impl<S: Storage> Reader<S> {
    /// Begins with what is written from now on.
    pub fn attach(storage: Arc<S>) -> Self {
        let (header, reading) = (storage.header(), &storage.header().reading);
        let mut cursor = reading.cursor.load(Acquire);
        let passed = loop {
            let written = header.written();
            match reading.cursor.compare_exchange(cursor, pack(epoch_of(cursor).into(), written), AcqRel, Acquire) {
                Ok(_) => break written.saturating_sub(position_of(cursor)),
                Err(now) => cursor = now,
            }
        };
        reading.passed.fetch_add(passed, Relaxed);
        reading.attached.store(1, Release);
        Self { epoch: epoch_of(cursor), told: false, storage }
    }

    /// Takes what is there, at most `most` samples, without waiting.
    pub fn pull(&mut self, into: &mut Vec<f32>, most: usize) -> Read {
        let header = self.storage.header();
        let flags = header.writing.flags.load(Acquire);
        let cursor = header.reading.cursor.load(Acquire);
        let written = header.written();
        let discarded = epoch_of(cursor) != self.epoch;
        self.epoch = epoch_of(cursor);
        // The rate changes only while nothing is queued; looked up after `written`, it is the rate of what is.
        let mut read = Read { rate: header.rate(), discarded, held: flags & HELD != 0, ..Read::default() };
        let from = position_of(cursor);
        let count = (written.saturating_sub(from)).min(most as u64).min(self.storage.cells().len() as u64) as usize;
        read.ended = flags & CLOSED != 0 && written <= from;
        self.told = read.ended;
        if count > 0 && !read.held {
            self.take(cursor, count, into, &mut read);
        }
        read
    }

    fn take(&mut self, cursor: u64, count: usize, into: &mut Vec<f32>, read: &mut Read) {
        let (start, header) = (into.len(), self.storage.header());
        let lost = copy(&*self.storage, position_of(cursor), count, into);
        match header.reading.cursor.compare_exchange(cursor, cursor.wrapping_add(count as u64), AcqRel, Acquire) {
            Ok(_) => {
                (read.samples, read.missed) = (count - lost, lost as u64);
                header.room.ring(&*self.storage);
            }
            Err(now) => {
                into.truncate(start);
                (read.discarded, self.epoch) = (true, epoch_of(now));
            }
        }
    }

    /// Sleeps until there is something to pull, or `longest` is over.
    pub fn wait(&self, longest: Duration) {
        let header = self.storage.header();
        header.data.wait(&*self.storage, longest, || {
            let flags = header.writing.flags.load(Acquire);
            let cursor = header.reading.cursor.load(Acquire);
            let waiting = flags & HELD == 0 && header.written() > position_of(cursor);
            waiting || (flags & CLOSED != 0 && !self.told) || epoch_of(cursor) != self.epoch
        });
    }
}

impl<S: Storage> Drop for Reader<S> {
    fn drop(&mut self) {
        detach(&*self.storage);
    }
}
