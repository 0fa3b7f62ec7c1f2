//! The transcript: turns of the conversation, and which part of each answer is being heard.

mod rows;

use std::ops::Range;

pub use rows::name;

use super::{clean, theme::Role, wrap::Row};
use crate::{
    parcel::Passage,
    sessions::{Ending, Entry},
    turn::TurnId,
};

/// Older turns leave the screen; the session on disk keeps them.
const KEPT: usize = 500;

/// What the user said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub stable: String,
    /// May still change.
    pub rest: String,
    /// Understood to the end.
    pub whole: bool,
    /// Given up before that, by a key: the words stay.
    pub kept: bool,
}

impl Question {
    /// All that is known of it.
    pub fn words(&self) -> String {
        [self.stable.as_str(), self.rest.as_str()].join(" ").trim().to_owned()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    #[default]
    Open,
    Done,
    /// Ended by the user; the answer was heard up to this byte.
    Silenced(usize),
    Failed,
}

/// A sentence of ours between or below the turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub text: String,
    pub role: Role,
}

/// One question and its answer, or only remarks.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Those of the pipeline that speak of it: its own, and each repetition of it.
    pub ids: Vec<TurnId>,
    /// Waits for the pipeline to begin it.
    pub waiting: bool,
    pub question: Question,
    pub answer: String,
    /// By fragment: where in the answer it stands.
    pub fragments: Vec<(u32, Range<usize>)>,
    pub sounding: Option<u32>,
    pub passages: Vec<Passage>,
    pub remarks: Vec<Remark>,
    pub end: End,
    /// How it looks at the width of the screen; `wrapped` is none where something changed since.
    pub rows: Vec<Row>,
    pub wrapped: Option<Shape>,
}

/// What rows are made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Columns.
    pub width: u16,
    /// There are so few rows that nothing but words should take one.
    pub tight: bool,
}

impl Turn {
    pub fn remark(text: &str, role: Role) -> Self {
        Self { remarks: vec![Remark { text: clean::text(text), role }], end: End::Done, ..Self::default() }
    }

    pub fn asked(text: &str) -> Self {
        let question = Question { stable: clean::text(text), whole: true, ..Question::default() };
        Self { question, waiting: true, ..Self::default() }
    }

    /// Of an earlier conversation: what it rested on and how it ended still shows.
    pub fn past(entry: &Entry) -> Self {
        let question = Question { stable: clean::text(&entry.question), whole: true, ..Question::default() };
        let passages = entry.citations.iter().map(|citation| clean::passage(&citation.into())).collect();
        let mut turn = Self { question, answer: clean::text(&entry.answer), passages, end: End::Done, ..Self::default() };
        match entry.ended {
            Ending::Whole | Ending::Unanswered => {}
            Ending::Interrupted => turn.silence(entry.heard()),
            Ending::Failed => turn.end = End::Failed,
        }
        if let Some(mark) = entry.mark() {
            turn.add_remark(mark, Role::Faint);
        }
        turn
    }

    pub fn add_remark(&mut self, text: &str, role: Role) {
        self.remarks.push(Remark { text: clean::text(text), role });
    }

    /// Notes where a fragment stands in the answer: its letters in their order, whatever lies between them.
    pub fn note_fragment(&mut self, index: u32, text: &str) {
        let from = self.fragments.last().filter(|(last, _)| *last < index).map_or(0, |(_, range)| range.end);
        self.fragments.retain(|(known, _)| *known < index);
        if let Some(range) = locate(&self.answer, from, &clean::text(text)) {
            self.fragments.push((index, range));
        }
    }

    /// The user ended it after hearing this much.
    pub fn silence(&mut self, heard: &str) {
        let heard = clean::text(heard);
        let end = locate(&self.answer, 0, &heard).map_or(0, |range| range.end);
        (self.end, self.sounding) = (End::Silenced(end), None);
    }
}

/// Where `part` stands in `whole`, comparing letters and digits only: what is spoken differs in spaces and signs.
fn locate(whole: &str, from: usize, part: &str) -> Option<Range<usize>> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<Vec<_>>();
    let wanted = letters(part);
    let places: Vec<(usize, char)> = whole.char_indices().filter(|(at, c)| *at >= from && c.is_alphanumeric()).collect();
    let at = places.windows(wanted.len().max(1)).position(|window| window.iter().map(|(_, c)| c).eq(&wanted))?;
    let (start, (last, c)) = (places[at].0, places[at + wanted.len() - 1]);
    let letter_end = last + c.len_utf8();
    // The signs that close a sentence belong to it.
    let signs = whole[letter_end..].chars().take_while(|c| ".!?…,;:\"'”’)".contains(*c)).map(char::len_utf8).sum::<usize>();
    Some(start..letter_end + signs)
}

/// All turns, and the rows they make at the width of the screen.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    list: Vec<Turn>,
}

/// A row of the transcript, and whose it is.
pub struct Placed<'a> {
    pub turn: usize,
    pub row: &'a Row,
}

impl Turns {
    pub fn list(&self) -> &[Turn] {
        &self.list
    }

    pub fn push(&mut self, turn: Turn) -> &mut Turn {
        if self.list.len() >= KEPT {
            self.list.remove(0);
        }
        self.list.push(turn);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// The turn that the pipeline speaks of, to be changed.
    pub fn of(&mut self, id: TurnId) -> Option<&mut Turn> {
        let turn = self.list.iter_mut().rev().find(|turn| turn.ids.contains(&id))?;
        turn.wrapped = None;
        Some(turn)
    }

    /// What is being understood.
    pub fn unheard(&mut self) -> Option<&mut Turn> {
        let open = |turn: &&mut Turn| !turn.ids.is_empty() && turn.end == End::Open && turn.answer.is_empty();
        self.list.iter_mut().rev().find(open).filter(|turn| !turn.question.whole)
    }

    /// The oldest typed question that the pipeline has not begun yet.
    pub fn waiting(&mut self) -> Option<&mut Turn> {
        let turn = self.list.iter_mut().find(|turn| turn.waiting)?;
        turn.wrapped = None;
        Some(turn)
    }

    /// The last one with an answer: what is repeated, copied, cited.
    pub fn answered(&mut self) -> Option<&mut Turn> {
        let turn = self.list.iter_mut().rev().find(|turn| !turn.answer.is_empty())?;
        turn.wrapped = None;
        Some(turn)
    }

    pub fn forget(&mut self, id: TurnId) {
        self.list.retain(|turn| turn.ids.first() != Some(&id));
    }

    /// Wraps what changed.
    pub fn fit(&mut self, shape: Shape) {
        self.list.iter_mut().for_each(|turn| turn.wrap(shape));
    }

    /// Whether anything was said: remarks of ours are no conversation.
    pub fn is_silent(&self) -> bool {
        self.list.iter().all(|turn| turn.ids.is_empty() && turn.question == Question::default() && turn.answer.is_empty())
    }

    pub fn height(&self) -> usize {
        self.list.iter().map(|turn| turn.rows.len()).sum()
    }

    /// The rows from this one on.
    pub fn rows(&self, from: usize) -> impl Iterator<Item = Placed<'_>> {
        let all = self.list.iter().enumerate().flat_map(|(turn, t)| t.rows.iter().map(move |row| Placed { turn, row }));
        all.skip(from)
    }
}

#[cfg(test)]
#[path = "turns/tests.rs"]
mod tests;
