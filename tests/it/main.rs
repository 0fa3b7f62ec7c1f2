//! The one integration binary; its modules mirror the rooms.

#[cfg(all(feature = "whisper", feature = "llama"))]
mod engines;
mod llm;
#[cfg(feature = "whisper")]
mod stt;
