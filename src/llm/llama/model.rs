//! A GGUF file in; vocabulary, chat template and shape of a model out.

use std::{
    fs::File,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::Arc,
};

use llama_cpp_2::{
    model::{LlamaModel, params::LlamaModelParams},
    token::LlamaToken,
};

use super::{
    super::{
        gguf,
        prompt::Fence,
        settings::KvType,
        template::{Template, Tokens},
    },
    backend,
};
use crate::error::{Error, Result, Room};

/// Architectures that turn text into vectors or pictures into text: they have nothing to continue.
const NO_WRITERS: &[&str] = &["bert", "t5", "clip", "embedding"];

/// A loaded model with what is needed to talk to it.
pub struct Model {
    pub weights: Arc<LlamaModel>,
    pub template: Template,
    pub fence: Fence,
    /// Put before every prompt, where the model wants it.
    bos: Option<LlamaToken>,
    bos_text: String,
}

impl Model {
    pub fn load(path: &Path) -> Result<Self> {
        gguf::check(path)?;
        let weights = load(path)?;
        let refused = unfit(&weights);
        if let Some(why) = refused {
            return Err(Error::fetch(Room::Llm, format!("{} {why}", path.display())).hint("set llm.model to a model that writes text"));
        }
        let vocab = weights.vocab();
        let text = |token: LlamaToken| (token.0 >= 0).then(|| vocab.text(token)).flatten().map(|t| t.to_string_lossy().into_owned());
        let (bos_text, eos) = (text(vocab.bos()).unwrap_or_default(), text(vocab.eos()).unwrap_or_default());
        let bos = (vocab.should_add_bos() && vocab.bos().0 >= 0).then(|| vocab.bos());
        let fence = Fence::new(vocab.tokens().filter(|token| vocab.is_control(*token)).filter_map(text));
        let source = weights.meta_val_str("tokenizer.chat_template").ok();
        let template = Template::new(source.as_deref(), Tokens { bos: bos_text.clone(), eos });
        Ok(Self { weights: Arc::new(weights), template, fence, bos, bos_text })
    }

    /// Tokens of a rendered prompt. Markers in it count as such: outside text went through the fence before.
    pub fn tokens(&self, rendered: &str) -> Vec<LlamaToken> {
        // The template may have written the first token already.
        let written = !self.bos_text.is_empty() && rendered.starts_with(&self.bos_text);
        let bos = self.bos.filter(|_| !written);
        bos.into_iter().chain(self.weights.vocab().tokenize(rendered.as_bytes(), false, true)).collect()
    }

    /// Values in one attention head's key and value.
    pub fn head_sizes(&self) -> (u32, u32) {
        let architecture = self.weights.meta_val_str("general.architecture").unwrap_or_default();
        let even = u32::try_from(self.weights.n_embd()).unwrap_or(0) / self.weights.n_head().max(1);
        let read = |key: &str| self.weights.meta_val_str(&format!("{architecture}.attention.{key}")).ok()?.parse().ok();
        (read("key_length").unwrap_or(even), read("value_length").unwrap_or(even))
    }

    /// Bytes of a KV cache of this many tokens.
    pub fn kv_bytes(&self, kv: KvType, context: u32) -> u64 {
        let (key, value) = self.head_sizes();
        let values = u64::from(key + value) * u64::from(self.weights.n_head_kv()) * u64::from(self.weights.n_layer());
        kv.bytes(values) * u64::from(context)
    }
}

fn load(path: &Path) -> Result<LlamaModel> {
    let backend = backend::get()?;
    let params = LlamaModelParams::default().with_n_gpu_layers(0).with_use_mmap(true);
    // llama.cpp takes UTF-8 only; any other path is reached through the descriptor, which stays open meanwhile.
    let file = File::open(path).map_err(|e| Error::io(Room::Llm, "opening", path, &e))?;
    let name = match path.to_str() {
        Some(_) => path.to_owned(),
        None => PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())),
    };
    backend::last_error();
    LlamaModel::load_from_file(backend, &name, &params).map_err(|_| {
        let why = backend::last_error();
        let why = if why.is_empty() { "llama.cpp does not say why".to_owned() } else { why };
        Error::fetch(Room::Llm, format!("{} cannot be loaded: {why}", path.display()))
            .hint("run `xnai models pull`, or choose another llm.model")
    })
}

/// Why this model cannot write, if so; llama.cpp would end the process over it later.
fn unfit(weights: &LlamaModel) -> Option<&'static str> {
    let architecture = weights.meta_val_str("general.architecture").unwrap_or_default();
    let vocabulary = weights.meta_val_str("tokenizer.ggml.model").unwrap_or_default();
    if NO_WRITERS.iter().any(|part| architecture.contains(part)) {
        Some("is not a model that writes")
    } else if matches!(vocabulary.as_str(), "" | "none" | "no_vocab") {
        Some("has no vocabulary")
    } else {
        None
    }
}
