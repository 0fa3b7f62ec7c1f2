//! The transcript: turns of the conversation, and which part of each answer is being heard.

use std::ops::Range;

use super::{
    clean,
    theme::Role,
    wrap::{Row, Span, wrap},
};
use crate::{
    parcel::{Exchange, Passage},
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
    pub wrapped: Option<u16>,
}

impl Turn {
    pub fn remark(text: &str, role: Role) -> Self {
        Self { remarks: vec![Remark { text: clean::text(text), role }], end: End::Done, ..Self::default() }
    }

    pub fn asked(text: &str) -> Self {
        let question = Question { stable: clean::text(text), whole: true, ..Question::default() };
        Self { question, waiting: true, ..Self::default() }
    }

    /// Of an earlier conversation.
    pub fn past(exchange: &Exchange) -> Self {
        let question = Question { stable: clean::text(&exchange.question), whole: true, ..Question::default() };
        Self { question, answer: clean::text(&exchange.answer), end: End::Done, ..Self::default() }
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

    fn sounding_range(&self) -> Option<Range<usize>> {
        let index = self.sounding?;
        self.fragments.iter().find(|(known, _)| *known == index).map(|(_, range)| range.clone())
    }

    fn wrap(&mut self, width: u16) {
        if self.wrapped == Some(width) {
            return;
        }
        self.rows.clear();
        if !self.question.stable.is_empty() || !self.question.rest.is_empty() {
            self.rows.extend(wrap(Span::new("› ", Role::You), &self.question_spans(), width));
        }
        if !self.answer.is_empty() {
            self.rows.extend(wrap(indent(), &self.answer_spans(), width));
        }
        if !self.passages.is_empty() {
            self.rows.extend(wrap(indent(), &self.citation_spans(), width));
        }
        for remark in &self.remarks {
            self.rows.extend(wrap(Span::new("· ", remark.role), &[Span::new(remark.text.clone(), remark.role)], width));
        }
        if !self.rows.is_empty() {
            self.rows.push(Row::default());
        }
        self.wrapped = Some(width);
    }

    fn question_spans(&self) -> Vec<Span> {
        let gap = if self.question.stable.is_empty() || self.question.rest.is_empty() { "" } else { " " };
        let role = if self.question.whole { Role::You } else { Role::Plain };
        vec![Span::new(self.question.stable.clone(), role), Span::new(format!("{gap}{}", self.question.rest), Role::Partial)]
    }

    /// Cut where its look changes: at the fragment being heard, at what was never heard, at citations.
    fn answer_spans(&self) -> Vec<Span> {
        let answer = self.answer.trim_end();
        let sounding = self.sounding_range().unwrap_or(0..0);
        let heard = if let End::Silenced(end) = self.end { end } else { answer.len() };
        let links = links(answer, self.passages.len());
        let mut cuts: Vec<usize> = links.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
        cuts.extend([0, sounding.start, sounding.end, heard, answer.len()]);
        cuts.retain(|at| *at <= answer.len());
        cuts.sort_unstable();
        cuts.dedup();
        let span = |from: usize, to: usize| match links.iter().find(|(range, _)| range.contains(&from)) {
            Some((_, citation)) => Span::link(&answer[from..to], *citation),
            None if sounding.contains(&from) => Span::new(&answer[from..to], Role::Sounding),
            None if from >= heard => Span::new(&answer[from..to], Role::Faint),
            None => Span::new(&answer[from..to], Role::Answer),
        };
        cuts.windows(2).map(|pair| span(pair[0], pair[1])).collect()
    }

    fn citation_spans(&self) -> Vec<Span> {
        let one = |(at, passage): (usize, &Passage)| {
            let gap = if at == 0 { "" } else { "  " };
            [Span::new(gap, Role::Faint), Span::link(format!("[{}]", at + 1), at), Span::new(format!(" {}", name(passage)), Role::Faint)]
        };
        self.passages.iter().enumerate().flat_map(one).collect()
    }
}

fn indent() -> Span {
    Span::new("  ", Role::Plain)
}

/// What a passage is called on the screen: the title of its document, else the last part of where it lies.
pub fn name(passage: &Passage) -> &str {
    match passage.title.is_empty() {
        true => passage.source.rsplit('/').next().unwrap_or(&passage.source),
        false => &passage.title,
    }
}

/// `[2]` in the text of an answer, where there is such a passage.
fn links(answer: &str, passages: usize) -> Vec<(Range<usize>, usize)> {
    let mut found = Vec::new();
    for (open, _) in answer.match_indices('[') {
        let digits = answer[open + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = open + 1 + digits;
        let number = answer[open + 1..end].parse::<usize>().unwrap_or(0);
        if answer[end..].starts_with(']') && (1..=passages).contains(&number) {
            found.push((open..end + 1, number - 1));
        }
    }
    found
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
    width: u16,
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
    pub fn fit(&mut self, width: u16) {
        self.width = width;
        self.list.iter_mut().for_each(|turn| turn.wrap(width));
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
mod tests {
    use super::*;

    fn passage(title: &str) -> Passage {
        Passage { title: title.into(), source: "docs/moon.md".into(), ..Passage::default() }
    }

    fn look(turn: &Turn) -> Vec<(String, Role)> {
        turn.answer_spans().into_iter().map(|span| (span.text, span.role)).collect()
    }

    #[test]
    fn the_fragment_being_heard_is_marked() {
        let mut turn = Turn { answer: "It is **two** years. See [1], or ask.".into(), passages: vec![passage("")], ..Turn::default() };
        turn.note_fragment(0, "It is two years.");
        turn.note_fragment(1, "See, or ask.");
        turn.sounding = Some(0);
        assert_eq!(look(&turn)[0], ("It is **two** years.".into(), Role::Sounding));
        assert_eq!(look(&turn)[2], ("[1]".into(), Role::Citation));
        turn.sounding = Some(1);
        assert_eq!(look(&turn)[0].1, Role::Answer, "its letters are not those of the answer: nothing is marked");
    }

    #[test]
    fn the_same_words_twice_are_two_fragments() {
        let mut turn = Turn { answer: "Yes. Yes.".into(), ..Turn::default() };
        turn.note_fragment(0, "Yes.");
        turn.note_fragment(1, "Yes.");
        assert_eq!(turn.fragments, [(0, 0..4), (1, 5..9)]);
        turn.note_fragment(0, "Yes.");
        assert_eq!(turn.fragments, [(0, 0..4)], "a repetition begins anew");
    }

    #[test]
    fn what_was_never_heard_is_faint() {
        let mut turn = Turn { answer: "One. Two. Three.".into(), ..Turn::default() };
        turn.silence("One. Two.");
        assert_eq!(look(&turn), [("One. Two.".into(), Role::Answer), (" Three.".into(), Role::Faint)]);
        turn.silence("");
        assert_eq!(look(&turn), [(turn.answer.clone(), Role::Faint)]);
    }

    #[test]
    fn only_numbers_of_passages_are_links() {
        assert_eq!(links("a [1] [3] [x] [] [12", 2), [(2..5, 0)]);
    }

    #[test]
    fn rows_know_their_turn() {
        let mut turns = Turns::default();
        turns.push(Turn::remark("hello", Role::Note));
        turns.push(Turn { passages: vec![passage("Moon")], answer: "Far.".into(), ..Turn::asked("How far?") });
        turns.fit(40);
        let rows: Vec<_> = turns.rows(0).map(|placed| (placed.turn, placed.row.text())).collect();
        let expected = [(0, "· hello"), (0, ""), (1, "› How far?"), (1, "  Far."), (1, "  [1] Moon"), (1, "")];
        assert_eq!(rows, expected.map(|(turn, text)| (turn, text.to_owned())));
    }
}
