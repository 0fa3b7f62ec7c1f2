//! A conversation as it is followed into what is written of it, on a thread that alone waits for the disk.
//!
//! A disk may take seconds, and whoever waits for keys must not. The clerk follows the news and hands over exchanges and
//! wishes; what became of them is asked for with [`Clerk::replies`]. Nothing handed over is lost when the program ends:
//! [`Clerk::finish`], and whatever ends the process, waits for the disk, but not for ever.

use std::{
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Conversation, Entry, Keeper, Scribe, Settings, keeper::Models};
use crate::{
    error::{Error, Result, Room},
    os::{paths::Paths, stop},
    pipeline::{
        news::{News, Told},
        worker,
    },
    turn::TurnId,
};

/// Exchanges and wishes on their way to the disk. When it is full, the face waits for [`PLACE`]; then the exchange is
/// given up, and that is said. It takes a disk that stands still for an hour of talk.
const QUEUE: usize = 256;
const PLACE: Duration = Duration::from_secs(1);

/// How long the end of a program may wait for the disk.
const LAST: Duration = Duration::from_secs(2);

/// Of all clerks: handed over and not written yet.
static UNWRITTEN: AtomicUsize = AtomicUsize::new(0);

/// What a face may ask for; each is answered by the [`Reply`] of the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    Anew,
    /// By name, the beginning of a name, or `last`.
    Resume(String),
    /// Into this file, or one named after the conversation.
    Export(Option<String>),
}

/// What became of it.
#[derive(Debug)]
pub enum Reply {
    /// An exchange could not be written: to be said once, nothing needs to stop.
    Trouble(Error),
    Anew(Result<()>),
    /// The conversation to go on with; the sentence beside it is to be said.
    Resumed(Result<(Conversation, Option<Error>)>),
    Exported(Result<PathBuf>),
}

enum Job {
    Keep(TurnId, Box<Entry>),
    Wish(Wish, Option<TurnId>),
}

/// How much was handed over and is not done, and a bell for whoever waits for the end of it.
#[derive(Default)]
struct Tally {
    open: Mutex<usize>,
    done: Condvar,
}

impl Tally {
    fn add(&self) {
        UNWRITTEN.fetch_add(1, Ordering::AcqRel);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn take(&self) {
        UNWRITTEN.fetch_sub(1, Ordering::AcqRel);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.done.notify_all();
    }

    /// How much is left when everything is done, or the time is over.
    fn wait(&self, patience: Duration) -> usize {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (open, _) = self.done.wait_timeout_while(open, patience, |open| *open > 0).unwrap_or_else(PoisonError::into_inner);
        *open
    }
}

/// A face's side of the files of its conversation. Only [`settle`](Self::settle) and [`finish`](Self::finish) wait.
pub struct Clerk {
    scribe: Scribe,
    jobs: SyncSender<Job>,
    replies: Receiver<Reply>,
    tally: Arc<Tally>,
    /// What the scribe held when the program ended was handed over.
    finished: bool,
    /// For a place in the queue, and for the disk at the end.
    patience: (Duration, Duration),
}

impl Clerk {
    /// Begins to keep a conversation: a new one, or `past` taken up again. The sentence beside it is to be said.
    pub fn begin(paths: &Paths, settings: &Settings, models: Models, past: Option<Conversation>) -> Result<(Self, Option<Error>)> {
        let (keeper, note) = Keeper::begin(paths, settings, models, past)?;
        Ok((Self::with(keeper)?, note))
    }

    fn with(mut keeper: Keeper) -> Result<Self> {
        Self::over(move |job| carry_out(&mut keeper, job))
    }

    /// With whatever does the jobs.
    fn over(mut work: impl FnMut(Job) -> Option<Reply> + Send + 'static) -> Result<Self> {
        let (jobs, inbox) = sync_channel(QUEUE);
        // As many replies as there can be jobs, and one that is at hand; a face that asks for none misses the rest.
        let (replies, outbox) = sync_channel(QUEUE + 1);
        let tally = Arc::<Tally>::default();
        let counted = tally.clone();
        let body = move || {
            for job in inbox {
                if work(job).is_some_and(|reply| replies.try_send(reply).is_err()) {
                    tracing::debug!("nobody asks what became of the session");
                }
                counted.take();
            }
        };
        worker::start("sessions", body)?;
        stop::before_leaving(settle_all);
        Ok(Self { scribe: Scribe::default(), jobs, replies: outbox, tally, finished: false, patience: (PLACE, LAST) })
    }

    /// A typed question was sent.
    pub fn asked(&mut self, question: &str) {
        self.scribe.asked(question);
    }

    /// Takes the news; an exchange that is over goes to the disk. The error is to be said: the exchange is lost.
    pub fn hear(&mut self, told: &Told) -> Option<Error> {
        let News::Turn(turn, _) = told.news else { return None };
        let entry = self.scribe.hear(told)?;
        self.hand(Job::Keep(turn, Box::new(entry))).err()
    }

    /// Asks for what a [`Wish`] means.
    pub fn wish(&mut self, wish: Wish) -> Result<()> {
        let newest = self.scribe.newest();
        self.hand(Job::Wish(wish, newest))
    }

    /// What became of what was asked for, as far as it is known.
    pub fn replies(&self) -> Vec<Reply> {
        self.replies.try_iter().collect()
    }

    /// Waits until the disk has everything, but no longer than this. Not for whoever waits for keys.
    pub fn settle(&self, patience: Duration) {
        self.tally.wait(patience);
    }

    /// Whether something was asked that is not over: worth a last word before [`finish`](Self::finish).
    pub fn is_open(&self) -> bool {
        self.scribe.is_open()
    }

    /// The user leaves: what ends from now on is kept even where only the question came.
    pub fn leave(&mut self) {
        self.scribe.leave();
    }

    /// The end: what is not over is kept as far as it came, and the disk is waited for. The error is to be said.
    pub fn finish(&mut self) -> Option<Error> {
        if std::mem::replace(&mut self.finished, true) {
            return None;
        }
        let lost = self.scribe.close().into_iter().filter_map(|(turn, entry)| self.hand(Job::Keep(turn, Box::new(entry))).err());
        let lost = lost.last();
        match self.tally.wait(self.patience.1) {
            0 => lost.or_else(|| self.replies().into_iter().find_map(|reply| if let Reply::Trouble(e) = reply { Some(e) } else { None })),
            left => {
                let message = format!("the disk did not take what was said last in time ({left} exchanges)");
                Some(Error::retry(Room::Os, message).hint("see `xnai sessions show` for what was kept"))
            }
        }
    }

    fn hand(&self, mut job: Job) -> Result<()> {
        let deadline = Instant::now() + self.patience.0;
        self.tally.add();
        loop {
            job = match self.jobs.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(job)) if Instant::now() < deadline => job,
                Err(_) => {
                    self.tally.take();
                    let message = "the last exchange is not kept: the disk has taken nothing for a long time";
                    return Err(Error::retry(Room::Os, message).hint("see whether the folder of the sessions can be reached"));
                }
            };
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        // However a face ends, by a panic as well, what was said is on the disk.
        if let Some(error) = self.finish() {
            tracing::warn!(%error, "sessions");
        }
    }
}

fn carry_out(keeper: &mut Keeper, job: Job) -> Option<Reply> {
    match job {
        Job::Keep(turn, entry) => keeper.keep(turn, *entry).map(Reply::Trouble),
        Job::Wish(Wish::Anew, newest) => Some(Reply::Anew(keeper.anew(newest))),
        Job::Wish(Wish::Resume(wanted), newest) => Some(Reply::Resumed(keeper.resume(&wanted, newest))),
        Job::Wish(Wish::Export(file), _) => Some(Reply::Exported(keeper.export(file))),
    }
}

/// Whatever ends the process comes by here: what was handed over gets its time.
fn settle_all() {
    let deadline = Instant::now() + LAST;
    while UNWRITTEN.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
#[path = "clerk_tests.rs"]
mod tests;
