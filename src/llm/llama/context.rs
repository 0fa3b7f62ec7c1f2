//! Tokens in, the next token out: the context and its KV cache stay in memory between turns.

use std::{num::NonZeroU32, sync::Arc};

use llama_cpp_2::{
    context::{
        LlamaContext,
        params::{KvCacheType, LlamaContextParams},
    },
    llama_batch::LlamaBatch,
    model::LlamaModel,
    sampling::LlamaSampler,
    token::LlamaToken,
};
use llama_cpp_sys_2 as sys;

use super::{super::settings::KvType, abort::Watch, backend, prefix::Resident};
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// The one sequence in the KV cache.
const SEQUENCE: i32 = 0;

/// How a context is made.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Tokens.
    pub context: u32,
    pub batch: u32,
    pub ubatch: u32,
    pub threads: i32,
    pub threads_prefill: i32,
    pub kv: KvType,
    pub flash_attention: bool,
}

/// What reading a prompt took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    pub prefilled: usize,
    pub restored: usize,
}

pub struct Context {
    // Fields are dropped in this order: `inner` first, because it points into `model` and `watch`.
    inner: LlamaContext<'static>,
    watch: Arc<Watch>,
    model: Arc<LlamaModel>,
    batch: LlamaBatch<'static>,
    resident: Resident,
    /// Most tokens handed to one decode: more than this (`n_batch`) would end the process.
    chunk: usize,
}

impl Context {
    pub fn new(model: &Arc<LlamaModel>, shape: Shape) -> Result<Self> {
        let chunk = shape.ubatch.clamp(1, shape.batch.max(1));
        let watch = Arc::new(Watch::default());
        // SAFETY: `watch` is kept beside the context and dropped after it (field order).
        let params = unsafe { watch.install(params(shape, chunk)) };
        // SAFETY: the model lives on the heap behind an `Arc` that is kept beside the context and dropped after it
        // (field order), and nothing hands the context or the longer borrow out of this struct.
        let weights: &'static LlamaModel = unsafe { &*Arc::as_ptr(model) };
        backend::last_error();
        let inner = weights.new_context(backend::get()?, params).map_err(|_| {
            let message = format!("a context of {} tokens could not be made: {}", shape.context, backend::last_error());
            Error::shrink(Room::Llm, message).hint("lower llm.context, or choose a smaller llm.model")
        })?;
        let chunk = chunk as usize;
        Ok(Self { inner, watch, model: model.clone(), batch: LlamaBatch::new(chunk, 1), resident: Resident::default(), chunk })
    }

    /// Tokens that prompt and answer may take together.
    pub fn size(&self) -> usize {
        self.inner.n_ctx() as usize
    }

    /// Makes the KV cache hold exactly these tokens, of which there must be at least one; what it already holds of
    /// their beginning is kept. The turn is asked between chunks, and inside them through the watch.
    pub fn read(&mut self, tokens: &[LlamaToken], turn: &Turn) -> Result<Read> {
        let _watching = self.watch.turn(turn);
        // The last token is always decoded: its logits are what the answer starts from.
        let common = self.resident.common(tokens).min(tokens.len().saturating_sub(1));
        let restored = self.keep(common);
        for chunk in tokens[restored..].chunks(self.chunk) {
            turn.alive()?;
            self.decode(chunk, turn)?;
        }
        Ok(Read { prefilled: tokens.len() - restored, restored })
    }

    /// Adds the token that was chosen.
    pub fn step(&mut self, token: LlamaToken, turn: &Turn) -> Result<()> {
        let _watching = self.watch.turn(turn);
        turn.alive()?;
        self.decode(&[token], turn)
    }

    /// Chooses the next token; something must have been read.
    pub fn choose(&mut self, sampler: &mut LlamaSampler) -> LlamaToken {
        sampler.sample(&self.inner, -1)
    }

    pub fn is_end(&self, token: LlamaToken) -> bool {
        self.model.vocab().is_eog(token)
    }

    /// The bytes of a token: possibly part of a character, none for control tokens.
    pub fn bytes(&self, token: LlamaToken) -> Vec<u8> {
        self.model.vocab().token_to_piece(token, false, None)
    }

    fn decode(&mut self, tokens: &[LlamaToken], turn: &Turn) -> Result<()> {
        self.batch.clear();
        let start = self.resident.len();
        for (place, token) in tokens.iter().enumerate() {
            let position = i32::try_from(start + place).map_err(|_| full())?;
            self.batch.add(*token, position, &[SEQUENCE], place + 1 == tokens.len()).map_err(|_| full())?;
        }
        match self.inner.decode(&mut self.batch) {
            Ok(()) => {
                self.resident.push(tokens);
                Ok(())
            }
            Err(error) => {
                self.remove_from(start);
                turn.alive()?;
                let why = backend::last_error();
                Err(Error::report(Room::Llm, format!("llama.cpp could not compute: {error}. {why}").trim_end().to_owned()))
            }
        }
    }

    /// Keeps the first tokens of the KV cache and returns how many those are now: a model whose state cannot be cut
    /// (recurrent ones) starts over.
    fn keep(&mut self, count: usize) -> usize {
        if count < self.resident.len() {
            self.remove_from(count);
        }
        self.resident.len()
    }

    fn remove_from(&mut self, count: usize) {
        let removed =
            u32::try_from(count).is_ok_and(|from| self.inner.clear_kv_cache_seq(Some(SEQUENCE as u32), Some(from), None) == Ok(true));
        if removed {
            self.resident.truncate(count);
        } else {
            self.inner.clear_kv_cache();
            self.resident.truncate(0);
        }
    }
}

fn full() -> Error {
    Error::report(Room::Llm, "more tokens were handed to one decode than it takes")
}

fn params(shape: Shape, chunk: u32) -> LlamaContextParams {
    let kv = match shape.kv {
        KvType::F16 => KvCacheType::F16,
        KvType::Q8_0 => KvCacheType::Q8_0,
    };
    let flash = if shape.flash_attention { sys::LLAMA_FLASH_ATTN_TYPE_AUTO } else { sys::LLAMA_FLASH_ATTN_TYPE_DISABLED };
    LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(shape.context))
        .with_n_batch(shape.batch.max(chunk))
        .with_n_ubatch(chunk)
        .with_n_threads(shape.threads)
        .with_n_threads_batch(shape.threads_prefill)
        .with_type_k(kv)
        .with_type_v(kv)
        .with_flash_attention_policy(flash)
        .with_no_perf(true)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::turn::Session;

    /// On the shared story model; where it is missing the test says so, and fails in CI.
    fn stories() -> Option<Context> {
        let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/models"));
        let named = std::env::var_os("XNAI_MODELS_PATH").into_iter().flat_map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
        let found = named.chain([beside]).map(|folder| folder.join("llm/stories260K.gguf")).find(|path| path.is_file());
        let Some(path) = found else {
            assert!(std::env::var_os("CI").is_none(), "stories260K.gguf is missing");
            eprintln!("skipped: no folder with the shared models (XNAI_MODELS_PATH)");
            return None;
        };
        let model = super::super::model::Model::load(&path).unwrap();
        let shape = Shape { context: 512, batch: 256, ubatch: 128, threads: 2, threads_prefill: 2, kv: KvType::F16, flash_attention: true };
        Some(Context::new(&model.weights, shape).unwrap())
    }

    #[test]
    fn a_stale_turn_stops_inside_a_decode_and_what_was_read_before_it_stays() {
        let Some(mut context) = stories() else { return };
        let session = Session::new();
        let (alive, stale) = (session.turn(), session.turn());
        stale.cancel();
        let tokens: Vec<LlamaToken> = (0..100).map(|i| LlamaToken(3 + i % 200)).collect();
        context.read(&tokens[..40], &alive).unwrap();
        let watching = context.watch.turn(&stale);
        assert!(context.decode(&tokens[40..], &stale).unwrap_err().is_stale());
        drop(watching);
        assert_eq!(context.resident.len(), 40);
        assert_eq!(context.read(&tokens, &alive).unwrap(), Read { prefilled: 60, restored: 40 });
    }
}
