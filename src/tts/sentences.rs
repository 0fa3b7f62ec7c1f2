//! Pieces of an answer in, speakable fragments out.
//!
//! Text is taken character by character, and a border is decided from the characters before it and a bounded look
//! ahead: however the model cuts its pieces, the fragments are the same. The buffer never holds much more than
//! [`MAX_CHARS`]. The very first fragment may end at a comma, so that the first sound comes soon.

mod borders;
mod markup;
#[cfg(test)]
mod tests;

use crate::parcel::Sentence;

pub(crate) use markup::is_pictograph;

/// Longest fragment, in characters: Kokoro takes 510 phonemes, and a character of English makes hardly two.
pub const MAX_CHARS: usize = 200;

/// Cuts the stream of one answer into sentences; make a new one for every answer.
#[derive(Debug, Default)]
pub struct Splitter {
    buffer: Vec<char>,
    next: u32,
}

impl Splitter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a piece of the answer and returns the fragments that are complete now, cleaned of markup.
    pub fn push(&mut self, piece: &str) -> Vec<Sentence> {
        let mut out = Vec::new();
        for c in piece.chars() {
            self.buffer.push(if c == '\r' { '\n' } else { c });
            while let Some(at) = borders::find(&self.buffer, self.next == 0, false) {
                self.emit(at, &mut out);
            }
        }
        out
    }

    /// The answer is complete: returns what is left.
    pub fn finish(&mut self) -> Vec<Sentence> {
        let mut out = Vec::new();
        while let Some(at) = borders::find(&self.buffer, self.next == 0, true) {
            self.emit(at, &mut out);
        }
        self.emit(self.buffer.len(), &mut out);
        out
    }

    fn emit(&mut self, at: usize, out: &mut Vec<Sentence>) {
        let raw: String = self.buffer.drain(..at).collect();
        let text = markup::spoken(&raw);
        if text.chars().any(char::is_alphanumeric) {
            out.push(Sentence { text, index: self.next });
            self.next += 1;
        }
    }
}
