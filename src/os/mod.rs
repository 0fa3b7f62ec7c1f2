//! The machine: paths, topology, pinning, memory. No room; every room may use it.

pub mod paths;
