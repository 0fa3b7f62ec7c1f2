//! What holds for a whole conversation: how to answer, what was said before, and the last answer once more.

use std::time::Duration;

use super::{Order, Said, State, Task, Wish, Work};
use crate::{
    error::{Error, Room},
    parcel::Exchange,
    pipeline::{
        edges::EXCHANGES,
        news::{Notice, Origin},
    },
    turn::{Turn, TurnId},
};

/// What a face switches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// For the screen: whether the listener listens without a key.
    pub hands_free: bool,
    /// Transcripts become drafts instead of questions.
    pub edit: bool,
    /// Without a key, only speech that begins with this name is meant for us; empty: all speech.
    pub wake: String,
    /// Without a key, nothing is heard before this phrase; should it still be at the start of what was said, it is no part
    /// of it. Empty: none, or any.
    pub phrase: String,
    /// Sounds of assent that do not interrupt, besides the well-known ones.
    pub backchannels: Vec<String>,
}

/// A change of what holds.
#[derive(Debug)]
pub enum Change {
    /// How to answer from now on; makes a conversation of it. Its `history` is not looked at.
    Wish(Box<Wish>),
    Rules(Rules),
    /// The conversation begins anew, with this as its past.
    History(Vec<Exchange>),
    /// Holds the voice, or lets it go on.
    Paused(bool),
    /// Whether there is anything to be heard with: a speaker came, or went.
    Audible(bool),
}

#[derive(Debug, Default)]
pub(super) struct Standing {
    pub wish: Wish,
    pub rules: Rules,
    pub history: Vec<Exchange>,
    /// There is no speaker.
    pub mute: bool,
    /// What the documents had to say besides passages, and said: a handful of sentences.
    pub notes: Vec<String>,
}

impl State {
    pub(super) fn change(&mut self, change: Change, orders: &mut Vec<Order>) {
        match change {
            Change::Wish(wish) => self.standing.get_or_insert_default().wish = *wish,
            Change::Rules(rules) => self.standing.get_or_insert_default().rules = rules,
            Change::History(history) => {
                self.silence(orders);
                // How much was heard of an answer that is just ending is told, but is no part of what begins now.
                self.leaving.iter_mut().for_each(|said| said.question.clear());
                self.standing.get_or_insert_default().history = history;
            }
            Change::Audible(on) => self.standing.get_or_insert_default().mute = !on,
            Change::Paused(on) => self.paused = on && self.task.is_some(),
        }
    }

    /// A task under the rules of the conversation.
    pub(super) fn begin(&mut self, turn: Turn) {
        let standing = self.standing.get_or_insert_default();
        let wish = Wish { aloud: standing.wish.aloud && !standing.mute, ..standing.wish.clone() };
        self.paused = false;
        self.task = Some(Task::new(turn, Box::new(wish)));
    }

    pub(super) fn typed(&mut self, turn: Turn, text: String, orders: &mut Vec<Order>) {
        self.silence(orders);
        self.begin(turn);
        self.tell(Notice::Began(Origin::Typed), orders);
        self.understood(text.trim().to_owned(), orders);
    }

    pub(super) fn again(&mut self, turn: Turn, orders: &mut Vec<Order>) {
        let now = self.task.as_ref().map(|task| task.said.clone().written()).filter(|answer| !answer.is_empty());
        let last = || self.standing.as_ref().and_then(|standing| standing.history.last()).map(|last| last.answer.clone());
        let Some(answer) = now.or_else(last) else {
            let error = Error::reword(Room::Pipeline, "nothing was answered yet that could be said again");
            return orders.push(Order::Tell(turn.id(), Notice::Failed(error.hint("ask something first"))));
        };
        self.silence(orders);
        self.begin(turn);
        self.work = Work::Idle;
        if let Some(task) = &mut self.task {
            task.wish.aloud = true;
            task.said = Said::new(task.turn.id(), true);
            task.unsaid.extend(task.splitter.push(&answer));
        }
        self.tell(Notice::Began(Origin::Repeat), orders);
        self.no_more_text(orders);
    }

    /// Leaves only what was not said in this conversation before.
    pub(super) fn say_once(&mut self, notes: &mut Vec<String>) {
        let Some(standing) = &mut self.standing else { return };
        notes.retain(|note| !standing.notes.contains(note));
        standing.notes.extend(notes.iter().cloned());
    }

    /// An answer that was cut off: what was heard of it is known at once, or once the speaker has said so.
    pub(super) fn leave(&mut self, said: Said, orders: &mut Vec<Order>) {
        if let Some(earlier) = self.leaving.take() {
            self.gone(earlier, Duration::ZERO, orders);
        }
        if said.needs_the_clock() {
            self.leaving = Some(said);
        } else {
            self.gone(said, Duration::ZERO, orders);
        }
    }

    pub(super) fn hushed(&mut self, turn: TurnId, played: Duration, orders: &mut Vec<Order>) {
        if let Some(said) = self.leaving.take_if(|said| said.turn == turn) {
            self.gone(said, played, orders);
        }
        if let Some(passages) = self.task.as_mut().and_then(|task| task.passages.take()) {
            self.write(passages, orders);
        }
    }

    fn gone(&mut self, said: Said, played: Duration, orders: &mut Vec<Order>) {
        let heard = said.heard(played);
        orders.push(Order::Tell(said.turn, Notice::Interrupted { heard: heard.clone() }));
        self.remember(said.question, heard);
    }

    /// The history keeps what was heard; a question that got no word of an answer, or no question at all, is no part of it.
    pub(super) fn remember(&mut self, question: String, answer: String) {
        let Some(standing) = &mut self.standing else { return };
        if question.is_empty() || answer.is_empty() {
            return;
        }
        if standing.history.len() >= EXCHANGES {
            standing.history.remove(0);
        }
        standing.history.push(Exchange { question, answer });
    }
}
