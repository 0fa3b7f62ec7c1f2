//! The one integration binary; its modules mirror the rooms.

mod audio;
#[cfg(all(feature = "whisper", feature = "llama"))]
mod engines;
mod llm;
mod models;
mod once;
#[cfg(feature = "lance")]
mod rag;
#[cfg(feature = "whisper")]
mod stt;
mod support;
mod tidy;
#[cfg(all(feature = "whisper", feature = "llama"))]
#[cfg(feature = "whisper")]
mod embed;
mod voice;
