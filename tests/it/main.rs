//! The one integration binary; its modules mirror the rooms.

mod audio;
mod tidy;
#[cfg(all(feature = "whisper", feature = "llama"))]
mod engines;
#[cfg(feature = "whisper")]
mod stt;
mod llm;
mod models;
mod once;
mod support;
