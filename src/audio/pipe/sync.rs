//! What the ring is made of. The package `tests/ring` puts loom's atomics in their place, and a shorter memory.

pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// How many discards a tap may be late and still know what was never heard.
pub const REMEMBERED: usize = 8;
