//! The screen without a terminal: events in, effects and pictures out.

mod choosing;
mod fuzz;
mod given_back;
mod pictures;
mod reading;
mod rig;
mod stories;
