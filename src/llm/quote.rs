//! Answers without a model: reads out the best passage and names its source.

use super::{Llm, PieceSink};
use crate::{
    error::Result,
    parcel::{Finish, Piece, Prompt},
    turn::Turn,
};

/// Said when no document bears on the question.
pub const NOTHING: &str = "I found nothing about that in your documents.";

pub struct Quote;

impl Llm for Quote {
    fn write(&mut self, prompt: &Prompt, turn: &Turn, out: &mut PieceSink<'_>) -> Result<Finish> {
        turn.alive()?;
        let answer = match prompt.passages.list.first() {
            Some(best) if prompt.passages.found => format!("{} That is from {}.", best.text.trim(), best.title),
            _ => NOTHING.to_owned(),
        };
        out(Piece { text: answer })?;
        Ok(Finish::default())
    }
}
