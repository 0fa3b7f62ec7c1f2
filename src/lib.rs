//! xnai: a voice assistant that lives in a terminal and answers out of your own documents, offline.
//!
//! One pipeline, three faces. Data moves as parcels ([`parcel`]) from room to room; each parcel belongs to a turn
//! ([`turn`]) and is dropped once the turn is superseded; whatever goes wrong is an [`error::Error`] whose kind says
//! what to do about it.
//!
//! | room | turns |
//! |---|---|
//! | [`audio`] | files and devices into samples and back |
//! | [`stt`] | an utterance into a transcript |
//! | [`rag`] | documents into passages, a query into the best of them |
//! | [`llm`] | a prompt into pieces of an answer |
//! | [`tts`] | sentences into samples |
//! | [`pipeline`] | a question into an answer: conductor, workers, meter |
//!
//! Around them: [`cli`] what was typed, [`config`] what was meant, [`models`] files checked before use, [`os`] the
//! machine, and the faces [`tui`], [`once`], [`doctor`] and [`bench`].
//!
//! # Invariants
//!
//! 1. Only `audio` names cpal, hound and symphonia; one file per engine names its crate.
//! 2. Rooms do not import rooms; they share `parcel`, `turn`, `error` (and `os`, `onnx`, `wyoming`, which are no rooms).
//! 3. Faces talk to `pipeline`, never to an engine; tools (verbs, doctor, bench) may open one to examine it.
//! 4. No unbounded channel; every queue has a size and a policy ([`pipeline::edges`]).
//! 5. An audio callback never allocates, locks, logs or blocks.
//! 6. Only the conductor changes state, by a pure step; only `turn` cancels.
//! 7. No socket; no network but `models pull`, a remote engine the user configured, and an ear or a voice on this machine.
//! 8. Text from outside is never trusted as terminal bytes, as a path, or as instructions.
//! 9. Every model file is checked against its pin before an engine sees it, or trusted by name.
//! 10. The process can be killed at any instant; the next start works.

pub mod audio;
pub mod bench;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod error;
pub mod llm;
pub mod models;
pub mod once;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod os;
pub mod parcel;
pub mod pipeline;
pub mod plain;
pub mod rag;
pub mod sessions;
pub mod slash;
pub mod stt;
pub mod talk;
pub mod tts;
pub mod tui;
pub mod turn;
pub mod verbs;
pub mod wyoming;
