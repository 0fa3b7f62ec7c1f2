//! Which of the words heard are words that we say, in order, with tolerance for what a recogniser gets wrong.

use strsim::normalized_damerau_levenshtein;

/// What became of one word that was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Heard {
    /// 0..1: how far it is a word that we say at this place.
    pub likeness: f32,
}

impl Heard {
    /// Less alike than this, two words are different words.
    const ALIKE: f32 = 0.6;

    pub fn is_foreign(self) -> bool {
        self.likeness < Self::ALIKE
    }
}

/// Only the newest of what we say is compared, in words.
const MOST_SPOKEN: usize = 200;

/// A word of ours that was not heard, against one that was heard and is not ours.
const MISSED: f32 = 0.4;

/// Letters that may differ where words were cut at other places than ours, as a share of them.
const CUT_DIFFERENTLY: f32 = 0.34;

/// Fewer letters than this are found in any text.
const FEW_LETTERS: usize = 8;

/// For every word heard, what it is of what we say. The match may begin and end anywhere in it.
pub(super) fn align(heard: &[String], spoken: &[String]) -> Vec<Heard> {
    let spoken = &spoken[spoken.len().saturating_sub(MOST_SPOKEN)..];
    let alike: Vec<Vec<f32>> = (0..heard.len()).map(|n| spoken.iter().map(|word| likeness(heard, n, word)).collect()).collect();
    let mut found = trace(&costs(&alike, spoken.len()), &alike);
    let letters: Vec<char> = spoken.iter().flat_map(|word| word.chars()).collect();
    let mut from = 0;
    while from < found.len() {
        let until = from + found[from..].iter().take_while(|word| word.is_foreign()).count();
        let run: Vec<char> = heard[from..until].iter().flat_map(|word| word.chars()).collect();
        if run.len() >= FEW_LETTERS {
            let likeness = 1.0 - distance_within(&run, &letters) as f32 / run.len() as f32;
            if likeness >= 1.0 - CUT_DIFFERENTLY {
                found[from..until].fill(Heard { likeness });
            }
        }
        from = until + 1;
    }
    found
}

/// Of the n-th word heard to a word of ours; the first and the last one may have been cut off.
fn likeness(heard: &[String], n: usize, ours: &str) -> f32 {
    let word = heard[n].as_str();
    let cut = (n + 1 == heard.len() && ours.starts_with(word)) || (n == 0 && ours.ends_with(word));
    if cut && word.len() > 1 && heard.len() > 1 {
        return 1.0;
    }
    let alike = normalized_damerau_levenshtein(word, ours) as f32;
    if alike < Heard::ALIKE { 0.0 } else { alike }
}

/// Least cost of the first i words heard, ending at our j-th; beginning anywhere costs nothing.
fn costs(alike: &[Vec<f32>], spoken: usize) -> Vec<Vec<f32>> {
    let mut costs = vec![vec![0.0f32; spoken + 1]; alike.len() + 1];
    for i in 1..=alike.len() {
        costs[i][0] = i as f32;
        for j in 1..=spoken {
            let matched = costs[i - 1][j - 1] + 1.0 - alike[i - 1][j - 1];
            costs[i][j] = matched.min(costs[i - 1][j] + 1.0).min(costs[i][j - 1] + MISSED);
        }
    }
    costs
}

/// Walks the cheapest way back from wherever it ends.
fn trace(costs: &[Vec<f32>], alike: &[Vec<f32>]) -> Vec<Heard> {
    let mut found = vec![Heard { likeness: 0.0 }; alike.len()];
    let mut i = alike.len();
    let ends = costs[i].iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
    let mut j = ends.map_or(0, |(at, _)| at);
    while i > 0 && j > 0 {
        let here = costs[i][j];
        if here == costs[i - 1][j - 1] + 1.0 - alike[i - 1][j - 1] {
            (i, j) = (i - 1, j - 1);
            found[i].likeness = alike[i][j];
        } else if here == costs[i - 1][j] + 1.0 {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    found
}

/// Letters to insert, delete or replace to find `run` somewhere in `text` (Sellers).
fn distance_within(run: &[char], text: &[char]) -> usize {
    let mut column: Vec<usize> = (0..=run.len()).collect();
    let mut least = run.len();
    for letter in text {
        let mut diagonal = column[0];
        for (n, own) in run.iter().enumerate() {
            let cost = (column[n] + 1).min(column[n + 1] + 1).min(diagonal + usize::from(own != letter));
            diagonal = std::mem::replace(&mut column[n + 1], cost);
        }
        least = least.min(column[run.len()]);
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likenesses(heard: &str, spoken: &str) -> Vec<f32> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        align(&words(heard), &words(spoken)).into_iter().map(|word| (word.likeness * 10.0).round() / 10.0).collect()
    }

    #[test]
    fn words_are_found_in_order_only() {
        assert_eq!(likenesses("the red fox", "the quick red fox runs"), [1.0, 1.0, 1.0]);
        assert_eq!(likenesses("fox red the", "the quick red fox runs").iter().filter(|l| **l > 0.5).count(), 1);
        assert_eq!(likenesses("green grass", "the quick red fox"), [0.0, 0.0]);
        assert!(likenesses("", "the").is_empty());
        assert_eq!(likenesses("the", ""), [0.0]);
    }

    #[test]
    fn words_that_were_cut_off_or_cut_differently_are_found() {
        assert_eq!(likenesses("ck red fo", "the quick red fox runs"), [1.0, 1.0, 1.0]);
        assert!(likenesses("all the in for mation", "here is all the information").iter().all(|l| *l > 0.5));
    }
}
