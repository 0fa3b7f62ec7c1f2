//! Pieces of an answer in, speakable fragments out.

use crate::parcel::Sentence;

#[derive(Debug, Default)]
pub struct Splitter {
    held: String,
    next: u32,
}

impl Splitter {
    pub fn push(&mut self, piece: &str) -> Vec<Sentence> {
        self.held.push_str(piece);
        let mut out = Vec::new();
        while let Some(at) = self.held.find(". ") {
            let rest = self.held.split_off(at + 2);
            let text = std::mem::replace(&mut self.held, rest);
            out.extend(self.sentence(&text));
        }
        out
    }

    pub fn finish(mut self) -> Vec<Sentence> {
        let text = std::mem::take(&mut self.held);
        self.sentence(&text).into_iter().collect()
    }

    fn sentence(&mut self, text: &str) -> Option<Sentence> {
        let text = text.trim().to_owned();
        let index = self.next;
        self.next += 1;
        (!text.is_empty()).then_some(Sentence { text, index })
    }
}
