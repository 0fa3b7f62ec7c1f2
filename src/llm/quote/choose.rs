//! A question and passages in, the one or two sentences that answer it best out.
//!
//! A sentence scores by the question's words that it holds, each weighted by how rare it is among all sentences at
//! hand; words of its heading, its document's title and the sentence before it count in part, because a text does not
//! repeat its subject in every line.

use std::collections::BTreeSet;

use super::{
    sentences::{Sentence, split},
    words::Words,
};
use crate::parcel::Passage;

/// Passages looked at: later ones rarely hold what the first did not.
const PASSAGES: usize = 5;
/// What a word is worth that stands not in the sentence but above or before it.
const NEARBY: f32 = 0.5;
/// How much the next lower passage counts less.
const DECAY: f32 = 0.93;
/// Added, in words of mean weight, when the question asks for a number or a time and the sentence has one.
const FIGURE: f32 = 0.6;
/// What a common word is worth ("before", "know"): little, but it decides between equals.
const COMMON: f32 = 0.2;
/// Added when the sentence begins with what was asked about: definitions do.
const OPENS: f32 = 0.3;
/// Added when both or neither of question and sentence deny something.
const DENIAL: f32 = 0.3;
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
    words: Words,
    /// Words of the title, the heading and the sentence before that are not its own.
    nearby: BTreeSet<String>,
}

/// A question as it is looked for.
struct Asked {
    words: Words,
    figure: bool,
    denial: bool,
}

/// `None` when the passages hold no sentence at all.
pub fn best(question: &str, passages: &[Passage]) -> Option<Quoted> {
    let asked = Asked { words: Words::of(question), figure: asks_for_figure(question), denial: denies(question) };
    let candidates = candidates(passages);
    let scores: Vec<f32> = candidates.iter().map(|candidate| asked.score(candidate, &candidates)).collect();
    // The first of equals: passages come best first.
    let chosen = (0..candidates.len()).rev().max_by(|a, b| scores[*a].total_cmp(&scores[*b]))?;
    Some(Quoted { sentences: with_neighbour(&candidates, chosen, &asked.words.meant), passage: candidates[chosen].passage })
}

impl Asked {
    fn score(&self, candidate: &Candidate, among: &[Candidate]) -> f32 {
        let weigh = |words: &mut dyn Iterator<Item = &String>| words.map(|word| rarity(word, among)).sum::<f32>();
        let meant = &self.words.meant;
        let mean = weigh(&mut meant.iter()) / meant.len().max(1) as f32;
        let own = weigh(&mut meant.intersection(&candidate.words.meant));
        let near = weigh(&mut meant.intersection(&candidate.nearby));
        let mut score = own + NEARBY * near;
        // What fits the form of the question is no answer when it is about something else.
        if score > 0.0 {
            let opens = candidate.words.first.as_ref().is_some_and(|first| meant.contains(first));
            let figure = self.figure && has_figure(&candidate.sentence.text);
            let denial = self.denial == denies(&candidate.sentence.text);
            score += COMMON * weigh(&mut self.words.common.intersection(&candidate.words.common));
            score += mean * (if opens { OPENS } else { 0.0 } + if figure { FIGURE } else { 0.0 } + if denial { DENIAL } else { 0.0 });
        }
        score * DECAY.powi(candidate.passage as i32)
    }
}

fn candidates(passages: &[Passage]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (passage, from) in passages.iter().take(PASSAGES).enumerate() {
        let title = Words::of(&from.title).meant;
        let mut before = BTreeSet::new();
        for sentence in split(&from.text) {
            let words = Words::of(&sentence.text);
            let around = title.iter().chain(&before).cloned().chain(Words::of(&sentence.heading).meant);
            let nearby = around.filter(|word| !words.meant.contains(word)).collect();
            before.clone_from(&words.meant);
            candidates.push(Candidate { passage, sentence, words, nearby });
        }
    }
    candidates
}

/// Weight of a word: the fewer sentences hold it, the more it says.
fn rarity(word: &String, among: &[Candidate]) -> f32 {
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
        let adds = asked.iter().any(|word| after.words.meant.contains(word) && !this.words.meant.contains(word));
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

fn denies(text: &str) -> bool {
    let text = text.to_lowercase().replace('’', "'");
    let word = |word: &str| matches!(word, "not" | "no" | "never" | "cannot" | "nothing" | "nobody") || word.ends_with("n't");
    text.split(|c: char| !c.is_alphabetic() && c != '\'').any(word)
}
