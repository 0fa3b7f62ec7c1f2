//! Carries out what the conductor orders, and brings it what happened. The only I/O of the conductor.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use super::{
    Crew, Message, News, Told,
    conductor::{self, Event, Made, Order, State},
    edges,
    lane::Lane,
    live::Wanted,
    news::{Doing, Notice},
    speaker,
    worker::{self, Desk, Engine, Opener},
};
use crate::{
    error::{Error, Result, Room},
    llm::Llm,
    parcel::{Finish, Prompt, Query, Sentence, Transcript, Utterance},
    rag::Searcher,
    stt::Stt,
    tts::Tts,
    turn::{Turn, TurnId},
};

/// Asked again when no event and no deadline is near; only so that a wait is never endless.
const IDLE: Duration = Duration::from_secs(3600);

/// What the ear is handed.
enum Hearing {
    Whole(Vec<Utterance>),
    /// Speech that goes on, and the number of the order.
    Part(u32, Utterance),
}

/// What the voice is handed.
enum Line {
    Say(Sentence),
    End,
}

pub struct Pump {
    ear: Option<Desk<dyn Stt, Hearing>>,
    documents: Option<Desk<dyn Searcher, Query>>,
    writer: Option<Desk<dyn Llm, Box<Prompt>>>,
    voice: Option<Desk<dyn Tts, Line>>,
    lane: Arc<Lane>,
    /// The partial transcript being made: given up as soon as the whole one is wanted.
    partial: Option<Turn>,
    listener: Option<SyncSender<Wanted>>,
    doing: Doing,
    told: SyncSender<Told>,
}

impl Pump {
    /// Starts the workers of the crew.
    pub fn staff(crew: Crew, events: &SyncSender<Message>, lane: &Arc<Lane>, gone: SyncSender<()>, told: SyncSender<Told>) -> Result<Self> {
        if let Some(open) = crew.speaker {
            speaker::spawn(open, lane.clone(), events.clone(), gone)?;
        }
        Ok(Self {
            ear: crew.ear.map(|open| ear(open, events)).transpose()?,
            documents: crew.documents.map(|open| documents(open, events)).transpose()?,
            writer: crew.writer.map(|open| writer(open, events)).transpose()?,
            voice: crew.voice.map(|open| voice(open, events, lane.clone())).transpose()?,
            lane: lane.clone(),
            partial: None,
            listener: None,
            doing: Doing::default(),
            told,
        })
    }

    /// Runs until the pipeline is dropped.
    pub fn run(mut self, inbox: &Receiver<Message>) {
        let mut state = State::default();
        let mut since = Instant::now();
        loop {
            let left = state.deadline().map_or(IDLE, |limit| limit.saturating_sub(since.elapsed()));
            let event = match inbox.recv_timeout(left) {
                Ok(Message::Event(event)) => event,
                Ok(Message::Free(engine)) => match self.freed(engine) {
                    Ok(()) => continue,
                    Err((turn, error)) => failed(turn, error),
                },
                Ok(Message::Broke(turn, error)) => failed(turn, error),
                Ok(Message::Loaded(engine, took)) => {
                    self.tell(News::Loaded(engine, took));
                    continue;
                }
                Ok(Message::News(news @ News::Level(_))) => {
                    // The next one comes at once.
                    let _ = self.told.try_send(Told { at: Instant::now(), news });
                    continue;
                }
                Ok(Message::News(news)) => {
                    self.tell(news);
                    continue;
                }
                Ok(Message::Listener(listener)) => {
                    self.listener = Some(listener);
                    continue;
                }
                Ok(Message::Writer(swap)) => {
                    self.swapped(|pump| pump.writer.as_mut().map(|desk| desk.swap(*swap)));
                    continue;
                }
                Ok(Message::Voice(swap)) => {
                    self.swapped(|pump| pump.voice.as_mut().map(|desk| desk.swap(*swap)));
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => Event::Overdue,
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            };
            state = self.advance(state, event);
            since = Instant::now();
        }
        let (_, orders) = conductor::step(state, Event::Interrupted);
        orders.into_iter().for_each(|order| drop(self.carry_out(order)));
    }

    /// One step, and whatever follows from its orders, one after the other.
    fn advance(&mut self, mut state: State, event: Event) -> State {
        // As long as the orders of one step: each brings one event at most.
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let (next, orders) = conductor::step(state.at(Instant::now()), event);
            state = next;
            for order in orders {
                match self.carry_out(order) {
                    Ok(event) => events.extend(event),
                    Err((turn, error)) => events.push_back(failed(turn, error)),
                }
            }
        }
        if state.is_live() && state.doing() != self.doing {
            self.doing = state.doing();
            self.tell(News::Doing(self.doing));
        }
        state
    }

    /// Returns what happened at once, if anything did.
    fn carry_out(&mut self, order: Order) -> Result<Option<Event>, (TurnId, Error)> {
        match order {
            Order::Cancel(turn) => self.cancel(&turn),
            Order::Hush(turn) => return Ok(Some(Event::Hushed { turn, played: self.lane.hush() })),
            Order::Hold(on) => self.lane.hold(on),
            // A listener that is busy keeps the pause it has.
            Order::Expect(expect) => self.want(Wanted::Expect(expect)),
            // One that is too busy for this for minutes has nothing to be told any more.
            Order::GiveUp(turn) => self.want(Wanted::GiveUp(turn)),
            Order::Partial(turn, number, speech) => {
                let part = turn.part();
                self.partial = Some(part.clone());
                hand(&mut self.ear, Engine::Ear, part, Hearing::Part(number, speech))?;
            }
            Order::Transcribe(turn, speech) => {
                self.partial.take().iter().for_each(Turn::cancel);
                hand(&mut self.ear, Engine::Ear, turn, Hearing::Whole(speech))?;
            }
            Order::Search(turn, query) => hand(&mut self.documents, Engine::Documents, turn, query)?,
            Order::Write(turn, prompt) => hand(&mut self.writer, Engine::Writer, turn, prompt)?,
            Order::Say(turn, line) => hand(&mut self.voice, Engine::Voice, turn, Line::Say(line))?,
            Order::EndVoice(turn) => hand(&mut self.voice, Engine::Voice, turn, Line::End)?,
            Order::Tell(turn, notice) => self.notice(turn, notice, Instant::now()),
            Order::TellLate(turn, notice, at) => self.notice(turn, notice, at),
        }
        Ok(None)
    }

    fn cancel(&mut self, turn: &Turn) {
        turn.cancel();
        self.partial.take_if(|part| part.id() == turn.id()).iter().for_each(Turn::cancel);
    }

    /// Never waits: the listener may be waiting for us.
    fn want(&self, wanted: Wanted) {
        let _ = self.listener.as_ref().map(|listener| listener.try_send(wanted));
    }

    fn swapped(&mut self, swap: impl FnOnce(&mut Self) -> Option<Result<()>>) {
        if let Some(Err(error)) = swap(self) {
            self.tell(News::Note(error.to_string()));
        }
    }

    fn freed(&mut self, engine: Engine) -> Result<(), (TurnId, Error)> {
        let done = match engine {
            Engine::Ear => self.ear.as_mut().map(Desk::freed),
            Engine::Documents => self.documents.as_mut().map(Desk::freed),
            Engine::Writer => self.writer.as_mut().map(Desk::freed),
            Engine::Voice => self.voice.as_mut().map(Desk::freed),
            Engine::Speaker => None,
        };
        done.unwrap_or(Ok(()))
    }

    fn notice(&self, turn: TurnId, notice: Notice, at: Instant) {
        if let Notice::Transcript(_) = notice {
            // A listener that is busy waits for its phrase a question later.
            self.want(Wanted::Understood);
        }
        self.tell_of(News::Turn(turn, notice), at);
    }

    fn tell(&self, news: News) {
        self.tell_of(news, Instant::now());
    }

    fn tell_of(&self, news: News, at: Instant) {
        // A face that is gone needs no news.
        let _ = self.told.send(Told { at, news });
    }
}

fn ear(open: Opener<dyn Stt>, events: &SyncSender<Message>) -> Result<Desk<dyn Stt, Hearing>> {
    let report = reporter(events);
    worker::spawn(Engine::Ear, edges::JOBS, open, events.clone(), move |ear, turn, job| {
        let id = turn.id();
        report(match job {
            Hearing::Whole(speech) => Event::Heard { turn: id, result: ear.and_then(|ear| transcribe(ear, &speech, &turn)) },
            Hearing::Part(number, speech) => Event::Partly { turn: id, number, result: ear.and_then(|ear| ear.partial(&speech, &turn)) },
        });
    })
}

fn documents(open: Opener<dyn Searcher>, events: &SyncSender<Message>) -> Result<Desk<dyn Searcher, Query>> {
    let report = reporter(events);
    worker::spawn(Engine::Documents, edges::JOBS, open, events.clone(), move |documents, turn, query| {
        report(Event::Found { turn: turn.id(), result: documents.and_then(|d| d.search(&query, &turn)) });
    })
}

fn writer(open: Opener<dyn Llm>, events: &SyncSender<Message>) -> Result<Desk<dyn Llm, Box<Prompt>>> {
    let report = reporter(events);
    worker::spawn(Engine::Writer, edges::JOBS, open, events.clone(), move |llm, turn, prompt: Box<Prompt>| {
        let id = turn.id();
        let mut out = |piece| {
            report(Event::Wrote { turn: id, piece });
            turn.alive()
        };
        let result = llm.and_then(|llm| {
            let finish = llm.write(&prompt, &turn, &mut out)?;
            Ok(Finish { notes: llm.notes().to_vec(), ..finish })
        });
        report(Event::Finished { turn: id, result });
    })
}

fn voice(open: Opener<dyn Tts>, events: &SyncSender<Message>, lane: Arc<Lane>) -> Result<Desk<dyn Tts, Line>> {
    let report = reporter(events);
    worker::spawn(Engine::Voice, edges::FRAGMENTS, open, events.clone(), move |tts, turn, line| {
        if let Some(event) = say(tts, &turn, line, &lane) {
            report(event);
        }
    })
}

/// How a worker reports. A failed send means that the pipeline ends, and nobody wants to know.
fn reporter(events: &SyncSender<Message>) -> impl Fn(Event) + Send + use<> {
    let events = events.clone();
    move |event| drop(events.send(Message::Event(event)))
}

/// Ends a turn, whatever it was at: the conductor takes the same road for every failure.
fn failed(turn: TurnId, error: Error) -> Event {
    Event::Finished { turn, result: Err(error) }
}

fn hand<T: ?Sized, J>(desk: &mut Option<Desk<T, J>>, engine: Engine, turn: Turn, job: J) -> Result<(), (TurnId, Error)> {
    let missing = || Error::report(Room::Pipeline, format!("a turn needs the {}, which was not started", engine.name()));
    match desk {
        Some(desk) => desk.hand(turn, job),
        None => Err((turn.id(), missing())),
    }
}

/// Several utterances are one question: texts joined, times shifted, confidence weighted by length.
fn transcribe(ear: &mut dyn Stt, speech: &[Utterance], turn: &Turn) -> Result<Transcript> {
    let heard = speech.iter().map(|part| ear.transcribe(part, turn)).collect::<Result<Vec<_>>>()?;
    Ok(Transcript::joined(heard, speech))
}

/// Synthesises a fragment into the lane. Waiting for room in the lane is no time of making.
fn speak(tts: &mut (dyn Tts + 'static), sentence: &Sentence, turn: &Turn, lane: &Lane) -> Result<Made> {
    lane.mark(sentence.index, turn)?;
    let (begun, mut waited, mut length) = (Instant::now(), Duration::ZERO, Duration::ZERO);
    let spoken = tts.say(sentence, turn, &mut |sound| {
        let full = Instant::now();
        length += sound.duration();
        let pushed = lane.push(&sound, turn);
        waited += full.elapsed();
        pushed
    })?;
    let took = if spoken.cached { Duration::ZERO } else { begun.elapsed().saturating_sub(waited) };
    Ok(Made { length, took })
}

/// `None` when the turn is stale: nobody waits for it.
fn say(tts: Result<&mut (dyn Tts + 'static)>, turn: &Turn, line: Line, lane: &Lane) -> Option<Event> {
    let id = turn.id();
    let result = match line {
        Line::Say(sentence) => tts.and_then(|tts| speak(tts, &sentence, turn, lane)),
        // The speaker answers the mark, once everything before it was heard.
        Line::End => return lane.end(turn).err().filter(|e| !e.is_stale()).map(|e| Event::Drained { turn: id, result: Err(e) }),
    };
    match result {
        Err(error) if error.is_stale() => None,
        result => Some(Event::Spoke { turn: id, result }),
    }
}

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;
