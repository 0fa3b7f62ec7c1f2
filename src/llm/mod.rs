//! Prompt in, pieces of an answer out.

pub mod fake;
pub mod fit;
pub mod gguf;
#[cfg(feature = "llama")]
pub mod llama;
#[cfg(not(feature = "llama"))]
#[path = "absent.rs"]
pub mod llama;
#[cfg(feature = "net")]
pub mod openai;
#[cfg(not(feature = "net"))]
#[path = "absent_openai.rs"]
pub mod openai;
pub mod prompt;
pub mod quote;
pub mod settings;
pub mod stream;
pub mod template;
pub mod thoughts;

pub use settings::{Backend, Cores, KvType, Settings};

use crate::{
    error::Result,
    parcel::{Finish, ModelFile, Piece, Prompt},
    turn::Turn,
};

/// Where pieces go as they are written. An error stops the writer.
pub type PieceSink<'a> = dyn FnMut(Piece) -> Result<()> + 'a;

/// Writes answers. One caller at a time; cancelled through the turn.
pub trait Llm: Send {
    fn write(&mut self, prompt: &Prompt, turn: &Turn, out: &mut PieceSink<'_>) -> Result<Finish>;

    /// What the user should know about this writer: fallbacks that were taken when it opened. One sentence each.
    fn notes(&self) -> &[String] {
        &[]
    }

    /// Reads a prompt that is still growing, so that a later [`Llm::write`] finds that part done.
    fn prime(&mut self, _so_far: &Prompt, _turn: &Turn) -> Result<()> {
        Ok(())
    }
}

/// Opens the configured writer. `Auto` must have been decided by the caller through [`Settings::decide`].
pub fn open(settings: &Settings, model: Option<&ModelFile>, cores: &Cores) -> Result<Box<dyn Llm>> {
    let writer = match settings.decide(model) {
        Backend::Llama => llama::open(settings, model, cores)?,
        Backend::Openai => openai::open(settings)?,
        Backend::Fake => return Ok(Box::new(fake::Parrot)),
        Backend::Quote | Backend::Auto => return Ok(Box::new(quote::Quote)),
    };
    Ok(if settings.show_thinking { writer } else { Box::new(thoughts::Hidden(writer)) })
}
