//! From a question to its last sound: hear, search, write, speak.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Ear, Made, Order, Question, Said, State, Voice, Wish, Work, edges::FRAGMENTS, pace};
use crate::{
    error::{Error, Kind, Result, Room},
    parcel::{Finish, Passages, Piece, Prompt, Query, Sentence, Transcript},
    pipeline::news::Notice,
    tts::sentences::Splitter,
    turn::Turn,
};

/// The turn at hand.
#[derive(Debug)]
pub(super) struct Task {
    pub turn: Turn,
    pub wish: Box<Wish>,
    pub question: String,
    /// Length of the spoken question.
    pub speech: Duration,
    /// Whether the question is complete for certain; until then nothing of the answer is shown or heard.
    pub committed: bool,
    /// News kept back until then, with the time when they came about; as many as the answer has pieces.
    pub withheld: Vec<(Option<Instant>, Notice)>,
    pub splitter: Splitter,
    /// Fragments not yet handed to the voice.
    pub unsaid: VecDeque<Sentence>,
    /// Fragments at the voice.
    pub lead: usize,
    pub voice_ended: bool,
    /// Found, and waiting to be written about.
    pub passages: Option<Passages>,
    pub said: Said,
}

impl Task {
    pub fn new(turn: Turn, wish: Box<Wish>) -> Self {
        let said = Said::new(turn.id(), wish.aloud);
        Self {
            turn,
            wish,
            question: String::new(),
            speech: Duration::ZERO,
            committed: true,
            withheld: Vec::new(),
            splitter: Splitter::default(),
            unsaid: VecDeque::new(),
            lead: 0,
            voice_ended: false,
            passages: None,
            said,
        }
    }
}

impl State {
    pub(super) fn ask(&mut self, turn: Turn, question: Question, wish: Box<Wish>, orders: &mut Vec<Order>) {
        self.abandon(orders);
        self.task = Some(Task { speech: question.length(), ..Task::new(turn.clone(), wish) });
        match question {
            Question::Typed(text) => self.understood(text, orders),
            Question::Spoken(speech) => {
                self.ear = Ear::Transcribing;
                orders.push(Order::Transcribe(turn, speech));
            }
        }
    }

    /// Supersedes the turn at hand, if any: barge-in, or a new question.
    pub(super) fn abandon(&mut self, orders: &mut Vec<Order>) {
        let Some(mut task) = self.put_down(orders) else { return };
        if self.standing.is_some() && task.committed {
            task.said.question = task.question;
            self.leave(task.said, orders);
        }
    }

    /// Cancels the task and leaves the state as if there had been none.
    fn put_down(&mut self, orders: &mut Vec<Order>) -> Option<Task> {
        let task = self.task.take()?;
        orders.push(Order::Cancel(task.turn.clone()));
        if self.voice != Voice::Idle {
            orders.push(Order::Hush(task.turn.id()));
        }
        if self.candidate.is_none() {
            self.ear = Ear::Idle;
        }
        (self.work, self.voice) = (Work::Idle, Voice::Idle);
        Some(task)
    }

    pub(super) fn fail(&mut self, error: Error, orders: &mut Vec<Order>) {
        let Some(task) = self.put_down(orders) else { return };
        let id = task.turn.id();
        let unheard = |notice: &Notice| matches!(notice, Notice::Sounded);
        let withheld = task.withheld.into_iter().filter(|(_, notice)| !unheard(notice));
        orders.extend(withheld.map(|(_, notice)| Order::Tell(id, notice)));
        orders.push(Order::Tell(id, Notice::Failed(error)));
    }

    pub(super) fn heard(&mut self, result: Result<Transcript>, orders: &mut Vec<Order>) {
        self.ear = Ear::Idle;
        match result {
            Err(error) => self.fail(error, orders),
            Ok(transcript) => {
                let text = transcript.text.trim().to_owned();
                self.tell(Notice::Transcript(transcript), orders);
                if text.is_empty() {
                    self.fail(nothing_heard(self.standing.is_some()), orders);
                } else {
                    self.understood(text, orders);
                }
            }
        }
    }

    pub(super) fn understood(&mut self, question: String, orders: &mut Vec<Order>) {
        let Some(task) = &mut self.task else { return };
        task.question = question;
        match &task.wish.retrieve {
            Some(retrieve) => {
                let query = Query { text: task.question.clone(), limit: retrieve.limit, filter: retrieve.filter.clone() };
                self.work = Work::Retrieving;
                orders.push(Order::Search(task.turn.clone(), query));
            }
            None => self.write(Passages::default(), orders),
        }
    }

    pub(super) fn found(&mut self, result: Result<Passages>, orders: &mut Vec<Order>) {
        match result {
            Err(error) => self.fail(error, orders),
            Ok(mut passages) => {
                self.say_once(&mut passages.notes);
                let refused = !passages.found && self.task.as_ref().is_some_and(|task| task.wish.require_docs);
                self.tell(Notice::Passages(passages.clone()), orders);
                if refused {
                    let error = Error::new(Kind::Broaden, Room::Rag, "I found nothing about that in your documents");
                    self.fail(error.hint("ask more broadly, or add documents with `xnai ingest PATH`"), orders);
                } else {
                    self.write(passages, orders);
                }
            }
        }
    }

    pub(super) fn write(&mut self, passages: Passages, orders: &mut Vec<Order>) {
        let Some(task) = &mut self.task else { return };
        if self.leaving.is_some() {
            // How much of the last answer was heard is known in a moment, and is part of what is said next.
            task.passages = Some(passages);
            self.work = Work::Writing;
            return;
        }
        // Taken now and not when the question came: an answer that was cut off in between is part of it.
        let history = match &self.standing {
            Some(standing) => standing.history.clone(),
            None => std::mem::take(&mut task.wish.history),
        };
        let prompt = Prompt {
            system: task.wish.system.clone(),
            history,
            passages,
            question: task.question.clone(),
            sampling: task.wish.sampling.clone(),
        };
        self.work = Work::Writing;
        orders.push(Order::Write(task.turn.clone(), Box::new(prompt)));
    }

    pub(super) fn wrote(&mut self, piece: Piece, orders: &mut Vec<Order>) {
        let Some(task) = &mut self.task else { return };
        task.said.write(&piece.text);
        if task.wish.aloud {
            task.unsaid.extend(task.splitter.push(&piece.text));
        }
        self.tell(Notice::Piece(piece), orders);
        self.feed_voice(orders);
    }

    pub(super) fn finished(&mut self, result: Result<Finish>, orders: &mut Vec<Order>) {
        self.work = Work::Idle;
        match result {
            Err(error) => self.fail(error, orders),
            Ok(finish) => {
                self.tell(Notice::Written(finish), orders);
                self.no_more_text(orders);
            }
        }
    }

    /// The answer's text is complete: what is left of it is handed to the voice.
    pub(super) fn no_more_text(&mut self, orders: &mut Vec<Order>) {
        if let Some(task) = &mut self.task {
            let rest = std::mem::take(&mut task.splitter).finish();
            if task.wish.aloud {
                task.unsaid.extend(rest);
            }
        }
        self.feed_voice(orders);
        self.close_if_over(orders);
    }

    /// Keeps the voice at most [`FRAGMENTS`] ahead; after the last one, says that no more will come.
    pub(super) fn feed_voice(&mut self, orders: &mut Vec<Order>) {
        let Some(task) = &mut self.task else { return };
        let mut handed = Vec::new();
        while task.lead < FRAGMENTS {
            let Some(Sentence { text, .. }) = task.unsaid.pop_front() else { break };
            let reach = self.pace.reach(task.said.last());
            let (text, rest) = pace::cut(&text, reach).map_or((text, None), |(head, tail)| (head, Some(tail)));
            rest.into_iter().for_each(|text| task.unsaid.push_front(Sentence { text, index: 0 }));
            let sentence = Sentence { text, index: task.said.count() };
            task.lead += 1;
            task.said.fragment(&sentence);
            handed.push(sentence);
        }
        let turn = task.turn.clone();
        for sentence in handed {
            self.voice = Voice::Speaking;
            self.tell(Notice::Fragment(sentence.clone()), orders);
            orders.push(Order::Say(turn.clone(), sentence));
        }
        let Some(task) = &mut self.task else { return };
        // Also after an answer without a word in it: who asked for a file gets one, if an empty one.
        let said_all = self.work == Work::Idle && task.unsaid.is_empty() && task.lead == 0;
        if said_all && task.wish.aloud && !task.voice_ended {
            task.voice_ended = true;
            self.voice = Voice::Speaking;
            orders.push(Order::EndVoice(turn));
        }
    }

    pub(super) fn spoke(&mut self, result: Result<Made>, orders: &mut Vec<Order>) {
        match result {
            Err(error) => self.fail(error, orders),
            Ok(made) => {
                if let Some(task) = &mut self.task {
                    task.lead = task.lead.saturating_sub(1);
                    self.pace.note(task.said.spoke(made.length), made);
                }
                self.feed_voice(orders);
            }
        }
    }

    pub(super) fn sounded(&mut self, orders: &mut Vec<Order>) {
        if let Some(task) = &mut self.task {
            task.said.sounded = true;
        }
        self.tell(Notice::Sounded, orders);
    }

    pub(super) fn drained(&mut self, result: Result<()>, orders: &mut Vec<Order>) {
        self.voice = Voice::Idle;
        match result {
            Err(error) => self.fail(error, orders),
            Ok(()) => self.close_if_over(orders),
        }
    }

    fn close_if_over(&mut self, orders: &mut Vec<Order>) {
        let hearing = self.candidate.is_none() && self.ear != Ear::Idle;
        let committed = self.task.as_ref().is_some_and(|task| task.committed);
        if (hearing, self.work, self.voice) != (false, Work::Idle, Voice::Idle) || !committed {
            return;
        }
        self.tell(Notice::Done, orders);
        if let Some(task) = self.task.take() {
            self.echo = task.said.spoken();
            self.remember(task.question, task.said.written());
        }
    }

    /// The question is complete for certain: what was kept back is told, and the voice goes on by itself.
    pub(super) fn commit(&mut self, orders: &mut Vec<Order>) {
        if let Some(task) = self.task.as_mut().filter(|task| !task.committed) {
            task.committed = true;
            let id = task.turn.id();
            orders.push(Order::Tell(id, Notice::Certain));
            orders.extend(task.withheld.drain(..).map(|(at, notice)| match (notice, at) {
                // The sound was held back itself: nobody heard it before.
                (notice @ Notice::Sounded, _) | (notice, None) => Order::Tell(id, notice),
                (notice, Some(at)) => Order::TellLate(id, notice, at),
            }));
        }
        self.close_if_over(orders);
    }

    pub(super) fn tell(&mut self, notice: Notice, orders: &mut Vec<Order>) {
        match &mut self.task {
            Some(task) if task.committed => orders.push(Order::Tell(task.turn.id(), notice)),
            Some(task) => task.withheld.push((self.now, notice)),
            None => {}
        }
    }
}

/// In a conversation there is no file that could be looked at.
pub(super) fn nothing_heard(live: bool) -> Error {
    let hint = if live { "speak closer to the microphone, or choose another one" } else { "see what the file holds with `xnai vad`" };
    Error::repeat(Room::Stt, "no speech was heard").hint(hint)
}
