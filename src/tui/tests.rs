//! The screen without a terminal: events in, effects and pictures out.

mod fuzz;
mod pictures;
mod rig;
mod stories;
