//! One named thread per engine: it opens its engine at once, then does one job after the other.
//!
//! Engines load in parallel because every worker opens its own. An engine that cannot be opened does not stop the
//! program: whoever needs it is told the reason, job by job.

use std::{
    collections::VecDeque,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, OnceLock,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Instant,
};

use super::{Message, News, news::Stays};
use crate::{
    error::{Error, Result, Room},
    turn::{Turn, TurnId},
};

/// The engines, by what they do; also the index of their desks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    Ear,
    Documents,
    Writer,
    Voice,
    Speaker,
}

impl Engine {
    /// Thread name and the key in `--json`; Linux keeps 15 bytes of it.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Ear => "ear",
            Engine::Documents => "documents",
            Engine::Writer => "writer",
            Engine::Voice => "voice",
            Engine::Speaker => "speaker",
        }
    }
}

/// Makes an engine on the thread that will use it.
pub type Opener<T> = Box<dyn FnOnce() -> Result<Box<T>> + Send>;

/// What a worker is handed.
enum Task<T: ?Sized, J> {
    Job(Turn, J),
    /// Another engine from now on.
    Swap(Swap<T>),
}

/// Another engine in place of the one at work, which is closed before, so that never both are in memory.
pub struct Swap<T: ?Sized> {
    pub open: Opener<T>,
    /// Opens the one at work again, when the other cannot be opened.
    pub back: Opener<T>,
    /// Whether the other could be opened, once that is known.
    pub worked: Arc<OnceLock<bool>>,
    /// What the other is called, and what the one at work.
    pub names: (String, String),
}

/// Starts a worker. `run` is given the engine, or the reason why there is none, and answers by messages.
pub fn spawn<T, J>(
    engine: Engine,
    capacity: usize,
    open: Opener<T>,
    events: SyncSender<Message>,
    mut run: impl FnMut(Result<&mut T>, Turn, J) + Send + 'static,
) -> Result<Desk<T, J>>
where
    T: ?Sized + 'static,
    J: Send + 'static,
{
    let (jobs, inbox) = sync_channel::<Task<T, J>>(capacity);
    let work = move || {
        let mut opened = timed_open(engine, open, &events);
        for task in inbox {
            match task {
                Task::Swap(swap) => {
                    drop(opened);
                    opened = exchange(engine, swap, &events);
                }
                Task::Job(turn, job) => {
                    let id = turn.id();
                    if let Err(error) = guarded(engine, || run(opened.as_deref_mut().map_err(|e| e.clone()), turn, job)) {
                        // What it left behind cannot be trusted: from now on every job is told so.
                        opened = Err(error.clone());
                        let _ = events.send(Message::Broke(id, error));
                    }
                }
            }
            if events.send(Message::Free(engine)).is_err() {
                break;
            }
        }
    };
    start(engine.name(), work)?;
    Ok(Desk { engine, jobs, capacity, outstanding: 0, swap: None, waiting: VecDeque::new() })
}

/// Opens the other engine; when that fails, says so, and opens again the one that was at work.
fn exchange<T: ?Sized>(engine: Engine, swap: Swap<T>, events: &SyncSender<Message>) -> Result<Box<T>> {
    let opened = timed_open(engine, swap.open, events);
    // Nobody else sets it.
    let _ = swap.worked.set(opened.is_ok());
    opened.or_else(|error| {
        let ((refused, name), why) = (swap.names, error.to_string());
        let _ = events.send(Message::News(News::Stays(Stays { engine, refused, name, why })));
        timed_open(engine, swap.back, events)
    })
}

pub fn timed_open<T: ?Sized>(engine: Engine, open: Opener<T>, events: &SyncSender<Message>) -> Result<Box<T>> {
    let started = Instant::now();
    let opened = guarded(engine, open).flatten();
    let took = started.elapsed();
    tracing::debug!(engine = engine.name(), ms = took.as_millis() as u64, ok = opened.is_ok(), "opened");
    // The pipeline may be gone already; then nobody wants to know.
    let _ = events.send(Message::Loaded(engine, took));
    opened
}

/// Runs what may panic; a panic is a fault of ours and ends nothing but the turn.
pub fn guarded<R>(engine: Engine, body: impl FnOnce() -> R) -> Result<R> {
    // Whoever gets the error throws the engine away, so that nothing half-changed is ever used.
    panic::catch_unwind(AssertUnwindSafe(body)).map_err(|_| {
        Error::report(Room::Pipeline, format!("the {} met a fault of ours", engine.name())).hint("please report this, with what it printed")
    })
}

/// Starts a thread under its name.
pub fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>> {
    thread::Builder::new()
        .name(format!("xnai-{name}"))
        .spawn(body)
        .map_err(|e| Error::retry(Room::Pipeline, format!("the system gave no thread for the {name}: {e}")))
}

/// The conductor's side of a worker: never blocks, never overfills, and forgets what became stale.
pub struct Desk<T: ?Sized, J> {
    engine: Engine,
    jobs: SyncSender<Task<T, J>>,
    capacity: usize,
    outstanding: usize,
    /// Another engine, to be handed over before any further job; the last one wished for.
    swap: Option<Swap<T>>,
    /// Jobs that wait for a free place; those of superseded turns are dropped, so it holds one turn's at most.
    waiting: VecDeque<(Turn, J)>,
}

impl<T: ?Sized, J> Desk<T, J> {
    /// Hands out a job, at once or when the worker is free. An error is that of the turn named with it.
    pub fn hand(&mut self, turn: Turn, job: J) -> Result<(), (TurnId, Error)> {
        self.waiting.retain(|(turn, _)| !turn.is_stale());
        self.waiting.push_back((turn, job));
        self.fill()
    }

    /// Puts another engine in place of this one, after the jobs already handed out.
    pub fn swap(&mut self, swap: Swap<T>) -> Result<()> {
        self.swap = Some(swap);
        self.fill().map_err(|(_, error)| error)
    }

    /// The worker finished a job.
    pub fn freed(&mut self) -> Result<(), (TurnId, Error)> {
        self.outstanding = self.outstanding.saturating_sub(1);
        self.fill()
    }

    fn fill(&mut self) -> Result<(), (TurnId, Error)> {
        while self.outstanding < self.capacity {
            let (id, next) = match (self.swap.take(), self.waiting.pop_front()) {
                (Some(swap), job) => {
                    job.into_iter().for_each(|job| self.waiting.push_front(job));
                    (TurnId::NONE, Task::Swap(swap))
                }
                (None, Some((turn, _))) if turn.is_stale() => continue,
                (None, Some((turn, job))) => (turn.id(), Task::Job(turn, job)),
                (None, None) => break,
            };
            match self.jobs.try_send(next) {
                Ok(()) => self.outstanding += 1,
                Err(TrySendError::Full(_)) => return Err((id, self.fault("was handed more than it has places"))),
                Err(TrySendError::Disconnected(_)) => return Err((id, self.fault("has ended unexpectedly"))),
            }
        }
        Ok(())
    }

    fn fault(&self, what: &str) -> Error {
        Error::report(Room::Pipeline, format!("the {} {what}", self.engine.name())).hint("please report this, with the log")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::turn::Session;

    #[test]
    fn an_engine_that_cannot_open_says_why_for_every_job() {
        let (events, inbox) = sync_channel(16);
        let (said, heard) = sync_channel(4);
        let open: Opener<str> = Box::new(|| Err(Error::fetch(Room::Tts, "no voice")));
        let run = move |engine: Result<&mut str>, _, ()| said.send(engine.map(|_| ()).unwrap_err().kind()).unwrap();
        let mut desk = spawn(Engine::Voice, 1, open, events, run).unwrap();
        let turn = Session::new().turn();
        desk.hand(turn.clone(), ()).unwrap();
        desk.hand(turn, ()).unwrap();
        assert!(matches!(inbox.recv().unwrap(), Message::Loaded(Engine::Voice, _)));
        assert!(matches!(inbox.recv().unwrap(), Message::Free(Engine::Voice)));
        desk.freed().unwrap();
        drop(desk);
        assert_eq!(heard.iter().collect::<Vec<_>>(), vec![crate::error::Kind::Fetch; 2]);
    }

    #[test]
    fn an_engine_that_cannot_take_over_leaves_the_one_that_was_there() {
        let (events, inbox) = sync_channel(16);
        let (said, heard) = sync_channel(4);
        let run = move |engine: Result<&mut str>, _, ()| said.send(engine.unwrap().to_owned()).unwrap();
        let mut desk = spawn(Engine::Voice, 1, Box::new(|| Ok("first".into())), events, run).unwrap();
        let (turn, worked) = (Session::new().turn(), Arc::new(OnceLock::new()));
        let open: Opener<str> = Box::new(|| Err(Error::fetch(Room::Tts, "no such voice")));
        desk.swap(Swap { open, back: Box::new(|| Ok("again".into())), worked: worked.clone(), names: ("b".into(), "a".into()) }).unwrap();
        desk.hand(turn, ()).unwrap();
        let note = inbox.iter().find_map(|message| match message {
            Message::News(News::Stays(stays)) => Some(stays),
            _ => None,
        });
        let note = note.unwrap();
        assert_eq!((note.to_string().as_str(), note.name.as_str()), ("the voice stays as it was: no such voice", "a"));
        desk.freed().unwrap();
        let said = heard.recv_timeout(Duration::from_secs(10));
        assert_eq!((said.as_deref(), worked.get()), (Ok("again"), Some(&false)));
    }

    #[test]
    fn stale_jobs_are_forgotten_instead_of_queued() {
        let (events, _inbox) = sync_channel(16);
        let (gate, wait) = sync_channel::<()>(0);
        let (did, done) = sync_channel(16);
        let open: Opener<str> = Box::new(|| Ok("".into()));
        let run = move |_: Result<&mut str>, _, job: u32| {
            let _ = wait.recv();
            let _ = did.send(job);
        };
        let mut desk = spawn(Engine::Writer, 1, open, events, run).unwrap();
        let session = Session::new();
        desk.hand(session.turn(), 0).unwrap();
        for job in 1..100 {
            let turn = session.turn();
            desk.hand(turn.clone(), job).unwrap();
            turn.cancel();
            assert!(desk.waiting.len() <= 2);
        }
        desk.hand(session.turn(), 100).unwrap();
        gate.send(()).unwrap();
        desk.freed().unwrap();
        gate.send(()).unwrap();
        drop(desk);
        assert_eq!(done.iter().collect::<Vec<u32>>(), [0, 100]);
    }
}
