//! Passages in the order of their rank, into the order in which the answer uses them: for the stand-in that quotes one.
//!
//! A model cites by number while it writes, so its passages keep theirs. The stand-in cites nothing in its text, and
//! whoever looks for its source takes the first. A model that takes the stand-in's place in the middle of a conversation
//! gets them in this order, and numbers them so.

use crate::{
    error::Result,
    llm::quote,
    parcel::{Passages, Query},
    rag::Searcher,
    turn::Turn,
};

/// A searcher for the stand-in.
pub struct Lead(pub Box<dyn Searcher>);

impl Searcher for Lead {
    fn search(&self, query: &Query, turn: &Turn) -> Result<Passages> {
        let mut passages = self.0.search(query, turn)?;
        quote::lead(&query.text, &mut passages);
        Ok(passages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parcel::Passage, rag::fake::Fixed, turn::Session};

    #[test]
    fn what_is_read_out_is_cited_first() {
        let passage = |source: &str, text: &str| Passage { source: source.into(), text: text.into(), ..Passage::default() };
        let list = vec![passage("sea.md", "The sea is deep."), passage("moon.md", "The moon is 4 billion years old.")];
        let documents = Lead(Box::new(Fixed(Passages { list, found: true, notes: Vec::new() })));
        let query = Query { text: "How old is the moon?".into(), ..Query::default() };
        let found = documents.search(&query, &Session::new().turn()).unwrap();
        assert_eq!(found.list.iter().map(|p| p.source.as_str()).collect::<Vec<_>>(), ["moon.md", "sea.md"]);
    }
}
