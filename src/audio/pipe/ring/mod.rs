//! Positions and samples in shared memory: one writer, one reader that holds it back, and taps that may be lapped.
//!
//! Nothing here knows where the memory lies ([`Storage`]): a mapped file for the program, the heap under loom and miri.
//! Positions count samples from the beginning and never go back. A sample lies in the cell `position % cells`, as the
//! bits of an `f32` in an atomic: another process may write while we read, and then what was read is thrown away.
//!
//! | number | written by | says |
//! |---|---|---|
//! | `claim` | writer | cells up to here may be changing: what lies a whole ring before is gone |
//! | `written` | writer | samples up to here are whole |
//! | `cursor` | reader, and the writer when it discards | samples up to here are heard or discarded; with the epoch's low bits |
//!
//! The reader takes samples by moving `cursor` with a compare-and-swap; a discard swaps it to `written`. So a sample is
//! either heard or discarded, never both, and the writer knows which at once.

mod reader;
mod tap;
mod writer;

use std::time::Duration;

pub use reader::Reader;
pub use tap::Tap;
pub use writer::Writer;

use super::sync::{
    AtomicU32, AtomicU64,
    Ordering::{self, Acquire, Relaxed, Release, SeqCst},
    REMEMBERED, fence,
};

/// Where the header and the cells lie, and how a thread sleeps on a word of them.
pub trait Storage {
    fn header(&self) -> &Header;

    /// As many as a power of two.
    fn cells(&self) -> &[AtomicU32];

    /// Sleeps unless `word` is no longer `seen`, until woken or until `longest` is over, or for no reason.
    fn sleep(&self, word: &AtomicU32, seen: u32, longest: Duration);

    /// Wakes all who sleep on `word`.
    fn wake(&self, word: &AtomicU32);
}

const HELD: u32 = 1;
const CLOSED: u32 = 2;

/// The writer's numbers, the reader's, and the bells lie in cache lines of their own.
#[derive(Default)]
#[repr(C)]
pub struct Header {
    writing: Writing,
    reading: Reading,
    /// Rung when there is something new for the reader.
    data: Bell,
    /// Rung when the reader made room.
    room: Bell,
}

#[derive(Default)]
#[repr(C, align(64))]
struct Writing {
    claim: AtomicU64,
    written: AtomicU64,
    /// Rate in Hz and the position it counts from, packed.
    format: AtomicU64,
    /// Rate before that position, in Hz.
    before: AtomicU32,
    /// `HELD`, `CLOSED`.
    flags: AtomicU32,
    /// Most samples that may wait for the reader.
    limit: AtomicU64,
    /// How often what was queued was discarded.
    epoch: AtomicU64,
    /// From and to of the latest discards, by epoch.
    discards: [[AtomicU64; 2]; REMEMBERED],
}

#[derive(Default)]
#[repr(C, align(64))]
struct Reading {
    /// Epoch (16 bits) and position (48 bits: 185 years at 48 kHz).
    cursor: AtomicU64,
    /// Samples that the cursor passed without the reader having had them.
    passed: AtomicU64,
    /// 1 while a reader holds the writer back.
    attached: AtomicU32,
    /// 1 while the reader takes what comes and does nothing with it.
    idle: AtomicU32,
}

#[derive(Default)]
#[repr(C, align(64))]
struct Bell {
    word: AtomicU32,
    waiters: AtomicU32,
}

impl Bell {
    /// After a change that somebody may be waiting for. Costs a fence when nobody is.
    fn ring(&self, storage: &impl Storage) {
        // Pairs with the fence in `wait`: either we see the waiter here, or it sees our change there.
        fence(SeqCst);
        if self.waiters.load(Relaxed) > 0 {
            self.word.fetch_add(1, Release);
            storage.wake(&self.word);
        }
    }

    /// Sleeps until rung, at most `longest`, unless `ready` already.
    fn wait(&self, storage: &impl Storage, longest: Duration, ready: impl Fn() -> bool) {
        self.waiters.fetch_add(1, Relaxed);
        fence(SeqCst);
        let seen = self.word.load(Acquire);
        if !ready() {
            storage.sleep(&self.word, seen, longest);
        }
        self.waiters.fetch_sub(1, Relaxed);
    }
}

impl Header {
    /// For fresh memory, before anybody else can see it.
    pub fn begin(&self, rate: u32, limit: u64) {
        self.writing.limit.store(limit, Relaxed);
        self.writing.format.store(pack_format(rate, 0), Release);
    }

    pub fn limit(&self) -> u64 {
        self.writing.limit.load(Relaxed)
    }

    /// Hz, of what is written now.
    pub fn rate(&self) -> u32 {
        rate_of(self.writing.format.load(Acquire))
    }

    pub fn written(&self) -> u64 {
        self.writing.written.load(Acquire) & POSITION
    }

    /// Samples that wait for the reader; 0 without one.
    pub fn queued(&self) -> u64 {
        let position = position_of(self.reading.cursor.load(Acquire));
        if self.attached() { self.written().saturating_sub(position) } else { 0 }
    }

    /// Whether the reader does anything with what it takes.
    pub fn heeded(&self) -> bool {
        self.reading.idle.load(Relaxed) == 0
    }

    pub fn heed(&self, heeded: bool) {
        self.reading.idle.store((!heeded).into(), Relaxed);
    }

    fn attached(&self) -> bool {
        self.reading.attached.load(Acquire) != 0
    }

    /// Samples that may be written now without waiting.
    fn room(&self) -> u64 {
        if self.attached() { self.limit().saturating_sub(self.queued()) } else { u64::MAX }
    }
}

const POSITION: u64 = (1 << 48) - 1;

fn pack(epoch: u64, position: u64) -> u64 {
    epoch << 48 | position & POSITION
}

fn position_of(cursor: u64) -> u64 {
    cursor & POSITION
}

fn epoch_of(cursor: u64) -> u16 {
    (cursor >> 48) as u16
}

/// 20 bits of rate (up to 1 MHz), 44 of position.
fn pack_format(rate: u32, since: u64) -> u64 {
    u64::from(rate) << 44 | since & ((1 << 44) - 1)
}

fn rate_of(format: u64) -> u32 {
    (format >> 44) as u32
}

fn since_of(format: u64) -> u64 {
    format & ((1 << 44) - 1)
}

/// What came of one look into the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Appended to the buffer.
    pub samples: usize,
    /// Hz, of these samples.
    pub rate: u32,
    /// Samples that were overwritten before they could be read: the writer was a whole ring ahead.
    pub missed: u64,
    /// What was queued before these samples was discarded: a barge-in.
    pub discarded: bool,
    /// The writer holds the sound back.
    pub held: bool,
    /// The writer is gone and there is nothing more to read.
    pub ended: bool,
}

/// Both sides sleep here until there is room, or `longest` is over.
pub fn wait_for_room(storage: &impl Storage, longest: Duration) {
    let header = storage.header();
    header.room.wait(storage, longest, || header.room() > 0);
}

/// Sleeps until the reader has had everything, or moved at all, or `longest` is over.
pub fn wait_for_reader(storage: &impl Storage, longest: Duration) {
    let header = storage.header();
    let before = header.queued();
    header.room.wait(storage, longest, || header.queued() == 0 || header.queued() != before);
}

/// Sound is kept back (true) or flows again. What the reader already has, it has.
pub fn hold(storage: &impl Storage, held: bool) {
    set_flag(storage, HELD, held);
}

/// Nobody writes any more, or somebody does again. Readers hear of the end once they have read everything.
pub fn close(storage: &impl Storage, closed: bool) {
    // What a writer that is gone held back would be held for ever.
    hold(storage, false);
    set_flag(storage, CLOSED, closed);
}

fn set_flag(storage: &impl Storage, flag: u32, on: bool) {
    let header = storage.header();
    let flags = &header.writing.flags;
    if on {
        flags.fetch_or(flag, Release)
    } else {
        flags.fetch_and(!flag, Release)
    };
    header.data.ring(storage);
    header.room.ring(storage);
}

/// Nobody holds the writer back any more: the reader went, or its process died.
pub fn detach(storage: &impl Storage) {
    let header = storage.header();
    header.reading.attached.store(0, Release);
    header.room.ring(storage);
    header.data.ring(storage);
}

/// The cells of a stretch of positions: two pieces where it goes over the end of the ring.
fn around(cells: &[AtomicU32], from: u64, count: usize) -> (&[AtomicU32], &[AtomicU32]) {
    let at = (from & (cells.len() as u64 - 1)) as usize;
    let first = count.min(cells.len() - at);
    (&cells[at..at + first], &cells[..(count - first).min(at)])
}

/// Appends samples and returns how many at the beginning were overwritten meanwhile: those are taken out again.
fn copy<S: Storage>(storage: &S, from: u64, count: usize, into: &mut Vec<f32>) -> usize {
    let start = into.len();
    let (head, tail) = around(storage.cells(), from, count);
    into.extend(head.iter().chain(tail).map(|cell| f32::from_bits(cell.load(Relaxed))));
    fence(Acquire);
    let lost = (oldest(storage, Relaxed).saturating_sub(from)).min(count as u64) as usize;
    into.drain(start..start + lost);
    lost
}

/// The first position whose sample is still there.
fn oldest<S: Storage>(storage: &S, order: Ordering) -> u64 {
    storage.header().writing.claim.load(order).saturating_sub(storage.cells().len() as u64)
}
