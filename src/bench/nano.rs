//! How the small pack does on the demo questions, spoken by three synthetic voices.
//!
//! Every question of `assets/demo/expected.tsv` is spoken by espeak-ng, heard, looked up in the demo documents and
//! answered by quoting; the table says which document and which words a right answer has.

use std::{sync::mpsc::Receiver, time::Duration};

use crate::{
    audio::{resample, vad},
    config::Context,
    error::{Error, Result, Room},
    llm,
    os::{stop, terminal::say},
    parcel::{Passages, Pcm, Sentence, Transcript, Utterance},
    pipeline::{
        Crew, News, Notice, Pipeline, Question, Retrieve, Told, Wish,
        crew::{Listener, Needs, Roster},
    },
    rag, tts,
    turn::Session,
};

const EXPECTED: &str = include_str!("../../assets/demo/expected.tsv");

/// Voices unlike each other in accent and pitch, all of a kind the recogniser was trained on.
const VOICES: [&str; 3] = ["en-us", "en-gb", "en-us+f3"];

/// Longer than any turn here; a turn that takes it has hung.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Print every question that went wrong
    #[arg(long)]
    wrong: bool,

    /// espeak-ng voices instead of the three
    #[arg(long, value_name = "VOICE")]
    voice: Vec<String>,

    /// Only the first so many questions
    #[arg(long, value_name = "N")]
    first: Option<usize>,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub question: String,
    pub document: String,
    /// Every group must occur; one word of a group is enough.
    pub words: Vec<Vec<String>>,
}

/// What happened to one spoken question.
#[derive(Debug, Default)]
struct Outcome {
    heard: String,
    answer: String,
    cited: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct Score {
    questions: usize,
    words: usize,
    words_wrong: usize,
    document_right: usize,
    answer_right: usize,
}

pub fn expected() -> Vec<Expected> {
    let row = |line: &str| {
        let mut cells = line.split('\t');
        let (question, document, words) = (cells.next()?, cells.next()?, cells.next()?);
        let groups = words.split_whitespace().map(|group| group.split('|').map(str::to_owned).collect());
        Some(Expected { question: question.to_owned(), document: document.to_owned(), words: groups.collect() })
    };
    EXPECTED.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let rows: Vec<_> = expected().into_iter().take(args.first.unwrap_or(usize::MAX)).collect();
    let voices: Vec<String> = if args.voice.is_empty() { VOICES.map(str::to_owned).to_vec() } else { args.voice.clone() };
    let bench = Bench::open(context)?;
    let mut total = Score::default();
    say(&format!("{:<12} {:>10} {:>12} {:>15} {:>13}", "voice", "questions", "words wrong", "right document", "right answer"))?;
    for voice in &voices {
        let mut score = Score::default();
        for row in &rows {
            stop::check()?;
            let outcome = bench.ask(voice, &row.question)?;
            if !score.add(row, &outcome) && args.wrong {
                let Outcome { heard, answer, cited } = &outcome;
                say(&format!("  asked {:?}, heard {heard:?}, from {cited:?}: {answer}", row.question))?;
            }
        }
        say(&score.line(voice))?;
        total = total.plus(score);
    }
    say(&total.line("all"))
}

impl Score {
    /// Counts one outcome; whether document and answer were right.
    fn add(&mut self, row: &Expected, outcome: &Outcome) -> bool {
        let (asked, heard) = (normal(&row.question), normal(&outcome.heard));
        let document = outcome.cited.ends_with(&row.document);
        let answer = holds(&normal(&outcome.answer), &row.words);
        self.questions += 1;
        self.words += asked.len();
        self.words_wrong += distance(&asked, &heard);
        self.document_right += usize::from(document);
        self.answer_right += usize::from(answer);
        document && answer
    }

    fn plus(self, other: Self) -> Self {
        Self {
            questions: self.questions + other.questions,
            words: self.words + other.words,
            words_wrong: self.words_wrong + other.words_wrong,
            document_right: self.document_right + other.document_right,
            answer_right: self.answer_right + other.answer_right,
        }
    }

    fn line(&self, name: &str) -> String {
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        format!(
            "{name:<12} {:>10} {:>11.1}% {:>14.1}% {:>12.1}%",
            self.questions,
            share(self.words_wrong, self.words),
            share(self.document_right, self.questions),
            share(self.answer_right, self.questions)
        )
    }
}

/// A pipeline with ear, demo documents and the quoting writer.
struct Bench {
    pipeline: Pipeline,
    notices: Receiver<Told>,
    context: Context,
}

impl Bench {
    fn open(context: &Context) -> Result<Self> {
        let mut context = context.clone();
        context.config.llm.backend = llm::Backend::Quote;
        context.config.rag.collection = rag::Collection::Demo;
        let needs = Needs { ear: true, documents: true, listener: Listener::Nobody };
        let Roster { crew, .. } = Crew::call(&context, &needs)?;
        let (pipeline, notices) = Pipeline::start(crew)?;
        Ok(Self { pipeline, notices, context })
    }

    fn ask(&self, voice: &str, question: &str) -> Result<Outcome> {
        let speech = speak(voice, question)?;
        let parts = vad::split(&speech, &self.context.config.audio).into_iter().map(|heard| heard.speech.at(heard.at)).collect();
        let wish = Wish { retrieve: Some(Retrieve { limit: self.context.config.rag.passages, ..Retrieve::default() }), ..Wish::default() };
        let turn = self.pipeline.ask(Question::Spoken(parts), wish)?;
        let mut outcome = Outcome::default();
        loop {
            let told = self
                .notices
                .recv_timeout(PATIENCE)
                .map_err(|_| Error::report(Room::Pipeline, "a question of the bench was never answered"))?;
            match told.news {
                News::Turn(id, notice) if id == turn.id() => match notice {
                    Notice::Transcript(Transcript { text, .. }) => outcome.heard = text,
                    Notice::Passages(passages) => outcome.cited = cited(&passages),
                    Notice::Piece(piece) => outcome.answer.push_str(&piece.text),
                    // Nothing heard is an outcome, not a fault of the bench.
                    Notice::Done | Notice::Failed(_) => return Ok(outcome),
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

fn cited(passages: &Passages) -> String {
    passages.list.first().filter(|_| passages.found).map_or_else(String::new, |best| best.source.clone())
}

/// A question as espeak-ng says it, for the ear.
pub(super) fn speak(voice: &str, text: &str) -> Result<Utterance> {
    let settings = tts::Settings { backend: tts::Backend::Espeak, espeak_voice: voice.to_owned(), ..tts::Settings::default() };
    let mut engine = tts::open(&settings, &tts::Files::default(), 1)?;
    let mut samples = Vec::new();
    let mut rate = 0;
    let line = Sentence { text: text.to_owned(), index: 0 };
    engine.say(&line, &Session::new().turn(), &mut |sound: Pcm| {
        rate = sound.rate;
        samples.extend_from_slice(&sound.samples);
        Ok(())
    })?;
    resample::for_ear(&Pcm::new(samples, rate))
}

/// Lower-case words and numbers.
fn normal(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn holds(answer: &[String], groups: &[Vec<String>]) -> bool {
    groups.iter().all(|group| group.iter().any(|word| answer.contains(word)))
}

/// Words to insert, delete or replace to make one list out of the other (Levenshtein).
fn distance(a: &[String], b: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = (row[j + 1] + 1).min(row[j] + 1).min(diagonal + usize::from(x != y));
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_has_every_question_once() {
        let rows = expected();
        let questions: BTreeSet<_> = rows.iter().map(|row| row.question.as_str()).collect();
        assert_eq!((rows.len(), questions.len()), (108, 108));
        assert!(rows.iter().all(|row| !row.words.is_empty() && row.document.ends_with(".md")));
    }

    #[test]
    fn words_are_counted_as_edits() {
        let count = |a: &str, b: &str| distance(&normal(a), &normal(b));
        assert_eq!(count("How long is it?", "how long is it"), 0);
        assert_eq!(count("how long is it", "how is that it now"), 3);
        assert_eq!(count("how long", ""), 2);
    }

    #[test]
    fn one_word_of_every_group_is_enough() {
        let groups = vec![vec!["30".to_owned(), "thirty".to_owned()], vec!["days".to_owned()]];
        assert!(holds(&normal("Within thirty days."), &groups));
        assert!(!holds(&normal("Within thirty weeks."), &groups));
    }
}
