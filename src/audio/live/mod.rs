//! Live sound without the device: the rings between the callbacks and the callers, and what survives a lost device.

mod knobs;

pub use knobs::{Knobs, SpeakerState};
