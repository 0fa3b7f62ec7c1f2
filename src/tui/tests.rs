//! The screen without a terminal: events in, effects and pictures out.

mod fuzz;
mod given_back;
mod pictures;
mod rig;
mod stories;
