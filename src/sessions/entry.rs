//! One exchange of a conversation, and the lines of a file that hold it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::parcel::{Exchange, Passage, Passages};

/// What this program writes. A file of a later format is read as far as it is understood.
pub const FORMAT: u32 = 1;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    #[default]
    Typed,
    Spoken,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    #[default]
    Whole,
    /// By the user, before it was all heard.
    Interrupted,
    /// By an error, after something was answered.
    Failed,
    /// Not yet, or never: nothing of an answer came.
    Unanswered,
}

/// A question and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When the turn began.
    pub at: Timestamp,
    pub asked: Asked,
    pub question: String,
    /// The answer as it was written, heard or not.
    pub answer: String,
    #[serde(default)]
    pub ended: Ending,
    /// What was heard of the answer, where that is less than all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
}

impl Entry {
    /// The answer as far as it was heard: what a conversation goes on from.
    pub fn heard(&self) -> &str {
        self.heard.as_deref().unwrap_or(&self.answer)
    }

    /// How it broke off, where it did.
    pub fn mark(&self) -> Option<&'static str> {
        match self.ended {
            Ending::Whole => None,
            Ending::Interrupted => Some("interrupted here"),
            Ending::Failed => Some("the answer broke off here"),
            Ending::Unanswered => Some("not answered"),
        }
    }

    /// What a model is told of it; nothing when nothing was heard.
    pub fn exchange(&self) -> Option<Exchange> {
        let answer = self.heard().trim();
        (!answer.is_empty()).then(|| Exchange { question: self.question.clone(), answer: answer.to_owned() })
    }
}

/// A passage that an answer rests on, without its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    pub source: String,
    pub title: String,
    /// First byte and byte after the last, in the document's text.
    pub span: [usize; 2],
}

/// The passage that was cited, without its text.
impl From<&Citation> for Passage {
    fn from(citation: &Citation) -> Self {
        let Citation { source, title, span: [from, to] } = citation.clone();
        Self { source, title, span: from..to.max(from), ..Self::default() }
    }
}

impl Citation {
    /// Near misses are no citations.
    pub fn of(passages: &Passages) -> Vec<Self> {
        let cited = passages.list.iter().filter(|_| passages.found);
        cited.map(|p| Self { source: p.source.clone(), title: p.title.clone(), span: [p.span.start, p.span.end] }).collect()
    }

    /// The passages by document, in their order: `[1, 3] title, source` for each.
    pub fn lines(list: &[Self]) -> Vec<String> {
        let mut documents: Vec<(&Self, Vec<String>)> = Vec::new();
        for (at, citation) in list.iter().enumerate() {
            let number = (at + 1).to_string();
            match documents.iter_mut().find(|(d, _)| (&d.source, &d.title) == (&citation.source, &citation.title)) {
                Some((_, numbers)) => numbers.push(number),
                None => documents.push((citation, vec![number])),
            }
        }
        let line = |(document, numbers): (&Self, Vec<String>)| format!("[{}] {}", numbers.join(", "), document.name());
        documents.into_iter().map(line).collect()
    }

    fn name(&self) -> String {
        if self.title.is_empty() || self.title == self.source { self.source.clone() } else { format!("{}, {}", self.title, self.source) }
    }
}

/// In ms since the question was complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_word: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_sound: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<u64>,
}

/// The first line of a file, and one more each time the conversation is taken up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    pub format: u32,
    /// Of this program.
    pub version: String,
    pub at: Timestamp,
    /// Role and name.
    #[serde(default)]
    pub models: Vec<(String, String)>,
}

impl Begin {
    pub fn now(models: &[(String, String)]) -> Self {
        Self { format: FORMAT, version: env!("CARGO_PKG_VERSION").into(), at: Timestamp::now(), models: models.to_vec() }
    }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    Begin(Begin),
    /// A question, written when it was asked. The exchange of the same time takes its place.
    Question(Entry),
    Exchange(Entry),
    /// The question of that time was not meant: there is more to it, or it is being edited.
    Withdrawn {
        at: Timestamp,
    },
    /// Of a later version: nothing that is known here.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_later_lines_do_no_harm() {
        let entry = Entry {
            question: "Wie viel\n\"Zucker\"? \u{1b}[2J".into(),
            answer: "Zwei Löffel. Oder drei.".into(),
            ended: Ending::Interrupted,
            heard: Some("Zwei Löffel.".into()),
            citations: vec![Citation { source: "a.md".into(), title: "A".into(), span: [0, 9] }],
            timings: Some(Timings { first_word: Some(3), ..Timings::default() }),
            ..Entry::default()
        };
        let line = serde_json::to_string(&Line::Exchange(entry.clone())).unwrap();
        assert!(!line.contains('\n') && !line.contains('\u{1b}'), "{line}");
        assert_eq!(serde_json::from_str::<Line>(&line).unwrap(), Line::Exchange(entry));
        let later = r#"{"line":"mood","at":"2031-01-01T00:00:00Z","smile":[1,2]}"#;
        assert_eq!(serde_json::from_str::<Line>(later).unwrap(), Line::Unknown);
        let richer = line.replacen('{', r#"{"colour":"blue","#, 1);
        assert!(matches!(serde_json::from_str::<Line>(&richer).unwrap(), Line::Exchange(_)));
    }

    #[test]
    fn a_model_is_told_what_was_heard_and_nothing_else() {
        let entry = Entry { question: "q".into(), answer: "One. Two.".into(), ..Entry::default() };
        assert_eq!(entry.exchange().unwrap().answer, "One. Two.");
        let cut = Entry { heard: Some("One. ".into()), ..entry.clone() };
        assert_eq!(cut.exchange().unwrap().answer, "One.");
        assert_eq!(Entry { heard: Some(" ".into()), ..entry }.exchange(), None);
    }

    #[test]
    fn a_document_is_cited_once_with_all_its_numbers() {
        let cite = |source: &str, title: &str| Citation { source: source.into(), title: title.into(), span: [0, 1] };
        let list = [cite("a.md", "A"), cite("b.md", ""), cite("a.md", "A")];
        assert_eq!(Citation::lines(&list), ["[1, 3] A, a.md", "[2] b.md"]);
    }
}
