//! News of a conversation in, questions and exchanges worth keeping out. Touches no disk.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::entry::{Asked, Citation, Ending, Entry, Line};
use crate::{
    pipeline::news::{News, Notice, Origin, Told},
    turn::TurnId,
};

/// Turns followed at once, and typed questions whose turn has not begun. There are one or two; beyond, the oldest go.
const FOLLOWED: usize = 16;

/// Follows the turns of one conversation.
#[derive(Debug, Default)]
pub struct Scribe {
    drafts: BTreeMap<TurnId, Draft>,
    typed: VecDeque<String>,
    newest: Option<TurnId>,
    /// What was asked is kept even where nothing of an answer came.
    leaving: bool,
}

/// A turn that is not over.
#[derive(Debug)]
struct Draft {
    entry: Entry,
    /// The question was complete.
    zero: Instant,
    /// When that was certain, in ms after it: nothing of the answer was shown before.
    certain: u64,
    /// The last answer once more: it is in the file already.
    again: bool,
    /// The question was given out to be written.
    written: bool,
}

impl Scribe {
    /// A typed question was sent: the news do not repeat it.
    pub fn asked(&mut self, question: &str) {
        if self.typed.len() == FOLLOWED {
            self.typed.pop_front();
        }
        self.typed.push_back(question.to_owned());
    }

    /// The turn that was heard of last.
    pub fn newest(&self) -> Option<TurnId> {
        self.newest
    }

    /// Whether something was asked, or is being answered, that is not over.
    pub fn is_open(&self) -> bool {
        !self.typed.is_empty() || self.drafts.values().any(|draft| !draft.again)
    }

    /// The user leaves: whatever ends from now on is kept with its question alone, if nothing more came of it.
    pub fn leave(&mut self) {
        self.leaving = true;
    }

    /// There will be no more news: what is not over, as far as it came, in the order it was asked.
    pub fn close(&mut self) -> Vec<(TurnId, Entry)> {
        self.leaving = true;
        let turns: Vec<TurnId> = self.drafts.keys().copied().collect();
        let open = turns.into_iter().filter_map(|turn| Some((turn, self.over(&turn, Instant::now(), Ending::Interrupted, None)?)));
        let mut last: Vec<(TurnId, Entry)> = open.collect();
        let newest = self.newest.unwrap_or(TurnId::NONE);
        let unheard = |question| Entry { at: Timestamp::now(), question, ended: Ending::Interrupted, ..Entry::default() };
        last.extend(self.typed.drain(..).map(|question| (newest, unheard(question))));
        last
    }

    /// Takes the next news; gives a question when it is asked, and the exchange when its turn is over and something was
    /// answered. A question that is not meant is taken back.
    pub fn hear(&mut self, told: &Told) -> Option<(TurnId, Line)> {
        match &told.news {
            News::Turn(turn, notice) => self.turn(turn, notice, told.at).map(|line| (*turn, line)),
            News::Doing(_) => self.understood(),
            _ => None,
        }
    }

    /// A spoken question is asked once its step is over, and no word for silence and no draft came of it.
    fn understood(&mut self) -> Option<(TurnId, Line)> {
        self.drafts.iter_mut().find_map(|(turn, draft)| Some((*turn, draft.asked()?)))
    }

    fn turn(&mut self, turn: &TurnId, notice: &Notice, at: Instant) -> Option<Line> {
        if self.drafts.len() == FOLLOWED && !self.drafts.contains_key(turn) {
            self.drafts.pop_first();
        }
        self.newest = self.newest.max(Some(*turn));
        let draft = self.drafts.entry(*turn).or_insert_with(|| Draft::new(*turn, at));
        match notice {
            Notice::Began(Origin::Typed) => {
                draft.entry.question = self.typed.pop_front().unwrap_or_default();
                draft.asked()
            }
            Notice::Done => self.over(turn, at, Ending::Whole, None).map(Line::Exchange),
            Notice::Interrupted { heard } => self.over(turn, at, Ending::Interrupted, Some(heard.clone())).map(Line::Exchange),
            Notice::Failed(_) => self.over(turn, at, Ending::Failed, None).map(Line::Exchange),
            Notice::Withdrawn | Notice::Drafted(_) => {
                let draft = self.drafts.remove(turn)?;
                draft.written.then_some(Line::Withdrawn { at: draft.entry.at })
            }
            other => {
                draft.note(other, at);
                None
            }
        }
    }

    fn over(&mut self, turn: &TurnId, at: Instant, ended: Ending, heard: Option<String>) -> Option<Entry> {
        let Draft { mut entry, zero, again, .. } = self.drafts.remove(turn)?;
        let answered = [Some(&entry.answer), heard.as_ref()].into_iter().flatten().any(|text| !text.trim().is_empty());
        if again || !(answered || self.leaving) {
            return None;
        }
        (entry.ended, entry.heard) = (ended, heard);
        if entry.question.is_empty() && entry.asked == Asked::Typed {
            entry.question = self.typed.pop_front().unwrap_or_default();
        }
        if !answered && entry.question.is_empty() {
            return None;
        }
        entry.timings.get_or_insert_default().over = Some(ms(at, zero));
        Some(entry)
    }
}

impl Draft {
    fn new(turn: TurnId, at: Instant) -> Self {
        let begun = Timestamp::now().checked_sub(at.elapsed()).unwrap_or_default();
        // Only speech is heard further.
        let asked = if turn.revision > 0 { Asked::Spoken } else { Asked::Typed };
        Self { entry: Entry { at: begun, asked, ..Entry::default() }, zero: at, certain: 0, again: false, written: false }
    }

    /// The question is complete: once.
    fn asked(&mut self) -> Option<Line> {
        if self.again || self.written || self.entry.question.trim().is_empty() {
            return None;
        }
        self.written = true;
        Some(Line::Question(Entry { ended: Ending::Unanswered, timings: None, ..self.entry.clone() }))
    }

    fn note(&mut self, notice: &Notice, at: Instant) {
        let since = ms(at, self.zero);
        let timings = self.entry.timings.get_or_insert_default();
        match notice {
            Notice::Began(Origin::Key | Origin::HandsFree) => self.entry.asked = Asked::Spoken,
            Notice::Began(Origin::Repeat) => self.again = true,
            Notice::Complete(zero) => self.zero = *zero,
            Notice::Certain => self.certain = since,
            Notice::Transcript(transcript) => self.entry.question = transcript.text.trim().to_owned(),
            Notice::Passages(passages) => self.entry.citations = Citation::of(passages),
            Notice::Piece(piece) => {
                timings.first_word.get_or_insert(since.max(self.certain));
                self.entry.answer.push_str(&piece.text);
            }
            Notice::Sounded => drop(timings.first_sound.get_or_insert(since)),
            // Handled by the scribe, or nothing that is kept.
            Notice::Began(Origin::Typed) | Notice::Partial { .. } | Notice::Fragment(_) | Notice::Sounding(_) | Notice::Written(_) => {}
            Notice::Drafted(_) | Notice::Done | Notice::Interrupted { .. } | Notice::Withdrawn | Notice::Failed(_) => {}
        }
    }
}

fn ms(at: Instant, zero: Instant) -> u64 {
    at.checked_duration_since(zero).unwrap_or(Duration::ZERO).as_millis() as u64
}

#[cfg(test)]
#[path = "scribe_tests.rs"]
mod tests;
