//! llama.cpp behind the [`Llm`] trait: model, context and KV cache stay on the thread that writes.

mod abort;
pub mod backend;
mod context;
mod model;
mod prefix;
mod sampler;

use std::thread::{self, ThreadId};

use llama_cpp_2::token::LlamaToken;

use self::{
    context::{Context, Shape},
    model::Model,
};
use super::{Cores, KvType, Llm, PieceSink, Settings, fit::fit, stream::Stream, thoughts};
use crate::{
    error::{Error, Result, Room},
    os::{pin, topology},
    parcel::{Finish, FinishReason, ModelFile, Piece, Prompt, Sampling},
    turn::Turn,
};

pub struct Llama {
    context: Context,
    model: Model,
    pinning: Pinning,
    kv_bytes: u64,
    notes: Vec<String>,
}

/// Which CPUs, and which thread was put on them: llama.cpp's workers inherit the mask of the thread that decodes first.
struct Pinning {
    cpus: Vec<usize>,
    done: Option<ThreadId>,
}

/// A prompt as the model takes it.
struct Ready {
    tokens: Vec<LlamaToken>,
    stops: Vec<String>,
    /// The template has begun a thought in the model's name: its end is the first mark that the answer will hold.
    thinking: bool,
}

pub fn open(settings: &Settings, model: Option<&ModelFile>, cores: &Cores) -> Result<Box<dyn Llm>> {
    let Some(file) = model else {
        return Err(Error::fetch(Room::Llm, "no language model is installed")
            .hint("run `xnai models pull`, set llm.model to a GGUF file, or set llm.backend = \"quote\""));
    };
    let model = Model::load(&file.path)?;
    let mut notes: Vec<String> = model.template.note().map(str::to_owned).into_iter().collect();
    let mut shape = shape(settings, &model, cores, &mut notes);
    let context = match Context::new(&model.weights, shape) {
        Err(_) if shape.kv == KvType::Q8_0 => {
            notes.push("the KV cache is kept in 16 bits: this model does not run with 8".to_owned());
            shape.kv = KvType::F16;
            Context::new(&model.weights, shape)?
        }
        made => made?,
    };
    let kv_bytes = model.kv_bytes(shape.kv, u32::try_from(context.size()).unwrap_or(u32::MAX));
    let pinning = Pinning { cpus: if settings.pin { cores.cpus.clone() } else { Vec::new() }, done: None };
    tracing::debug!(model = %file.id, context = context.size(), kv_bytes, threads = shape.threads, "language model open");
    Ok(Box::new(Llama { context, model, pinning, kv_bytes, notes }))
}

/// What the settings mean for this model on this machine; what could not be had is noted.
fn shape(settings: &Settings, model: &Model, cores: &Cores, notes: &mut Vec<String>) -> Shape {
    let context = settings.context_for(model.weights.n_ctx_train());
    if settings.context > context {
        notes.push(format!("llm.context is {}, but the model was made for {context} tokens", settings.context));
    }
    let (key, value) = model.head_sizes();
    let kv = settings.kv_for(key, value).unwrap_or_else(|why| {
        notes.push(format!("the KV cache is kept in 16 bits: {why}"));
        KvType::F16
    });
    let threads = threads(settings.threads, cores);
    let threads_prefill = if settings.threads_prefill == 0 { threads } else { i32::from(settings.threads_prefill) };
    let batch = settings.batch.clamp(1, context);
    let Settings { ubatch, flash_attention, .. } = *settings;
    Shape { context, batch, ubatch, threads, threads_prefill, kv, flash_attention }
}

/// As set; else one for each core that was given; else one for each core that the topology reader would give.
fn threads(set: u8, cores: &Cores) -> i32 {
    let given = || if cores.cpus.is_empty() { topology::this_machine().plan().model.len() } else { cores.cpus.len() };
    if set == 0 { i32::try_from(given().max(1)).unwrap_or(1) } else { i32::from(set) }
}

impl Llm for Llama {
    fn write(&mut self, prompt: &Prompt, turn: &Turn, out: &mut PieceSink<'_>) -> Result<Finish> {
        turn.alive()?;
        self.settle();
        let ready = self.ready(prompt)?;
        let read = self.context.read(&ready.tokens, turn)?;
        let mut finish =
            Finish { prefilled: count(read.prefilled), restored: count(read.restored), kv_bytes: self.kv_bytes, ..Finish::default() };
        let room = self.context.size() - ready.tokens.len();
        let most = prompt.sampling.max_tokens.min(count(room));
        if ready.thinking {
            out(Piece { text: thoughts::OPEN.to_owned() })?;
        }
        self.answer(&prompt.sampling, ready.stops, most, (turn, out), &mut finish)?;
        Ok(finish)
    }

    fn prime(&mut self, so_far: &Prompt, turn: &Turn) -> Result<()> {
        turn.alive()?;
        self.settle();
        let ready = self.ready(so_far)?;
        self.context.read(&ready.tokens, turn)?;
        Ok(())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Llama {
    /// Puts the calling thread on its CPUs before it decodes for the first time.
    fn settle(&mut self) {
        let caller = thread::current().id();
        if self.pinning.cpus.is_empty() || self.pinning.done == Some(caller) {
            return;
        }
        self.pinning.done = Some(caller);
        if let Err(error) = pin::this_thread(&self.pinning.cpus) {
            tracing::warn!(%error, "the model is not pinned");
            self.notes.push(error.to_string());
        }
    }

    /// Renders and tokenises a prompt, dropping what does not fit beside the answer.
    fn ready(&self, prompt: &Prompt) -> Result<Ready> {
        let size = self.context.size();
        let answer = usize::try_from(prompt.sampling.max_tokens).unwrap_or(size).clamp(1, size / 2);
        let ready = |prompt: &Prompt| {
            let rendered = self.model.template.render(&self.model.fence.messages(prompt));
            let thinking = rendered.text.trim_end().ends_with(thoughts::OPEN);
            Ready { tokens: self.model.tokens(&rendered.text), stops: rendered.stops, thinking }
        };
        let fitted = fit(prompt, |prompt| Ok(ready(prompt).tokens.len() + answer <= size))?;
        let Some(fitted) = fitted else {
            let message = format!("llm.system alone does not fit the model's context of {size} tokens");
            return Err(Error::reword(Room::Llm, message).hint("shorten llm.system, or raise llm.context"));
        };
        let ready = ready(&fitted);
        if ready.tokens.is_empty() {
            return Err(Error::reword(Room::Llm, "the question is empty").hint("ask something"));
        }
        Ok(ready)
    }

    /// Writes up to `most` tokens.
    fn answer(
        &mut self,
        sampling: &Sampling,
        stops: Vec<String>,
        most: u32,
        (turn, out): (&Turn, &mut PieceSink<'_>),
        finish: &mut Finish,
    ) -> Result<()> {
        let forced = sampling.force_length;
        let mut sampler = sampler::chain(sampling, self.model.weights.n_vocab());
        let stops = if forced { Vec::new() } else { [stops, sampling.stop.clone()].concat() };
        let mut stream = Stream::new(stops);
        finish.reason = FinishReason::Length;
        while finish.generated < most {
            turn.alive()?;
            let token = self.context.choose(&mut sampler);
            if !forced && self.context.is_end(token) {
                finish.reason = FinishReason::Stop;
                break;
            }
            finish.generated += 1;
            if let Some(text) = stream.push(&self.context.bytes(token)) {
                out(Piece { text })?;
            }
            if stream.stopped() {
                finish.reason = FinishReason::Stop;
                break;
            }
            // Nothing follows the last token, so it need not be computed.
            if finish.generated < most {
                self.context.step(token, turn)?;
            }
        }
        stream.finish().map_or(Ok(()), |text| out(Piece { text }))
    }
}

fn count(tokens: usize) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}
