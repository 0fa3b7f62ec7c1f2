//! What the ring is made of: the real atomics, or loom's, which try every order of events.

#[cfg(feature = "loom")]
pub use loom::sync::{
    Condvar, Mutex,
    atomic::{AtomicU32, AtomicU64, Ordering, fence},
};
#[cfg(not(feature = "loom"))]
pub use std::sync::{
    Condvar, Mutex,
    atomic::{AtomicU32, AtomicU64, Ordering, fence},
};

/// As the program's own; under loom short, so that a tap can be too late within a small story.
pub const REMEMBERED: usize = if cfg!(feature = "loom") { 1 } else { 8 };
