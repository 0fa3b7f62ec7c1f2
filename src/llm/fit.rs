//! A prompt too long for the context in, the most of it that fits out.
//!
//! The oldest history goes first, then the lowest-ranked passages, then the end of the question. What is dropped is
//! found by bisection: each look costs a tokenisation of the whole prompt.

use crate::{error::Result, parcel::Prompt};

/// History goes in steps of this many exchanges: the beginning of the prompt then stays the same for as many turns,
/// and with it what the model has already read.
const STRIDE: usize = 4;

/// The prompt with as little dropped as makes it fit; `None` when even without history, passages and question it
/// does not.
pub fn fit(prompt: &Prompt, mut fits: impl FnMut(&Prompt) -> Result<bool>) -> Result<Option<Prompt>> {
    if fits(prompt)? {
        return Ok(Some(prompt.clone()));
    }
    let (mut too_long, mut short) = (0, steps(prompt));
    if !fits(&dropped(prompt, short))? {
        return Ok(None);
    }
    while too_long + 1 < short {
        let middle = too_long.midpoint(short);
        if fits(&dropped(prompt, middle))? { short = middle } else { too_long = middle }
    }
    Ok(Some(dropped(prompt, short)))
}

fn steps(prompt: &Prompt) -> usize {
    prompt.history.len().div_ceil(STRIDE) + prompt.passages.list.len() + prompt.question.chars().count()
}

/// The prompt after so many steps of dropping.
fn dropped(prompt: &Prompt, steps: usize) -> Prompt {
    let mut short = prompt.clone();
    let history = prompt.history.len().div_ceil(STRIDE);
    short.history.drain(..(steps * STRIDE).min(prompt.history.len()));
    let passages = steps.saturating_sub(history).min(prompt.passages.list.len());
    short.passages.list.truncate(prompt.passages.list.len() - passages);
    let cut = steps.saturating_sub(history + passages);
    let kept = prompt.question.chars().count().saturating_sub(cut);
    short.question = prompt.question.chars().take(kept).collect();
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::{Exchange, Passage, Passages};

    fn long() -> Prompt {
        let exchange = |i| Exchange { question: format!("q{i}"), answer: "a".repeat(10) };
        let passage = |i| Passage { text: format!("p{i}{}", "x".repeat(10)), ..Passage::default() };
        Prompt {
            system: "s".repeat(10),
            history: (0..10).map(exchange).collect(),
            passages: Passages { list: (0..3).map(passage).collect(), found: true, notes: Vec::new() },
            question: "é".repeat(20),
            ..Prompt::default()
        }
    }

    fn size(prompt: &Prompt) -> usize {
        let history: usize = prompt.history.iter().map(|e| e.question.len() + e.answer.len()).sum();
        let passages: usize = prompt.passages.list.iter().map(|p| p.text.len()).sum();
        prompt.system.len() + history + passages + prompt.question.chars().count()
    }

    fn within(limit: usize) -> Option<Prompt> {
        fit(&long(), |p| Ok(size(p) <= limit)).unwrap()
    }

    #[test]
    fn history_goes_before_passages_and_passages_before_the_question() {
        assert_eq!(within(1000).unwrap(), long());
        let less_history = within(120).unwrap();
        assert_eq!(less_history.history.first().unwrap().question, "q8");
        assert_eq!(less_history.passages.list.len(), 3);
        let less_passages = within(50).unwrap();
        assert_eq!((less_passages.history.len(), less_passages.passages.list.len()), (0, 1));
        assert!(less_passages.passages.list[0].text.starts_with("p0"));
        assert_eq!(within(15).unwrap().question, "é".repeat(5));
    }

    #[test]
    fn a_system_prompt_that_does_not_fit_is_told() {
        assert_eq!(within(9), None);
    }
}
