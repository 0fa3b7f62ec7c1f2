//! One file a verb: its arguments and what it does. The list of files is the list of features.

pub mod bench;
pub mod completions;
pub mod config;
pub mod devices;
pub mod doctor;
pub mod forget;
pub mod ingest;
pub mod models;
pub mod pipe;
pub mod search;
pub mod sessions;
pub mod sources;
pub mod vad;
