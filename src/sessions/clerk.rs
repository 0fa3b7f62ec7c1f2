//! A conversation as it is followed into what is written of it, on a thread that alone waits for the disk.
//!
//! A disk may take seconds, and whoever waits for keys must not. The clerk follows the news and hands over exchanges and
//! errands; what became of them is asked for with [`Clerk::replies`]. Nothing handed over is lost when the program ends:
//! [`Clerk::finish`], and whatever ends the process, waits for the disk, but not for ever.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    Conversation, Keeper, Scribe, Settings,
    entry::Line,
    keeper::Models,
    tally::{LAST, Tally, What, settle_all},
};
use crate::{
    error::{Error, Result, Room},
    os::{paths::Paths, stop},
    pipeline::{news::Told, worker},
    turn::TurnId,
};

/// Questions, exchanges and errands on their way to the disk. When it is full, the face waits for [`PLACE`]; then the exchange is
/// given up, and that is said. It takes a disk that stands still for an hour of talk.
const QUEUE: usize = 512;
const PLACE: Duration = Duration::from_secs(1);

/// How long another conversation that was asked for holds back what would be asked. A disk that needs longer is no reason to
/// fall silent: what is asked then is written after it, in its turn.
pub const TURN: Duration = Duration::from_secs(10);

/// Why nothing can be asked now.
pub fn turning() -> Error {
    Error::retry(Room::Os, "the disk has not answered yet which conversation this is").hint("ask again in a moment")
}

/// What a face may ask for; each is answered by the [`Reply`] of the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
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

impl Reply {
    /// What somebody who left should still know.
    fn farewell(&self) -> Option<String> {
        match self {
            Self::Trouble(error) | Self::Anew(Err(error)) | Self::Resumed(Err(error)) | Self::Exported(Err(error)) => {
                Some(error.to_string())
            }
            Self::Exported(Ok(path)) => Some(format!("wrote {}", path.display())),
            Self::Anew(Ok(())) | Self::Resumed(Ok(_)) => None,
        }
    }
}

enum Job {
    Keep(TurnId, Box<Line>),
    Errand(Errand, Option<TurnId>),
    Other(Box<dyn FnOnce() -> Result<()> + Send>),
}

impl Job {
    /// What is not so when it is not done.
    fn unless(&self) -> &'static str {
        match self {
            Self::Keep(_, line) => match **line {
                Line::Exchange(_) => "the last exchange is not kept",
                Line::Withdrawn { .. } => "a question that was not meant stays kept",
                _ => "the last question is not kept",
            },
            Self::Errand(Errand::Anew, _) => "no new conversation was begun",
            Self::Errand(Errand::Resume(_), _) => "the conversation was not taken up",
            Self::Errand(Errand::Export(_), _) => "nothing was exported",
            Self::Other(_) => "what you choose is not kept for the next time",
        }
    }

    fn what(&self) -> What {
        match self {
            Self::Keep(_, line) if matches!(**line, Line::Exchange(_)) => What::Exchange,
            Self::Keep(..) => What::Question,
            Self::Errand(..) | Self::Other(_) => What::Other,
        }
    }
}

/// A face's side of the files of its conversation. Only [`settle`](Self::settle) and [`finish`](Self::finish) wait.
pub struct Clerk {
    scribe: Scribe,
    jobs: SyncSender<Job>,
    replies: Receiver<Reply>,
    tally: Arc<Tally>,
    /// The disk had not taken everything when it was waited for last.
    stands: bool,
    /// Errands after which it is another conversation, and which are not answered; when the last was sent.
    turning: usize,
    turned: Instant,
    /// What the scribe held when the program ended was handed over.
    finished: bool,
    patience: Patience,
}

/// How long is waited, by whom.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For a place in the queue.
    place: Duration,
    /// For the disk, at the end.
    last: Duration,
    /// By whoever wants to ask, for another conversation.
    turn: Duration,
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
        let (jobs, inbox) = sync_channel::<Job>(QUEUE);
        // As many replies as there can be jobs, and one that is at hand; a face that asks for none misses the rest.
        let (replies, outbox) = sync_channel(QUEUE + 1);
        let tally = Arc::<Tally>::default();
        let counted = tally.clone();
        let body = move || {
            for job in inbox {
                let what = job.what();
                if work(job).is_some_and(|reply| replies.try_send(reply).is_err()) {
                    tracing::debug!("nobody asks what became of the session");
                }
                counted.take(what);
            }
        };
        worker::start("sessions", body)?;
        stop::before_leaving(settle_all);
        Ok(Self {
            scribe: Scribe::default(),
            jobs,
            replies: outbox,
            tally,
            stands: false,
            turning: 0,
            turned: Instant::now(),
            finished: false,
            patience: Patience { place: PLACE, last: LAST, turn: TURN },
        })
    }

    /// With a disk that takes one thing for every message of this channel, and everything once that has closed; whoever
    /// wants to ask waits so long for another conversation.
    #[cfg(test)]
    pub fn waiting_for(gate: Receiver<()>, mut keeper: Keeper, turn: Duration) -> Result<Self> {
        let work = move |job| {
            let _ = gate.recv();
            carry_out(&mut keeper, job)
        };
        let mut clerk = Self::over(work)?;
        clerk.patience = Patience { place: Duration::from_millis(20), last: Duration::from_millis(20), turn };
        Ok(clerk)
    }

    /// A typed question was sent.
    pub fn asked(&mut self, question: &str) {
        self.scribe.asked(question);
    }

    /// Takes the news; a question that is asked and an exchange that is over go to the disk. The error is to be said: what
    /// is lost.
    pub fn hear(&mut self, told: &Told) -> Option<Error> {
        let (turn, line) = self.scribe.hear(told)?;
        self.hand(Job::Keep(turn, Box::new(line))).err()
    }

    /// Asks for what an [`Errand`] means.
    pub fn send(&mut self, errand: Errand) -> Result<()> {
        let (newest, turns) = (self.scribe.newest(), !matches!(errand, Errand::Export(_)));
        self.hand(Job::Errand(errand, newest))?;
        if turns {
            (self.turning, self.turned) = (self.turning + 1, Instant::now());
        }
        Ok(())
    }

    /// Something else that waits for the disk, in its turn; its error comes as [`Reply::Trouble`].
    pub fn also(&mut self, work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
        self.hand(Job::Other(Box::new(work)))
    }

    /// What became of what was asked for, as far as it is known.
    pub fn replies(&mut self) -> Vec<Reply> {
        let replies: Vec<Reply> = self.replies.try_iter().collect();
        let turned = replies.iter().filter(|reply| matches!(reply, Reply::Anew(_) | Reply::Resumed(_))).count();
        self.turning = self.turning.saturating_sub(turned);
        replies
    }

    /// Whether another conversation was asked for and the disk has not answered: what were asked now would be written into
    /// the wrong one. Not for longer than [`TURN`].
    pub fn is_turning(&self) -> bool {
        self.turning > 0 && self.turned.elapsed() < self.patience.turn
    }

    /// Waits until the disk has everything, but no longer than this, and only once for a disk that stands still: as long as
    /// it has not taken everything, nobody waits for it again. Not for whoever waits for keys.
    pub fn settle(&mut self, patience: Duration) {
        let patience = if self.stands { Duration::ZERO } else { patience };
        self.stands = !self.tally.wait(patience).is_empty();
    }

    /// Whether something was asked that is not over: worth a last word before [`finish`](Self::finish).
    pub fn is_open(&self) -> bool {
        self.scribe.is_open()
    }

    /// The user leaves: what ends from now on is kept even where only the question came.
    pub fn leave(&mut self) {
        self.scribe.leave();
    }

    /// The end: what is not over is kept as far as it came, and the disk is waited for. The sentences are to be said: what
    /// became of what was asked for last, and what is lost.
    pub fn finish(&mut self) -> Vec<String> {
        if std::mem::replace(&mut self.finished, true) {
            return Vec::new();
        }
        let last = self.scribe.close();
        let hand = |(turn, entry)| self.hand(Job::Keep(turn, Box::new(Line::Exchange(entry)))).err();
        let lost = last.into_iter().map(hand).fold(None, |before, now| now.or(before));
        let left = self.tally.wait(self.patience.last);
        let late = (!left.is_empty()).then(|| {
            let error = Error::retry(Room::Os, format!("the disk did not take in time what came last ({})", left.name()));
            error.hint("see `xnai sessions show` for what was kept")
        });
        let replies = self.replies();
        let told = replies.iter().filter_map(Reply::farewell);
        told.chain(lost.iter().chain(&late).map(Error::to_string)).collect()
    }

    fn hand(&self, mut job: Job) -> Result<()> {
        let deadline = Instant::now() + self.patience.place;
        let what = job.what();
        self.tally.add(what);
        loop {
            let refused = match self.jobs.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) if Instant::now() < deadline => {
                    job = back;
                    thread::sleep(Duration::from_millis(5));
                    continue;
                }
                Err(TrySendError::Full(job)) => {
                    let error = Error::retry(Room::Os, format!("{}: the disk has taken nothing for a long time", job.unless()));
                    error.hint("see whether the folder of the sessions can be reached")
                }
                Err(TrySendError::Disconnected(job)) => {
                    let error = Error::report(Room::Os, format!("{}: what writes to the disk has ended unexpectedly", job.unless()));
                    error.hint("please report this, with the log")
                }
            };
            self.tally.take(what);
            return Err(refused);
        }
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        // However a face ends, by a panic as well, what was said is on the disk.
        for sentence in self.finish() {
            tracing::warn!(sentence, "sessions");
        }
    }
}

fn carry_out(keeper: &mut Keeper, job: Job) -> Option<Reply> {
    match job {
        Job::Keep(turn, line) => keeper.write(turn, *line).map(Reply::Trouble),
        Job::Other(work) => work().err().map(Reply::Trouble),
        Job::Errand(Errand::Anew, newest) => Some(Reply::Anew(keeper.anew(newest))),
        Job::Errand(Errand::Resume(wanted), newest) => Some(Reply::Resumed(keeper.resume(&wanted, newest))),
        Job::Errand(Errand::Export(file), _) => Some(Reply::Exported(keeper.export(file))),
    }
}

#[cfg(test)]
#[path = "clerk_tests.rs"]
mod tests;
