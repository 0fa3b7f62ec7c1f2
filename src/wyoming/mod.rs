//! Other people's ears and voices, through the open Wyoming protocol of home voice services: only on this machine.
//!
//! A message is one line of JSON, then as many bytes of JSON and of sound as the line says. No room: `stt` and `tts`
//! each have a back end that talks through this, and so has the spotter of key phrases.
//!
//! | file | turns |
//! |---|---|
//! | [`address`] | a setting into a place on this machine, or a refusal that says the rule |
//! | [`event`] | messages into bytes and back, every length limited |
//! | [`wire`] | a socket or two pipes into events, with deadlines and an eye on the turn |
//! | [`program`] | a command line into a server that we start, keep and end |
//! | [`link`] | a server into conversations; [`talk`] is one of them |
//! | [`info`] | a server into what it can do |
//! | [`wake`] | a stream of sound into the moments when a key phrase was spoken |
//! | [`sound`] | samples into chunks of the protocol and back |

pub mod address;
pub mod event;
pub mod info;
pub mod link;
mod program;
pub mod sound;
pub mod talk;
pub mod wake;
mod wire;

pub use address::Address;
pub use event::Event;
pub use info::Info;
pub use link::{Link, Who};
pub use talk::Talk;
pub use wake::{Detection, Wake};
