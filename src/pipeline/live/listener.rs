//! The microphone into what the conductor is told of it: levels, utterances, and what became of the device.
//!
//! One thread. It waits for sound at most [`LOOK`] at a time, so that a wish is met at once.
//!
//! | file | does |
//! |---|---|
//! | here | a look at the microphone: what was noticed is told |
//! | `obeying` | what is wanted of it |
//! | `devices` | what became of microphone and speaker |

mod devices;
mod obeying;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender},
    },
    time::{Duration, Instant},
};

use super::{Wanted, pipes::Pipes, waking::Waking};
use crate::{
    audio::{
        Microphone,
        listen::{End, Event as Noticed, Segmenter},
    },
    parcel::{EAR_RATE, Utterance},
    pipeline::{
        Message,
        conductor::{Event, Expect, Sound},
        edges,
        lane::Lane,
        news::{DeviceState, Level, News, Origin, Phrase, Side},
    },
    turn::{Session, Turn},
};

/// Between two looks at what is wanted.
const LOOK: Duration = Duration::from_millis(20);

/// Between two partial transcripts, in samples: 400 ms.
const PARTIAL: u64 = EAR_RATE as u64 * 2 / 5;

/// Less speech than this is not worth a partial transcript, in samples: 600 ms.
const FIRST_PARTIAL: usize = EAR_RATE as usize * 3 / 5;

/// Between two levels told, in samples: 50 ms.
const LEVEL: u64 = EAR_RATE as u64 / 20;

/// What a level begins with.
const QUIET: Level = Level { db: -90.0, speech: false };

/// What a listener needs.
pub(super) struct Listener {
    pub microphone: Box<dyn Microphone>,
    pub segmenter: Segmenter,
    pub pipes: Pipes,
    pub cleaner: super::cleaner::Cleaner,
    /// Hands-free, only what follows the key phrase is heard.
    pub waking: Option<Waking>,
    pub session: Arc<Session>,
    pub lane: Arc<Lane>,
    pub wanted: Receiver<Wanted>,
    pub messages: SyncSender<Message>,
}

/// A listener at work.
pub(super) struct Listening {
    parts: Listener,
    /// What is being heard.
    turn: Option<Turn>,
    hands_free: bool,
    key: bool,
    released: Option<Instant>,
    /// There is no microphone.
    lost: bool,
    /// Position of the next partial transcript, and of the next level.
    partial_at: u64,
    level_at: u64,
    level: Level,
    /// Position and time of the newest sample.
    newest: (u64, Instant),
    /// As they were told last.
    output: Option<DeviceState>,
    /// Since when the speaker is gone or back, until that is told.
    turned: Option<Instant>,
    phrase: Phrase,
    /// What was captured, and what the canceller left of it: they keep their room.
    buffers: (Vec<f32>, Vec<f32>),
}

/// The conductor is gone; so is the reason to listen.
struct Gone;

impl Listener {
    pub fn run(self, hands_free: bool) {
        let mut listening = self.begin(hands_free);
        // It ends with the conductor.
        while listening.look().is_ok() {}
    }

    fn begin(mut self, hands_free: bool) -> Listening {
        if let Some(waking) = &mut self.waking {
            waking.switch(hands_free);
            self.segmenter.remember(edges::SPOTTED);
        }
        self.segmenter.hands_free(hands_free && self.waking.is_none());
        Listening {
            parts: self,
            turn: None,
            hands_free,
            key: false,
            released: None,
            lost: false,
            partial_at: 0,
            level_at: 0,
            level: QUIET,
            newest: (0, Instant::now()),
            output: None,
            turned: None,
            phrase: Phrase::default(),
            buffers: Default::default(),
        }
    }
}

impl Listening {
    /// Meets what is wanted, and hears what there is.
    fn look(&mut self) -> Result<(), Gone> {
        while let Ok(wanted) = self.parts.wanted.try_recv() {
            self.obey(wanted)?;
        }
        self.hear(LOOK)?;
        self.speaker()
    }

    /// Hears all that was captured by now; waits so long for some.
    fn hear(&mut self, patience: Duration) -> Result<(), Gone> {
        let (mut raw, mut clean) = std::mem::take(&mut self.buffers);
        raw.clear();
        clean.clear();
        match self.parts.microphone.read(&mut raw, patience) {
            Ok(heard) => {
                self.device(&heard)?;
                self.parts.pipes.heed(self.key || self.hands_free);
                self.parts.pipes.pass(&mut raw);
                self.parts.cleaner.clean(&raw, self.parts.lane.knobs(), &mut clean);
                let noticed = self.parts.segmenter.push(&clean);
                self.newest = (self.parts.segmenter.position(), heard.at);
                noticed.into_iter().try_for_each(|event| self.noticed(event))?;
                self.wake(&clean)?;
                self.phrase()?;
                self.partial()?;
            }
            Err(error) => {
                self.tell(News::Device(Side::Input, DeviceState::Lost(error.to_string())))?;
                std::thread::sleep(LOOK);
            }
        }
        self.buffers = (raw, clean);
        Ok(())
    }

    /// After the key phrase speech is heard, from where the phrase ended; for a while, or until a question is complete.
    fn wake(&mut self, clean: &[f32]) -> Result<(), Gone> {
        let Some(waking) = &mut self.parts.waking else { return Ok(()) };
        let events = waking.hear(clean).filter(|_| !self.key).map(|at| self.parts.segmenter.hear_from(at));
        waking.shut(self.turn.is_some() || events.is_some(), &mut self.parts.segmenter);
        events.into_iter().flatten().try_for_each(|event| self.noticed(event))
    }

    fn phrase(&mut self) -> Result<(), Gone> {
        let now = self.parts.waking.as_ref().map(Waking::waits_for).unwrap_or_default();
        if std::mem::replace(&mut self.phrase, now) == now {
            return Ok(());
        }
        self.tell(News::Phrase(now))
    }

    fn noticed(&mut self, event: Noticed) -> Result<(), Gone> {
        let sound = match event {
            Noticed::Level(level) => return self.meter(level.at, level.db, level.speech),
            Noticed::Began { at } => {
                self.reckon_with(Expect::More);
                self.partial_at = at + PARTIAL;
                let turn = self.parts.session.turn();
                self.turn = Some(turn.clone());
                Some(Sound::Began { turn, origin: if self.key { Origin::Key } else { Origin::HandsFree } })
            }
            Noticed::Resumed { .. } => self.turn.as_ref().map(Turn::revised).map(|turn| {
                self.turn = Some(turn.clone());
                Sound::Resumed { turn }
            }),
            Noticed::Part { utterance, .. } => {
                let turn = self.turn.as_ref().map(Turn::id);
                turn.map(|turn| Sound::Part { turn, speech: utterance })
            }
            Noticed::Paused { utterance, at } => {
                self.turn.as_ref().map(|turn| Sound::Paused { turn: turn.id(), speech: utterance, since: self.when(at) })
            }
            Noticed::Ended { utterance, at, why } => {
                let since = self.released.take().filter(|_| why == End::Released).unwrap_or_else(|| self.when(at));
                self.key = false;
                self.turn.take().map(|turn| Sound::Ended { turn: turn.id(), speech: utterance, since })
            }
            Noticed::Dropped { at } => self.dropped(at),
        };
        sound.map_or(Ok(()), |sound| self.report(Event::Sound(sound)))
    }

    /// A key that was held without a word deserves an answer; a cough does not.
    fn dropped(&mut self, at: u64) -> Option<Sound> {
        let by_key = std::mem::take(&mut self.key);
        let since = self.when(at);
        let turn = self.turn.take()?.id();
        Some(if by_key { Sound::Ended { turn, speech: Utterance::default(), since } } else { Sound::Dropped { turn } })
    }

    /// When the sample at this position was captured.
    fn when(&self, at: u64) -> Instant {
        let (position, time) = self.newest;
        let ago = Duration::from_secs_f64(position.saturating_sub(at) as f64 / f64::from(EAR_RATE));
        time.checked_sub(ago).unwrap_or(time)
    }

    fn partial(&mut self) -> Result<(), Gone> {
        let Some(turn) = self.turn.as_ref().map(Turn::id) else { return Ok(()) };
        if self.parts.segmenter.position() < self.partial_at {
            return Ok(());
        }
        self.partial_at = self.parts.segmenter.position() + PARTIAL;
        let speech = self.parts.segmenter.snapshot().filter(|speech| speech.samples.len() >= FIRST_PARTIAL);
        self.report(Event::Sound(speech.map_or(Sound::Silent { turn }, |speech| Sound::SoFar { turn, speech })))
    }

    fn meter(&mut self, at: u64, db: f32, speech: bool) -> Result<(), Gone> {
        self.level.db = self.level.db.max(db);
        self.level.speech |= speech;
        if at < self.level_at {
            return Ok(());
        }
        self.level_at = at + LEVEL;
        let level = std::mem::replace(&mut self.level, QUIET);
        self.tell(News::Level(level))
    }

    fn report(&self, event: Event) -> Result<(), Gone> {
        self.parts.messages.send(Message::Event(event)).map_err(|_| Gone)
    }

    fn tell(&self, news: News) -> Result<(), Gone> {
        self.parts.messages.send(Message::News(news)).map_err(|_| Gone)
    }
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
