//! The machine: paths, topology, pinning, memory. No room; every room may use it.

pub mod cpulist;
pub mod log;
pub mod memory;
pub mod omp;
pub mod paths;
pub mod pin;
pub mod plan;
pub mod stop;
pub mod terminal;
pub mod topology;
