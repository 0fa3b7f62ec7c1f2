//! Answers without a model: reads out the sentence of the documents that answers best, and names its source.

mod choose;
mod sentences;
mod words;

use super::{Llm, PieceSink, prompt};
use crate::{
    error::Result,
    parcel::{Finish, Passages, Piece, Prompt},
    turn::Turn,
};

/// Said when no document bears on the question.
pub const NOTHING: &str = "I found nothing about that in your documents.";

/// Puts the passage that would be quoted first: what is cited first is then what is read out.
pub fn lead(question: &str, passages: &mut Passages) {
    if let Some(quote) = choose::best(question, &passages.list).filter(|_| passages.found) {
        passages.list[..=quote.passage].rotate_right(1);
    }
}

pub struct Quote;

impl Llm for Quote {
    fn write(&mut self, prompt: &Prompt, turn: &Turn, out: &mut PieceSink<'_>) -> Result<Finish> {
        turn.alive()?;
        let quoted = if prompt.passages.found { choose::best(&prompt.question, &prompt.passages.list) } else { None };
        let Some(quote) = quoted else {
            out(Piece { text: NOTHING.to_owned() })?;
            return Ok(Finish::default());
        };
        for sentence in quote.sentences {
            turn.alive()?;
            out(Piece { text: format!("{sentence} ") })?;
        }
        let source = prompt::name(&prompt.passages.list[quote.passage]);
        out(Piece { text: format!("That is from {}.", speakable(&source)) })?;
        Ok(Finish::default())
    }
}

/// A name without what would end the sentence early or be spelled out.
fn speakable(name: &str) -> String {
    let plain: String = name.chars().map(|c| if matches!(c, '*' | '_' | '`' | '#' | '|') || c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(['.', '!', '?', ':', ';']).to_owned()
}

#[cfg(test)]
mod tests;
