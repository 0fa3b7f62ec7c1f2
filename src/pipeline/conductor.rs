//! What happens next: a pure step from (state, event) to (state, orders). Nothing else changes state.
//!
//! The state is the product of three things that really are independent (it may listen while it still speaks) and
//! the task at hand. The pump in [`super`] carries out the orders and measures the time; this file does no I/O.

use std::{collections::VecDeque, time::Duration};

use super::{edges, news::Notice};
use crate::{
    error::{Error, Kind, Result, Room},
    parcel::{Exchange, Filter, Finish, Passages, Piece, Prompt, Query, Sampling, Sentence, Spoken, Transcript, Utterance},
    tts::sentences::Splitter,
    turn::{Turn, TurnId},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ear {
    #[default]
    Idle,
    Listening,
    Transcribing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    #[default]
    Idle,
    Retrieving,
    Priming,
    Writing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voice {
    #[default]
    Idle,
    Speaking,
    /// Output is made but kept back until the turn is committed.
    Held,
}

/// What a face asks.
#[derive(Clone, Debug)]
pub enum Question {
    Typed(String),
    /// One utterance, or several where long audio was split at its pauses.
    Spoken(Vec<Utterance>),
}

impl Question {
    /// Of the sound; nothing for a typed one.
    fn length(&self) -> Duration {
        match self {
            Self::Typed(_) => Duration::ZERO,
            Self::Spoken(parts) => parts.iter().map(Utterance::duration).sum(),
        }
    }
}

/// How to answer; fixed for one turn.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub system: String,
    pub sampling: Sampling,
    /// `None`: answer without documents.
    pub retrieve: Option<Retrieve>,
    /// Fail with [`Kind::Broaden`] when the documents hold nothing.
    pub require_docs: bool,
    /// Speak the answer.
    pub aloud: bool,
    pub history: Vec<Exchange>,
}

#[derive(Clone, Debug, Default)]
pub struct Retrieve {
    pub limit: usize,
    pub filter: Filter,
}

/// Everything that can happen.
#[derive(Debug)]
pub enum Event {
    Asked {
        turn: Turn,
        question: Question,
        wish: Box<Wish>,
    },
    Heard {
        turn: TurnId,
        result: Result<Transcript>,
    },
    Found {
        turn: TurnId,
        result: Result<Passages>,
    },
    Wrote {
        turn: TurnId,
        piece: Piece,
    },
    Finished {
        turn: TurnId,
        result: Result<Finish>,
    },
    Spoke {
        turn: TurnId,
        result: Result<Spoken>,
    },
    /// The first sample of the turn reached the speaker.
    Sounded {
        turn: TurnId,
    },
    /// The speaker has nothing left of the turn.
    Drained {
        turn: TurnId,
        result: Result<()>,
    },
    /// The user wants silence.
    Interrupted,
    /// The state lasted longer than [`State::deadline`] allows.
    Overdue,
}

/// Everything the conductor can ask for.
#[derive(Debug)]
pub enum Order {
    Cancel(Turn),
    Transcribe(Turn, Vec<Utterance>),
    Search(Turn, Query),
    Write(Turn, Box<Prompt>),
    Say(Turn, Sentence),
    /// No more sentences will come for this turn.
    EndVoice(Turn),
    Tell(TurnId, Notice),
}

/// The machine's state between two events.
#[derive(Debug, Default)]
pub struct State {
    pub ear: Ear,
    pub work: Work,
    pub voice: Voice,
    task: Option<Task>,
}

/// The turn at hand.
#[derive(Debug)]
struct Task {
    turn: Turn,
    wish: Box<Wish>,
    question: String,
    /// Length of the spoken question.
    speech: Duration,
    splitter: Splitter,
    /// Fragments not yet handed to the voice.
    unsaid: VecDeque<Sentence>,
    /// Fragments at the voice.
    lead: usize,
    voice_ended: bool,
}

/// Applies one event. Events of other turns than the one at hand are stale and change nothing.
pub fn step(mut state: State, event: Event) -> (State, Vec<Order>) {
    let mut orders = Vec::new();
    match event {
        Event::Asked { turn, question, wish } => state.ask(turn, question, wish, &mut orders),
        Event::Interrupted => state.abandon(&mut orders),
        Event::Overdue => state.overdue(&mut orders),
        Event::Heard { turn, result } if state.is_at(turn) => state.heard(result, &mut orders),
        Event::Found { turn, result } if state.is_at(turn) => state.found(result, &mut orders),
        Event::Wrote { turn, piece } if state.is_at(turn) => state.wrote(piece, &mut orders),
        Event::Finished { turn, result } if state.is_at(turn) => state.finished(result, &mut orders),
        Event::Spoke { turn, result } if state.is_at(turn) => state.spoke(result, &mut orders),
        Event::Sounded { turn } if state.is_at(turn) => orders.push(Order::Tell(turn, Notice::Sounded)),
        Event::Drained { turn, result } if state.is_at(turn) => state.drained(result, &mut orders),
        Event::Heard { .. } | Event::Found { .. } | Event::Wrote { .. } | Event::Finished { .. } => {}
        Event::Spoke { .. } | Event::Sounded { .. } | Event::Drained { .. } => {}
    }
    (state, orders)
}

impl State {
    /// How long this state may go without any event before it counts as a fault; `None` when nothing is going on.
    ///
    /// Generous on purpose: they catch what hangs, not what is slow. Hearing gives its first sign at its end, so its
    /// limit grows with the recording: ten times its length is slower than any model that is of use.
    pub fn deadline(&self) -> Option<Duration> {
        const OPENING: Duration = Duration::from_secs(120);
        let speech = self.task.as_ref().map_or(Duration::ZERO, |task| task.speech);
        match (self.ear, self.work, self.voice) {
            (Ear::Transcribing, ..) => Some(OPENING + speech * 10),
            (_, Work::Retrieving, _) => Some(OPENING),
            // A long prompt on a slow machine: minutes before the first word.
            (_, Work::Priming | Work::Writing, _) => Some(Duration::from_secs(900)),
            // One fragment made and one heard: at most half a minute of sound, made at a tenth of its speed.
            (_, _, Voice::Speaking | Voice::Held) => Some(Duration::from_secs(300)),
            (Ear::Idle | Ear::Listening, Work::Idle, Voice::Idle) => None,
        }
    }

    fn is_at(&self, turn: TurnId) -> bool {
        self.task.as_ref().is_some_and(|task| task.turn.id() == turn)
    }

    fn ask(&mut self, turn: Turn, question: Question, wish: Box<Wish>, orders: &mut Vec<Order>) {
        self.abandon(orders);
        self.task = Some(Task {
            turn: turn.clone(),
            wish,
            question: String::new(),
            speech: question.length(),
            splitter: Splitter::default(),
            unsaid: VecDeque::new(),
            lead: 0,
            voice_ended: false,
        });
        match question {
            Question::Typed(text) => self.understood(text, orders),
            Question::Spoken(speech) => {
                self.ear = Ear::Transcribing;
                orders.push(Order::Transcribe(turn, speech));
            }
        }
    }

    /// Supersedes the turn at hand, if any: barge-in, or a new question.
    fn abandon(&mut self, orders: &mut Vec<Order>) {
        if let Some(task) = self.task.take() {
            orders.push(Order::Cancel(task.turn));
        }
        *self = State::default();
    }

    fn fail(&mut self, error: Error, orders: &mut Vec<Order>) {
        if let Some(id) = self.task.as_ref().map(|task| task.turn.id()) {
            self.abandon(orders);
            orders.push(Order::Tell(id, Notice::Failed(error)));
        }
    }

    fn overdue(&mut self, orders: &mut Vec<Order>) {
        let doing = match (self.ear, self.work) {
            (Ear::Transcribing, _) => "hearing",
            (_, Work::Retrieving) => "searching the documents",
            (_, Work::Priming | Work::Writing) => "writing the answer",
            _ => "speaking",
        };
        let error = Error::retry(Room::Pipeline, format!("{doing} took far too long and was given up"));
        self.fail(error.hint("try again, or choose a smaller model"), orders);
    }

    fn heard(&mut self, result: Result<Transcript>, orders: &mut Vec<Order>) {
        self.ear = Ear::Idle;
        match result {
            Err(error) => self.fail(error, orders),
            Ok(transcript) => {
                let text = transcript.text.trim().to_owned();
                self.tell(Notice::Transcript(transcript), orders);
                if text.is_empty() {
                    self.fail(
                        Error::repeat(Room::Stt, "no speech was heard").hint("speak closer to the microphone, or check the file"),
                        orders,
                    );
                } else {
                    self.understood(text, orders);
                }
            }
        }
    }

    fn understood(&mut self, question: String, orders: &mut Vec<Order>) {
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

    fn found(&mut self, result: Result<Passages>, orders: &mut Vec<Order>) {
        match result {
            Err(error) => self.fail(error, orders),
            Ok(passages) => {
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

    fn write(&mut self, passages: Passages, orders: &mut Vec<Order>) {
        let Some(task) = &mut self.task else { return };
        let prompt = Prompt {
            system: task.wish.system.clone(),
            history: std::mem::take(&mut task.wish.history),
            passages,
            question: task.question.clone(),
            sampling: task.wish.sampling.clone(),
        };
        self.work = Work::Writing;
        orders.push(Order::Write(task.turn.clone(), Box::new(prompt)));
    }

    fn wrote(&mut self, piece: Piece, orders: &mut Vec<Order>) {
        let Some(task) = &mut self.task else { return };
        if task.wish.aloud {
            task.unsaid.extend(task.splitter.push(&piece.text));
        }
        self.tell(Notice::Piece(piece), orders);
        self.feed_voice(orders);
    }

    fn finished(&mut self, result: Result<Finish>, orders: &mut Vec<Order>) {
        self.work = Work::Idle;
        match result {
            Err(error) => self.fail(error, orders),
            Ok(finish) => {
                self.tell(Notice::Written(finish), orders);
                if let Some(task) = &mut self.task {
                    let rest = std::mem::take(&mut task.splitter).finish();
                    if task.wish.aloud {
                        task.unsaid.extend(rest);
                    }
                }
                self.feed_voice(orders);
                self.close_if_over(orders);
            }
        }
    }

    /// Keeps the voice at most [`edges::FRAGMENTS`] ahead; after the last one, says that no more will come.
    fn feed_voice(&mut self, orders: &mut Vec<Order>) {
        let Some(task) = &mut self.task else { return };
        while task.lead < edges::FRAGMENTS {
            let Some(sentence) = task.unsaid.pop_front() else { break };
            task.lead += 1;
            self.voice = Voice::Speaking;
            orders.push(Order::Tell(task.turn.id(), Notice::Fragment(sentence.clone())));
            orders.push(Order::Say(task.turn.clone(), sentence));
        }
        // Also after an answer without a word in it: who asked for a file gets one, if an empty one.
        let said_all = self.work == Work::Idle && task.unsaid.is_empty() && task.lead == 0;
        if said_all && task.wish.aloud && !task.voice_ended {
            task.voice_ended = true;
            self.voice = Voice::Speaking;
            orders.push(Order::EndVoice(task.turn.clone()));
        }
    }

    fn spoke(&mut self, result: Result<Spoken>, orders: &mut Vec<Order>) {
        match result {
            Err(error) => self.fail(error, orders),
            Ok(_) => {
                if let Some(task) = &mut self.task {
                    task.lead = task.lead.saturating_sub(1);
                }
                self.feed_voice(orders);
            }
        }
    }

    fn drained(&mut self, result: Result<()>, orders: &mut Vec<Order>) {
        self.voice = Voice::Idle;
        match result {
            Err(error) => self.fail(error, orders),
            Ok(()) => self.close_if_over(orders),
        }
    }

    fn close_if_over(&mut self, orders: &mut Vec<Order>) {
        if (self.ear, self.work, self.voice) == (Ear::Idle, Work::Idle, Voice::Idle) {
            self.tell(Notice::Done, orders);
            self.task = None;
        }
    }

    fn tell(&self, notice: Notice, orders: &mut Vec<Order>) {
        if let Some(task) = &self.task {
            orders.push(Order::Tell(task.turn.id(), notice));
        }
    }
}

#[cfg(test)]
#[path = "conductor_tests.rs"]
mod tests;
