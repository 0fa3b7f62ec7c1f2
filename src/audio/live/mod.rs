//! Live sound without the device: the rings between the callbacks and the callers, and what survives a lost device.
//!
//! ```text
//!  play() ─► voice ══ ring ══► mouth ─► device        device ─► lung ══ ring ══► ear ─► read()
//!            knobs ── shared ──┘  └─► reference
//! ```

mod call;
mod ear;
mod keeper;
mod knobs;
mod lung;
mod mouth;
mod opening;
mod reference;
mod reopening;
mod seat;
mod shared;
mod voice;
mod watch;

pub(in crate::audio) use call::Call;
pub use call::in_callback;
pub(in crate::audio) use ear::Ear;
pub(in crate::audio) use keeper::{Playing, keep};
pub use knobs::{Knobs, SpeakerState};
pub(in crate::audio) use lung::{Breath, Lung};
pub(in crate::audio) use mouth::Mouth;
pub use reference::Reference;
pub(in crate::audio) use reopening::Reopening;
pub(in crate::audio) use seat::Caller;
pub(in crate::audio) use shared::Shared;
pub(in crate::audio) use voice::{Drive, Voice, ring};
pub(in crate::audio) use watch::Watch;
