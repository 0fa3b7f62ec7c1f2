//! The one JSON object of `--json`. Its schema is `assets/once.schema.json`.

use serde::Serialize;

use crate::{
    error::{Error, Result},
    os::memory::Usage,
    parcel::{Evidence, Finish, Passages, Transcript},
    pipeline::{crew::Used, meter::Timings},
};

#[derive(Debug, Serialize)]
pub struct Report {
    pub xnai: &'static str,
    /// What was asked, typed or understood.
    pub question: Option<String>,
    /// Only for a spoken question.
    pub transcript: Option<Transcript>,
    pub answer: String,
    /// Whether the documents hold something about the question; absent without documents.
    pub found: Option<bool>,
    pub citations: Vec<Citation>,
    pub tokens: Option<Finish>,
    /// In ms; zero is the end of the input.
    pub timings: Timings,
    pub memory: Usage,
    pub models: Vec<Used>,
    pub warnings: Vec<String>,
    pub exit_code: u8,
    pub error: Option<Fault>,
}

#[derive(Debug, Serialize)]
pub struct Citation {
    pub source: String,
    pub title: String,
    /// First byte and byte after the last, in the document's text.
    pub span: [usize; 2],
    pub score: f32,
    pub evidence: Evidence,
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct Fault {
    pub kind: String,
    pub message: String,
    pub hint: Option<String>,
}

impl Report {
    pub fn new(timings: Timings) -> Self {
        Self {
            xnai: env!("CARGO_PKG_VERSION"),
            question: None,
            transcript: None,
            answer: String::new(),
            found: None,
            citations: Vec::new(),
            tokens: None,
            timings,
            memory: Usage::default(),
            models: Vec::new(),
            warnings: Vec::new(),
            exit_code: 0,
            error: None,
        }
    }

    /// Takes down what the documents said. Near misses are no citations.
    pub fn cite(&mut self, passages: &Passages) {
        self.found = Some(passages.found);
        self.warnings.extend(passages.notes.iter().cloned());
        let cited = passages.list.iter().filter(|_| passages.found).map(|passage| Citation {
            source: passage.source.clone(),
            title: passage.title.clone(),
            span: [passage.span.start, passage.span.end],
            score: passage.score,
            evidence: passage.evidence,
            text: passage.text.clone(),
        });
        self.citations = cited.collect();
    }

    pub fn conclude(&mut self, result: &Result<()>) {
        if let Err(error) = result {
            self.exit_code = error.kind().exit_code();
            self.error = Some(Fault::from(error));
        }
    }
}

impl From<&Error> for Fault {
    fn from(error: &Error) -> Self {
        Self {
            kind: format!("{:?}", error.kind()).to_lowercase(),
            message: error.message().to_owned(),
            hint: error.remedy().map(str::to_owned),
        }
    }
}
