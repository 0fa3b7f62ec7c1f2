//! What was meant: defaults, file, environment and flags, in that order.

use serde::{Deserialize, Serialize};

use crate::{audio, llm, models, os::paths::Paths, rag, stt, tts};

/// The whole configuration. Every room owns its own section.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub audio: audio::Settings,
    pub stt: stt::Settings,
    pub rag: rag::Settings,
    pub llm: llm::Settings,
    pub tts: tts::Settings,
    pub models: models::Settings,
}

/// What every verb and face is given.
#[derive(Clone, Debug)]
pub struct Context {
    pub config: Config,
    pub paths: Paths,
}
