//! What others hear, copied: nobody waits for a tap, and a tap that was too slow is told how much it missed.

use std::{sync::Arc, time::Duration};

use super::{
    super::sync::{
        Ordering::{Acquire, Relaxed},
        REMEMBERED, fence,
    },
    CLOSED, HELD, Read, Storage, copy, epoch_of, oldest, position_of, rate_of, since_of,
};

/// Listens without holding anybody back: to what the reader hears when it hears it, or without a reader to what is written.
pub struct Tap<S> {
    storage: Arc<S>,
    next: u64,
    epoch: u64,
    /// Discarded before they were heard, and still ahead of `next`.
    unheard: Vec<(u64, u64)>,
    /// It was said already that nobody writes any more.
    told: bool,
}

/// A tap that did not read through this many discards has missed what lies between.
const PATIENCE: usize = 64;

impl<S: Storage> Tap<S> {
    /// Begins with what is heard from now on.
    pub fn attach(storage: Arc<S>) -> Self {
        let header = storage.header();
        let epoch = header.writing.epoch.load(Acquire);
        let next = if header.attached() { position_of(header.reading.cursor.load(Acquire)) } else { header.written() };
        Self { next, epoch, unheard: Vec::with_capacity(REMEMBERED), told: false, storage }
    }

    /// Takes what is there, at most `most` samples, without waiting.
    pub fn pull(&mut self, into: &mut Vec<f32>, most: usize) -> Read {
        let header = self.storage.header();
        let flags = header.writing.flags.load(Acquire);
        let cursor = header.reading.cursor.load(Acquire);
        let (attached, written) = (header.attached(), header.written());
        let end = if attached { position_of(cursor) } else { written };
        let mut read = Read { rate: header.rate(), held: flags & HELD != 0, ..Read::default() };
        let knows = self.learn(cursor, end, &mut read);
        // Else a discard is just being made, and the next look will find it done.
        if knows {
            let end = self.up_to(end, &mut read);
            self.take(end, most, into, &mut read);
        }
        read.ended = flags & CLOSED != 0 && self.next >= written;
        self.told = read.ended;
        read
    }

    /// Learns what was discarded since the last look; false while a discard is being made.
    fn learn(&mut self, cursor: u64, end: u64, read: &mut Read) -> bool {
        let header = self.storage.header();
        let epoch = header.writing.epoch.load(Acquire);
        if epoch as u16 != epoch_of(cursor) {
            return false;
        }
        if epoch == self.epoch {
            return true;
        }
        let known = self.unheard.len();
        let late = epoch.saturating_sub(self.epoch) > REMEMBERED as u64 || known > PATIENCE;
        for nth in (self.epoch + 1..=epoch).take(REMEMBERED) {
            let entry = &header.writing.discards[(nth % REMEMBERED as u64) as usize];
            self.unheard.push((entry[0].load(Relaxed), entry[1].load(Relaxed)));
        }
        fence(Acquire);
        if epoch_of(header.reading.cursor.load(Relaxed)) != epoch_of(cursor) {
            self.unheard.truncate(known);
            return false;
        }
        if late {
            read.missed += end.saturating_sub(self.next);
            self.unheard.clear();
            self.next = self.next.max(end);
        }
        (self.epoch, read.discarded) = (epoch, true);
        true
    }

    /// Skips what was never heard, and says how far the samples from `next` on belong together.
    fn up_to(&mut self, end: u64, read: &mut Read) -> u64 {
        let mut next = self.next;
        self.unheard.retain(|(from, to)| {
            next = if *from <= next { next.max(*to) } else { next };
            *to > next
        });
        let gone = oldest(&*self.storage, Acquire).saturating_sub(next);
        read.missed += gone;
        self.next = next + gone;
        let end = self.unheard.iter().map(|(from, _)| *from).fold(end, u64::min);
        let writing = &self.storage.header().writing;
        let format = writing.format.load(Acquire);
        if self.next >= since_of(format) {
            read.rate = rate_of(format);
            return end;
        }
        // Two rates are remembered: a tap that is two changes late hears the oldest sound at the middle one.
        read.rate = writing.before.load(Relaxed);
        end.min(since_of(format))
    }

    fn take(&mut self, end: u64, most: usize, into: &mut Vec<f32>, read: &mut Read) {
        let count = end.saturating_sub(self.next).min(most as u64).min(self.storage.cells().len() as u64) as usize;
        let lost = copy(&*self.storage, self.next, count, into);
        self.next += count as u64;
        read.samples = count - lost;
        read.missed += lost as u64;
    }

    /// Sleeps until there is something to pull, or `longest` is over.
    pub fn wait(&self, longest: Duration) {
        let header = self.storage.header();
        let bell = if header.attached() { &header.room } else { &header.data };
        bell.wait(&*self.storage, longest, || {
            let cursor = header.reading.cursor.load(Acquire);
            let end = if header.attached() { position_of(cursor) } else { header.written() };
            let closed = header.writing.flags.load(Acquire) & CLOSED != 0 && !self.told;
            end > self.next || closed || epoch_of(cursor) != self.epoch as u16
        });
    }
}
