//! The writers for real: llama.cpp on a tiny model, a remote engine against a server of a few lines.

#[cfg(feature = "llama")]
mod llama;
#[cfg(feature = "net")]
mod remote;

use xnai::{
    error::Result,
    llm::Llm,
    parcel::{Finish, Prompt, Sampling},
    turn::{Session, Turn},
};

/// Writes and collects the pieces.
fn write(llm: &mut dyn Llm, prompt: &Prompt, turn: &Turn) -> (Vec<String>, Result<Finish>) {
    let mut pieces = Vec::new();
    let finish = llm.write(prompt, turn, &mut |piece| {
        pieces.push(piece.text);
        Ok(())
    });
    (pieces, finish)
}

fn turn() -> Turn {
    Session::new().turn()
}

/// A bare question, answered with the likeliest tokens.
fn ask(question: &str, max_tokens: u32) -> Prompt {
    let sampling = Sampling { temperature: 0.0, repeat_penalty: 1.0, max_tokens, ..Sampling::default() };
    Prompt { question: question.into(), sampling, ..Prompt::default() }
}
