//! The one integration binary; its modules mirror the rooms.

mod audio;
mod embed;
#[cfg(all(feature = "whisper", feature = "llama"))]
mod engines;
mod llm;
mod models;
mod once;
#[cfg(feature = "whisper")]
mod stt;
mod support;
mod tidy;
mod voice;
