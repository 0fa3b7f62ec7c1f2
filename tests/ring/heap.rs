//! A ring on the heap, whose sleepers sleep on a lock and never wake by themselves: a lost wake-up is a deadlock.

use std::{array, sync::Arc, time::Duration};

use crate::{
    ring::{Header, Storage},
    sync::{AtomicU32, Condvar, Mutex, Ordering::Relaxed},
};

pub struct Heap {
    header: Header,
    cells: Vec<AtomicU32>,
    lock: Mutex<()>,
    woken: Condvar,
}

impl Heap {
    /// `cells`: a power of two. `limit`: most samples that may wait for the reader.
    pub fn new(cells: usize, limit: u64) -> Arc<Self> {
        let header = Header::default();
        header.begin(8000, limit);
        let cells = (0..cells).map(|_| AtomicU32::new(0)).collect();
        Arc::new(Self { header, cells, lock: Mutex::new(()), woken: Condvar::new() })
    }
}

impl Storage for Heap {
    fn header(&self) -> &Header {
        &self.header
    }

    fn cells(&self) -> &[AtomicU32] {
        &self.cells
    }

    fn sleep(&self, word: &AtomicU32, seen: u32, _longest: Duration) {
        let guard = self.lock.lock().unwrap();
        if word.load(Relaxed) == seen {
            drop(self.woken.wait(guard).unwrap());
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        let _guard = self.lock.lock().unwrap();
        self.woken.notify_all();
    }
}

/// Consecutive numbers as samples: every sample says where it belongs.
pub fn numbers<const N: usize>(from: u16) -> [f32; N] {
    array::from_fn(|n| f32::from(from) + n as f32)
}
