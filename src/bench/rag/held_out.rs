//! Is fusing worth it on documents that it was not fitted to? Weights chosen on three corpora, measured on the others.

use std::collections::BTreeMap;

use super::{DEPTH, Question, Score, ask, touches};
use crate::{
    error::{Error, Result, Room},
    os::terminal::say,
    parcel::Passage,
    rag::{
        fuse::{Weights, fuse},
        search::{Mode, Search},
        store::{Hit, Row},
    },
    turn::Turn,
};

/// Corpora that weights are chosen on.
const TUNED_ON: u32 = 3;

/// Passages of each list.
const LIST: usize = 50;

const VECTOR: [f32; 10] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0];
const K: [f32; 8] = [0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0];
const WORDS_ALONE: Weights = Weights { words: 1.0, vector: 0.0, k: 0.0 };

/// Document, first byte, byte after the last.
type Place = (u32, u64, u64);

/// Both lists of one question, and which of its spans each passage touches.
struct Lists {
    words: Vec<Hit>,
    vector: Vec<Hit>,
    touched: BTreeMap<Place, Vec<usize>>,
    spans: usize,
}

/// Sums of every grid point over every corpus.
struct Grid {
    points: Vec<Weights>,
    /// By corpus, then by grid point; the last is words alone.
    scores: Vec<(String, Vec<Score>)>,
}

/// Prints a line for every choice of three corpora, and their mean.
pub fn run(search: &mut Search, questions: &[Question], turn: &Turn) -> Result<()> {
    let grid = Grid::of(search, questions, turn)?;
    if grid.scores.len() <= TUNED_ON as usize {
        let error = Error::reword(Room::Rag, format!("weights are chosen on {TUNED_ON} corpora, and there are {}", grid.scores.len()));
        return Err(error.hint("leave out --held-out, or name a folder with more of them"));
    }
    say(&format!("\n{:<44} {:>6} {:>4}  {:>9} {:>7}", "measured on, weights chosen on the others", "vector", "k", "recall@10", "MRR"))?;
    let mut gains = Vec::new();
    for choice in 0u32..1 << grid.scores.len() {
        if choice.count_ones() != TUNED_ON {
            continue;
        }
        let best = grid.best(choice);
        let (with, without) = (grid.mean(!choice, best), grid.mean(!choice, grid.points.len() - 1));
        let gain = (with.0 - without.0, with.1 - without.1);
        let Weights { vector, k, .. } = grid.points[best];
        say(&format!("{:<44} {vector:>6} {k:>4}  {:>+9.3} {:>+7.3}", grid.names(!choice), gain.0, gain.1))?;
        gains.push(gain);
    }
    let mean = |part: fn(&(f64, f64)) -> f64| gains.iter().map(part).sum::<f64>() / gains.len().max(1) as f64;
    say(&format!("{:<56}  {:>+9.3} {:>+7.3}", "mean gain over words alone", mean(|gain| gain.0), mean(|gain| gain.1)))
}

impl Grid {
    fn of(search: &mut Search, questions: &[Question], turn: &Turn) -> Result<Self> {
        let points = VECTOR.into_iter().flat_map(|vector| K.map(|k| Weights { words: 1.0, vector, k })).chain([WORDS_ALONE]);
        let points: Vec<_> = points.collect();
        let mut scores: BTreeMap<String, Vec<Score>> = BTreeMap::new();
        for question in questions {
            let lists = Lists::of(search, question, turn)?;
            let sums = scores.entry(question.corpus.clone()).or_insert_with(|| vec![Score::default(); points.len()]);
            for (sum, point) in sums.iter_mut().zip(&points) {
                *sum = sum.plus(lists.score(*point));
            }
        }
        Ok(Self { points, scores: scores.into_iter().collect() })
    }

    fn chosen(&self, choice: u32) -> impl Iterator<Item = &(String, Vec<Score>)> {
        self.scores.iter().enumerate().filter(move |(n, _)| choice & (1 << n) != 0).map(|(_, corpus)| corpus)
    }

    /// Recall and MRR of a grid point on these corpora.
    fn mean(&self, choice: u32, point: usize) -> (f64, f64) {
        let sum = self.chosen(choice).fold(Score::default(), |sum, (_, scores)| sum.plus(scores[point]));
        (sum.recall / sum.questions as f64, sum.mrr / sum.questions as f64)
    }

    /// The grid point with the highest recall and MRR together.
    fn best(&self, choice: u32) -> usize {
        let worth = |point: &usize| Some(self.mean(choice, *point)).map_or(0.0, |(recall, mrr)| recall + mrr);
        (0..self.points.len()).max_by(|a, b| worth(a).total_cmp(&worth(b))).unwrap_or(0)
    }

    fn names(&self, choice: u32) -> String {
        self.chosen(choice).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl Lists {
    fn of(search: &mut Search, question: &Question, turn: &Turn) -> Result<Self> {
        let (mut touched, mut sources) = (BTreeMap::new(), Vec::new());
        let mut list = |mode| -> Result<Vec<Hit>> {
            search.mode = mode;
            let passages = ask(search, &question.text, LIST, turn)?.list;
            Ok(passages.iter().map(|passage| hit(passage, question, &mut sources, &mut touched)).collect())
        };
        let (words, vector) = (list(Mode::Words)?, list(Mode::Vector)?);
        Ok(Self { words, vector, touched, spans: question.spans.len() })
    }

    fn score(&self, weights: Weights) -> Score {
        let vector = if weights.vector > 0.0 { self.vector.clone() } else { Vec::new() };
        let fused = fuse(self.words.clone(), vector, None, weights);
        let touched: Vec<_> = fused.iter().take(DEPTH).filter_map(|f| self.touched.get(&(f.row.doc, f.row.start, f.row.end))).collect();
        let found = (0..self.spans).filter(|span| touched.iter().any(|spans| spans.contains(span))).count();
        let first = touched.iter().position(|spans| !spans.is_empty());
        let recall = found as f64 / self.spans.max(1) as f64;
        Score { questions: 1, recall, mrr: first.map_or(0.0, |rank| 1.0 / (rank + 1) as f64) }
    }
}

/// A passage as the lists hold it; `sources` numbers the documents.
fn hit(passage: &Passage, question: &Question, sources: &mut Vec<String>, touched: &mut BTreeMap<Place, Vec<usize>>) -> Hit {
    let doc = sources.iter().position(|source| *source == passage.source).unwrap_or_else(|| {
        sources.push(passage.source.clone());
        sources.len() - 1
    });
    let row = Row { doc: doc as u32, start: passage.span.start as u64, end: passage.span.end as u64, ..Row::default() };
    let spans = (0..question.spans.len()).filter(|n| touches(question, passage, &question.spans[*n])).collect();
    touched.insert((row.doc, row.start, row.end), spans);
    Hit { row, score: passage.score }
}
