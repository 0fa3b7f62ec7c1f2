//! `[llm]` of the configuration: which back end writes, and how.

use serde::{Deserialize, Serialize};

use super::prompt;
use crate::parcel::ModelFile;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// `llama` where a model is installed, else `quote`.
    #[default]
    Auto,
    Llama,
    /// No model: reads out the best passage with its source.
    Quote,
    /// Any OpenAI-compatible server.
    Openai,
    Fake,
}

/// KV cache precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KvType {
    F16,
    /// 8.5 bits a value against 16.
    #[default]
    Q8_0,
}

impl KvType {
    /// Bytes that so many values take.
    pub fn bytes(self, values: u64) -> u64 {
        match self {
            Self::F16 => values.saturating_mul(2),
            Self::Q8_0 => (values / u64::from(BLOCK)).saturating_mul(34), // blocks of 32 bytes with a 2-byte scale
        }
    }
}

/// Largest context taken when none is set, in tokens: more costs memory that a spoken answer does not need.
const CONTEXT: u32 = 8192;
/// llama.cpp counts a KV cache in steps of this many tokens.
const CONTEXT_STEP: u32 = 256;
/// Values in one block of q8_0: an attention head must be a whole number of them.
const BLOCK: u32 = 32;

/// `[llm]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub backend: Backend,
    /// Registry id, path, or `auto`: the best one installed. For `openai`: the server's name of the model.
    pub model: String,
    /// Tokens of context; 0 takes the model's own, up to 8192.
    pub context: u32,
    /// Tokens handed to one decode call.
    pub batch: u32,
    /// Tokens computed at once while the prompt is read; the turn is checked in between.
    pub ubatch: u32,
    /// Threads for writing; 0: the physical cores given to the model.
    pub threads: u8,
    /// Threads for reading the prompt; 0: as `threads`.
    pub threads_prefill: u8,
    pub kv: KvType,
    pub flash_attention: bool,
    /// Pin the model's threads to physical cores.
    pub pin: bool,
    /// Base URL of the server for `openai`, up to and without `/chat/completions`.
    pub base_url: String,
    /// Environment variable that holds the server's key.
    pub key_env: String,
    /// Show and speak what a model thinks between `<think>` and `</think>`.
    pub show_thinking: bool,
    /// Instructions put before everything else.
    pub system: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            model: "auto".into(),
            context: 0,
            batch: 512,
            ubatch: 128,
            threads: 0,
            threads_prefill: 0,
            kv: KvType::Q8_0,
            flash_attention: true,
            pin: true,
            base_url: "http://127.0.0.1:8080/v1".into(),
            key_env: "OPENAI_API_KEY".into(),
            show_thinking: false,
            system: prompt::SYSTEM.into(),
        }
    }
}

/// Cores for the model, as the topology reader chose them; empty means unpinned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cores {
    pub cpus: Vec<usize>,
}

impl Settings {
    /// Tokens of context for a model that was made for `trained`.
    pub fn context_for(&self, trained: u32) -> u32 {
        let trained = trained.max(CONTEXT_STEP);
        match self.context {
            0 => trained.min(CONTEXT),
            wanted => wanted.clamp(CONTEXT_STEP, trained),
        }
    }

    /// The precision that the KV cache of heads of these sizes can have, or why it is 16 bits against the settings.
    pub fn kv_for(&self, key: u32, value: u32) -> Result<KvType, String> {
        let whole = key.is_multiple_of(BLOCK) && value.is_multiple_of(BLOCK);
        match self.kv {
            KvType::Q8_0 if !whole => Err(format!("attention heads of {key} values do not fit blocks of {BLOCK}")),
            KvType::Q8_0 if !self.flash_attention => Err("8 bits need llm.flash_attention".to_owned()),
            kv => Ok(kv),
        }
    }

    /// The back end that this configuration means once it is known whether a model is installed.
    pub fn decide(&self, model: Option<&ModelFile>) -> Backend {
        match (self.backend, model) {
            (Backend::Auto, Some(_)) if cfg!(feature = "llama") => Backend::Llama,
            (Backend::Auto, _) => Backend::Quote,
            (chosen, _) => chosen,
        }
    }
}
