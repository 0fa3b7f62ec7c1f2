//! Who is on duty: one opener per engine that a turn needs. What is absent is not loaded.

use super::worker::Opener;
use crate::{audio::Speaker, llm::Llm, rag::Searcher, stt::Stt, tts::Tts};

#[derive(Default)]
pub struct Crew {
    pub ear: Option<Opener<dyn Stt>>,
    pub documents: Option<Opener<dyn Searcher>>,
    pub writer: Option<Opener<dyn Llm>>,
    pub voice: Option<Opener<dyn Tts>>,
    pub speaker: Option<Opener<dyn Speaker>>,
}
