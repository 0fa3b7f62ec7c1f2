//! The one integration binary; its modules mirror the rooms.

mod allocations;
mod audio;
#[cfg(feature = "onnx")]
mod embed;
#[cfg(all(feature = "whisper", feature = "llama"))]
mod engines;
mod g2p;
mod live;
#[cfg(any(feature = "llama", feature = "net"))]
mod llm;
mod models;
#[cfg(all(feature = "whisper", feature = "lance", feature = "onnx"))]
mod once;
#[cfg(feature = "lance")]
mod rag;
mod sessions;
#[cfg(feature = "whisper")]
mod stt;
mod support;
mod terminal;
mod tidy;
mod tui;
mod voice;
mod wyoming;
