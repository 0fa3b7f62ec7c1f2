//! How well the documents of a question set are found: by words, by meaning, by both; and what is rightly not found.
//!
//! The folder holds `corpora/*.md` and `questions.csv` (question, references, corpus_id), whose references are spans
//! of characters. A passage is a hit when it overlaps one.

mod held_out;

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    config::Context,
    error::{Error, Result, Room},
    os::terminal::{say, tell},
    parcel::{Passages, Query},
    rag::{
        self, Searcher,
        home::Home,
        ingest::Request,
        relevance,
        search::{Mode, Search},
    },
    turn::Turn,
    verbs::ingest::{Stock, interruptible},
};

/// Questions that no corpus answers: those that the threshold was fitted on.
const UNANSWERABLE: &str = include_str!("../../../tests/data/rag/unanswerable.txt");
/// Others, written after that.
const FRESH: &str = include_str!("../../../tests/data/rag/unanswerable_fresh.txt");
const COLLECTION: &str = "bench";
/// Passages looked at, as the published figures do.
const DEPTH: usize = 10;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Folder with corpora/NAME.md and questions.csv: question, references (JSON: content, start_index, end_index), corpus_id
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Print the questions decided wrongly
    #[arg(long)]
    wrong: bool,

    /// Also choose the weights on every three of the corpora, and measure them on the others
    #[arg(long)]
    held_out: bool,

    /// Write the ranked lists of every question as JSON lines: what weights are fitted on
    #[arg(long, value_name = "FILE", hide = true)]
    dump: Option<PathBuf>,
}

struct Question {
    text: String,
    corpus: String,
    /// Bytes of the corpus; empty for questions without an answer.
    spans: Vec<Range<usize>>,
}

#[derive(Deserialize)]
struct Reference {
    start_index: usize,
    end_index: usize,
}

/// Sums over questions.
#[derive(Clone, Copy, Default)]
struct Score {
    questions: usize,
    recall: f64,
    mrr: f64,
}

impl Score {
    fn plus(self, other: Self) -> Self {
        Self { questions: self.questions + other.questions, recall: self.recall + other.recall, mrr: self.mrr + other.mrr }
    }
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    for part in ["corpora", "questions.csv"].map(|name| args.data.join(name)) {
        if !part.exists() {
            let error = Error::reword(Room::Rag, format!("{} does not exist", part.display()));
            return Err(error.hint("name a folder with corpora/NAME.md and questions.csv"));
        }
    }
    let mut context = context.clone();
    context.config.rag.store = context.paths.cache.join("bench-rag").to_string_lossy().into_owned();
    let stock = Stock::open(&context)?;
    // The first time, and whenever another embedder is at hand, everything is embedded: minutes on two cores.
    let reembed = Home::new(&stock.folder, COLLECTION).embedder()? != stock.embedder.as_ref().map(|e| e.id().to_owned());
    let request = Request { paths: vec![args.data.join("corpora")], reembed, ..Request::default() };
    let report = stock.ingester(COLLECTION, &mut |_| {}, |i| i.run(&request))?;
    report.notes.iter().for_each(|note| tell(&format!("note: {note}")));
    let questions = questions(&args.data)?;
    let turn = interruptible()?;
    let tables = rag::open_tables(&stock.folder, &stock.settings)?;
    let mut search = Search::only(&stock.folder, COLLECTION, tables, stock.embedder);
    say(&format!("{:<20} {:>9}  {:<8} {:>9} {:>7}", "corpus", "questions", "list", "recall@10", "MRR"))?;
    for (name, mode) in [("words", Mode::Words), ("vector", Mode::Vector), ("hybrid", Mode::Both)] {
        search.mode = mode;
        table(name, &measure(&search, &questions, &turn)?)?;
    }
    decisions(&search, &questions, args.wrong, &turn)?;
    if args.held_out {
        held_out::run(&mut search, &questions, &turn)?;
    }
    args.dump.as_ref().map_or(Ok(()), |file| dump(&mut search, &questions, file, &turn))
}

fn measure(search: &Search, questions: &[Question], turn: &Turn) -> Result<BTreeMap<String, Score>> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for question in questions {
        let score = judge(question, &ask(search, &question.text, DEPTH, turn)?);
        for key in [question.corpus.as_str(), "all"] {
            let sum = scores.entry(key.to_owned()).or_default();
            *sum = sum.plus(score);
        }
    }
    Ok(scores)
}

fn table(name: &str, scores: &BTreeMap<String, Score>) -> Result<()> {
    for (corpus, Score { questions, recall, mrr }) in scores {
        let mean = |sum: &f64| sum / *questions as f64;
        say(&format!("{corpus:<20} {questions:>9}  {name:<8} {:>9.3} {:>7.3}", mean(recall), mean(mrr)))?;
    }
    Ok(())
}

fn ask(search: &Search, text: &str, limit: usize, turn: &Turn) -> Result<Passages> {
    search.search(&Query { text: text.to_owned(), limit, ..Query::default() }, turn)
}

/// Share of the reference spans that the passages touch, and one over the rank of the first that touches any.
fn judge(question: &Question, passages: &Passages) -> Score {
    let touching = |span: &Range<usize>| passages.list.iter().any(|p| touches(question, p, span));
    let found = question.spans.iter().filter(|span| touching(span)).count();
    let first = passages.list.iter().position(|p| question.spans.iter().any(|span| touches(question, p, span)));
    let recall = found as f64 / question.spans.len().max(1) as f64;
    Score { questions: 1, recall, mrr: first.map_or(0.0, |rank| 1.0 / (rank + 1) as f64) }
}

fn touches(question: &Question, passage: &crate::parcel::Passage, span: &Range<usize>) -> bool {
    let corpus = Path::new(&passage.source).file_stem().unwrap_or_default().to_string_lossy();
    corpus == question.corpus && passage.span.start < span.end && span.start < passage.span.end
}

/// What is said to be found: of the answerable, nearly all; of the others, nearly none.
fn decisions(search: &Search, questions: &[Question], wrong: bool, turn: &Turn) -> Result<()> {
    let told = |kind: &str, questions: Vec<(&str, bool)>| -> Result<()> {
        let (mut missed, all) = (0, questions.len());
        for (text, answerable) in questions {
            let passages = ask(search, text, 5, turn)?;
            if passages.found == answerable {
                continue;
            }
            missed += 1;
            if wrong {
                let best = passages.list.iter().map(|p| &p.evidence).max_by(|a, b| relevance::margin(a).total_cmp(&relevance::margin(b)));
                say(&format!("  {kind}: {text:?} {best:?}"))?;
            }
        }
        say(&format!("{kind:<32} {all:>4} questions, {missed} decided wrongly ({:.1} %)", 100.0 * missed as f64 / all.max(1) as f64))
    };
    told("answerable", questions.iter().map(|q| (q.text.as_str(), true)).collect())?;
    told("unanswerable", lines(UNANSWERABLE).map(|text| (text, false)).collect())?;
    told("unanswerable, fresh", lines(FRESH).map(|text| (text, false)).collect())
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn dump(search: &mut Search, questions: &[Question], file: &Path, turn: &Turn) -> Result<()> {
    let none = lines(UNANSWERABLE).map(|text| Question { text: text.to_owned(), corpus: String::new(), spans: Vec::new() });
    let mut lines = String::new();
    for question in
        questions.iter().map(|q| Question { text: q.text.clone(), corpus: q.corpus.clone(), spans: q.spans.clone() }).chain(none)
    {
        let mut list = |mode: Mode| -> Result<Vec<serde_json::Value>> {
            search.mode = mode;
            let row = |p: &crate::parcel::Passage| {
                let hits: Vec<usize> = (0..question.spans.len()).filter(|n| touches(&question, p, &question.spans[*n])).collect();
                serde_json::json!({ "key": format!("{}:{}", p.source, p.span.start), "hits": hits, "evidence": p.evidence })
            };
            Ok(ask(search, &question.text, if mode == Mode::Both { 100 } else { 50 }, turn)?.list.iter().map(row).collect())
        };
        let (words, vector, both) = (list(Mode::Words)?, list(Mode::Vector)?, list(Mode::Both)?);
        let (text, corpus, spans) = (&question.text, &question.corpus, question.spans.len());
        lines += &serde_json::json!({ "text": text, "corpus": corpus, "spans": spans, "words": words, "vector": vector, "both": both })
            .to_string();
        lines.push('\n');
    }
    fs::write(file, lines).map_err(|e| Error::io(Room::Rag, "writing", file, &e))
}

fn questions(data: &Path) -> Result<Vec<Question>> {
    let path = data.join("questions.csv");
    let broken = |what: String| Error::replace(Room::Rag, format!("{} {what}", path.display()));
    let text = fs::read_to_string(&path).map_err(|e| Error::io(Room::Rag, "reading", &path, &e))?;
    let mut offsets: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut questions = Vec::new();
    for record in records(&text).into_iter().skip(1).filter(|r| r.len() > 1) {
        let [text, references, corpus] = <[String; 3]>::try_from(record).map_err(|r| broken(format!("has a row of {} cells", r.len())))?;
        let references: Vec<Reference> = serde_json::from_str(&references).map_err(|e| broken(format!("has broken references: {e}")))?;
        let bytes = match offsets.get(&corpus) {
            Some(bytes) => bytes,
            None => offsets.entry(corpus.clone()).or_insert(byte_offsets(&data.join(format!("corpora/{corpus}.md")))?),
        };
        let at = |n: usize| bytes.get(n).or(bytes.last()).copied().unwrap_or(0);
        let spans = references.iter().map(|r| at(r.start_index)..at(r.end_index)).collect();
        questions.push(Question { text, corpus, spans });
    }
    Ok(questions)
}

/// Where every character of a file begins, and where the last one ends, in bytes.
fn byte_offsets(path: &Path) -> Result<Vec<usize>> {
    let text = fs::read_to_string(path).map_err(|e| Error::io(Room::Rag, "reading", path, &e))?;
    Ok(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
}

/// Comma-separated values by RFC 4180: quoted cells may hold commas, line ends and doubled quotes.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(cell);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_cells_keep_their_commas_quotes_and_line_ends() {
        assert_eq!(records("a,\"b, \"\"c\"\"\nd\",e\r\nf,g,h"), [["a", "b, \"c\"\nd", "e"], ["f", "g", "h"]]);
    }

    #[test]
    fn there_are_fifty_questions_without_an_answer() {
        assert_eq!([UNANSWERABLE, FRESH].map(|text| lines(text).count()), [50, 50]);
    }
}
