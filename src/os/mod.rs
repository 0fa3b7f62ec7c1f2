//! The machine: paths, topology, pinning, memory. No room; every room may use it.

pub mod log;
pub mod memory;
pub mod paths;
pub mod stop;
pub mod terminal;
