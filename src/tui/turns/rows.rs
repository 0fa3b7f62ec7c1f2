//! A turn into rows of the transcript: each part in its look, citations folded where there is little room.

use std::ops::Range;

use super::{End, Shape, Turn};
use crate::{
    parcel::Passage,
    tui::{
        theme::Role,
        wrap::{Row, Span, wrap},
    },
};

impl Turn {
    fn sounding_range(&self) -> Option<Range<usize>> {
        let index = self.sounding?;
        self.fragments.iter().find(|(known, _)| *known == index).map(|(_, range)| range.clone())
    }

    /// Makes its rows anew where something changed.
    pub(super) fn wrap(&mut self, shape: Shape) {
        if self.wrapped == Some(shape) {
            return;
        }
        let width = shape.width;
        self.rows.clear();
        if !self.question.stable.is_empty() || !self.question.rest.is_empty() {
            self.rows.extend(wrap(Span::new("› ", Role::You), &self.question_spans(), width));
        }
        if !self.answer.is_empty() {
            self.rows.extend(wrap(indent(), &self.answer_spans(), width));
        }
        if !self.passages.is_empty() {
            self.rows.extend(self.citation_rows(shape));
        }
        for remark in &self.remarks {
            self.rows.extend(wrap(Span::new("· ", remark.role), &[Span::new(remark.text.clone(), remark.role)], width));
        }
        if !self.rows.is_empty() {
            self.rows.push(Row::default());
        }
        self.wrapped = Some(shape);
    }

    fn question_spans(&self) -> Vec<Span> {
        let gap = if self.question.stable.is_empty() || self.question.rest.is_empty() { "" } else { " " };
        let role = if self.question.whole { Role::You } else { Role::Plain };
        vec![Span::new(self.question.stable.clone(), role), Span::new(format!("{gap}{}", self.question.rest), Role::Partial)]
    }

    /// Cut where its look changes: at the fragment being heard, at what was never heard, at citations.
    pub(super) fn answer_spans(&self) -> Vec<Span> {
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

    /// Where there is little room, one row: the answer stays on the screen, and the numbers open as ever.
    fn citation_rows(&self, Shape { width, tight }: Shape) -> Vec<Row> {
        let rows = wrap(indent(), &self.citation_spans(), width);
        if !tight || rows.len() == 1 {
            return rows;
        }
        let numbers: Vec<Span> = (0..self.passages.len())
            .flat_map(|at| [Span::new(if at == 0 { "" } else { " " }, Role::Faint), Span::link(format!("[{}]", at + 1), at)])
            .collect();
        let mut rows = wrap(indent(), &numbers, width.saturating_sub(2));
        let more = rows.len() > 1;
        rows.truncate(1);
        if let (Some(row), true) = (rows.first_mut(), more) {
            row.spans.push(Span::new(" …", Role::Faint));
        }
        rows
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
pub(super) fn links(answer: &str, passages: usize) -> Vec<(Range<usize>, usize)> {
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
