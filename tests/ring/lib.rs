//! The program's ring, the very same files, on the heap.

#[path = "../../src/audio/pipe/ring/mod.rs"]
pub mod ring;
mod sync;

#[cfg(feature = "bench")]
#[path = "../../src/audio/pipe/futex.rs"]
pub mod futex;

mod heap;
pub use heap::{Heap, numbers};

#[cfg(all(test, feature = "loom"))]
mod orders;
#[cfg(all(test, not(feature = "loom")))]
mod threads;
