//! A fake writer for tests: repeats the question word by word.

use super::{Llm, PieceSink};
use crate::{
    error::Result,
    parcel::{Finish, Piece, Prompt},
    turn::Turn,
};

pub struct Parrot;

impl Llm for Parrot {
    fn write(&mut self, prompt: &Prompt, turn: &Turn, out: &mut PieceSink<'_>) -> Result<Finish> {
        let mut finish = Finish::default();
        for word in format!("You asked: {}", prompt.question).split_inclusive(' ') {
            turn.alive()?;
            out(Piece { text: word.into() })?;
            finish.generated += 1;
        }
        Ok(finish)
    }
}
