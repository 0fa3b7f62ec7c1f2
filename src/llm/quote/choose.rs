//! A question and passages in, the one or two sentences that answer it best out.
//!
//! A sentence scores by the question's words that it holds, each weighted by how rare it is among all sentences at
//! hand; words of its heading, its document's title and the sentence before it count in part, because a text does not
//! repeat its subject in every line.

use std::collections::BTreeSet;

use super::{
    sentences::{Sentence, split},
    words::stems,
};
use crate::parcel::Passage;

/// Passages looked at: later ones rarely hold what the first did not.
const PASSAGES: usize = 5;
/// What a word is worth that stands not in the sentence but above or before it.
const NEARBY: f32 = 0.4;
/// How much the next lower passage counts less.
const DECAY: f32 = 0.93;
/// Added, in words of mean weight, when the question asks for a number or a time and the sentence has one.
const FIGURE: f32 = 0.6;
/// A second sentence this long would make the answer a lecture, in characters.
const LONG: usize = 220;

/// What is read out: sentences in reading order, and which passage they are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    pub sentences: Vec<String>,
    pub passage: usize,
}

struct Candidate {
    passage: usize,
    sentence: Sentence,
    words: BTreeSet<String>,
    nearby: BTreeSet<String>,
}

/// `None` when the passages hold no sentence at all.
pub fn best(question: &str, passages: &[Passage]) -> Option<Quoted> {
    let asked = stems(question);
    let candidates = candidates(passages);
    let weigh = |words: &BTreeSet<String>| asked.intersection(words).map(|word| rarity(word, &candidates)).sum::<f32>();
    let mean = weigh(&asked) / asked.len().max(1) as f32;
    let figure = asks_for_figure(question);
    let score = |candidate: &Candidate| {
        let near = candidate.nearby.difference(&candidate.words).cloned().collect();
        let fits = if figure && has_figure(&candidate.sentence.text) { FIGURE * mean } else { 0.0 };
        let own = weigh(&candidate.words);
        // A figure about something else is no answer.
        let fits = if own + weigh(&near) > 0.0 { fits } else { 0.0 };
        (own + NEARBY * weigh(&near) + fits) * DECAY.powi(candidate.passage as i32)
    };
    let scores: Vec<f32> = candidates.iter().map(score).collect();
    // The first of equals: passages come best first.
    let chosen = (0..candidates.len()).rev().max_by(|a, b| scores[*a].total_cmp(&scores[*b]))?;
    Some(Quoted { sentences: with_neighbour(&candidates, chosen, &asked), passage: candidates[chosen].passage })
}

fn candidates(passages: &[Passage]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (passage, from) in passages.iter().take(PASSAGES).enumerate() {
        let title = stems(&from.title);
        let mut before = BTreeSet::new();
        for sentence in split(&from.text) {
            let words = stems(&sentence.text);
            let nearby = title.iter().chain(&before).cloned().chain(stems(&sentence.heading)).collect();
            before.clone_from(&words);
            candidates.push(Candidate { passage, sentence, words, nearby });
        }
    }
    candidates
}

/// Weight of a word: the fewer sentences hold it, the more it says.
fn rarity(word: &str, among: &[Candidate]) -> f32 {
    let holders = among.iter().filter(|c| c.words.contains(word)).count();
    (1.0 + among.len() as f32 / (holders as f32 + 1.0)).ln()
}

/// The chosen sentence with the one it leans on, or else the one that completes it; never more than two.
fn with_neighbour(candidates: &[Candidate], chosen: usize, asked: &BTreeSet<String>) -> Vec<String> {
    let this = &candidates[chosen];
    let near = |other: usize| candidates.get(other).filter(|c| c.passage == this.passage && c.sentence.text.chars().count() <= LONG);
    let same_block = |other: &&Candidate| other.sentence.block == this.sentence.block;
    let before = chosen.checked_sub(1).and_then(near).filter(same_block);
    let after = near(chosen + 1);
    let text = this.sentence.text.clone();
    let leads_in = text.ends_with([':', '?']);
    if let (Some(before), true, false) = (before, leans_back(&text), leads_in) {
        return vec![before.sentence.text.clone(), text];
    }
    let completes = |after: &&Candidate| {
        let adds = asked.iter().any(|word| after.words.contains(word) && !this.words.contains(word));
        leads_in || (same_block(after) && (adds || leans_back(&after.sentence.text)))
    };
    match after.filter(completes) {
        Some(after) => vec![text, after.sentence.text.clone()],
        None => vec![text],
    }
}

/// Whether a sentence begins by pointing at the one before it.
fn leans_back(text: &str) -> bool {
    const POINTERS: &[&str] = &[
        "it",
        "its",
        "they",
        "their",
        "them",
        "this",
        "that",
        "these",
        "those",
        "he",
        "she",
        "otherwise",
        "however",
        "but",
        "so",
        "instead",
    ];
    let first: String = text.chars().take_while(|c| c.is_alphabetic()).collect();
    POINTERS.contains(&first.to_lowercase().as_str())
}

fn asks_for_figure(question: &str) -> bool {
    let question = question.to_lowercase();
    [
        "how long",
        "how many",
        "how much",
        "how often",
        "how old",
        "how far",
        "how hot",
        "how high",
        "how big",
        "when ",
        "what time",
        "what temperature",
        "price",
        "cost",
    ]
    .iter()
    .any(|phrase| question.contains(phrase))
}

/// A digit, or a word for a number or a time.
fn has_figure(text: &str) -> bool {
    const FIGURES: &[&str] = &[
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "fifteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "hundred",
        "thousand",
        "half",
        "dozen",
        "once",
        "twice",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "every",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "noon",
        "midnight",
        "morning",
        "evening",
    ];
    text.chars().any(|c| c.is_ascii_digit()) || text.to_lowercase().split(|c: char| !c.is_alphabetic()).any(|word| FIGURES.contains(&word))
}
