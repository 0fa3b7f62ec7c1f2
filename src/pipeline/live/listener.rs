//! The microphone into what the conductor is told of it: levels, utterances, and what became of the device.
//!
//! One thread. It waits for sound at most [`LOOK`] at a time, so that a wish is met at once.

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
        DeviceNews, Heard, MicState, Microphone, SpeakerState,
        listen::{End, Event as Noticed, Segmenter},
    },
    parcel::{EAR_RATE, Utterance},
    pipeline::{
        Message,
        conductor::{Change, Event, Expect, Sound},
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

/// When what was said ends like a sentence, this share of the configured pause means the end.
const SHORTER: f64 = 0.6;

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
    /// The speaker as it was asked for.
    pub speaker: String,
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
    output: Option<SpeakerState>,
    /// As it was told last.
    phrase: Phrase,
}

/// The conductor is gone; so is the reason to listen.
struct Gone;

impl Listener {
    pub fn run(mut self, hands_free: bool) {
        if let Some(waking) = &mut self.waking {
            waking.switch(hands_free);
            self.segmenter.remember(edges::SPOTTED);
        }
        self.segmenter.hands_free(hands_free && self.waking.is_none());
        let listening = Listening {
            parts: self,
            turn: None,
            hands_free,
            key: false,
            released: None,
            lost: false,
            partial_at: 0,
            level_at: 0,
            level: Level::default(),
            newest: (0, Instant::now()),
            output: None,
            phrase: Phrase::default(),
        };
        // It ends with the conductor.
        let _ = listening.run();
    }
}

impl Listening {
    fn run(mut self) -> Result<(), Gone> {
        let (mut raw, mut clean) = (Vec::new(), Vec::new());
        loop {
            while let Ok(wanted) = self.parts.wanted.try_recv() {
                self.obey(wanted)?;
            }
            raw.clear();
            clean.clear();
            match self.parts.microphone.read(&mut raw, LOOK) {
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
            self.speaker()?;
        }
    }

    fn obey(&mut self, wanted: Wanted) -> Result<(), Gone> {
        let events = match wanted {
            Wanted::Press => {
                (self.key, self.released) = (true, None);
                let events = self.parts.segmenter.press();
                let begins = events.iter().any(|event| matches!(event, Noticed::Began { .. }));
                if self.turn.is_some() && !begins {
                    // What was being heard already is meant now; the press silenced the turn that it had.
                    let turn = self.parts.session.turn();
                    self.turn = Some(turn.clone());
                    self.report(Event::Sound(Sound::Began { turn, origin: Origin::Key }))?;
                }
                events
            }
            Wanted::Release => {
                self.released = Some(Instant::now());
                let mut events = self.parts.segmenter.release();
                if self.lost {
                    // No sound comes any more that could be the rest of it.
                    events.extend(self.parts.segmenter.flush());
                }
                events
            }
            Wanted::Forget => {
                self.parts.segmenter.forget();
                (self.turn, self.key, self.released) = (None, false, None);
                self.parts.waking.iter_mut().for_each(Waking::answered);
                Vec::new()
            }
            Wanted::HandsFree(on) => {
                if self.key && self.released.is_none() {
                    self.obey(Wanted::Release)?;
                }
                self.hands_free = on;
                if let Some(waking) = &mut self.parts.waking {
                    waking.switch(on);
                }
                self.parts.segmenter.hands_free(on && self.parts.waking.is_none())
            }
            Wanted::Input(name) => {
                self.parts.microphone.retarget(&name);
                self.parts.segmenter.flush()
            }
            Wanted::Understood => {
                self.parts.waking.iter_mut().for_each(Waking::answered);
                Vec::new()
            }
            Wanted::Expect(expect) => {
                let share = if expect == Expect::End { SHORTER } else { 1.0 };
                let pause = Duration::from_millis(self.parts.segmenter.settings().soft_pause_ms.into()).mul_f64(share);
                self.parts.segmenter.set_soft_pause(pause);
                Vec::new()
            }
        };
        events.into_iter().try_for_each(|event| self.noticed(event))
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
                self.obey(Wanted::Expect(Expect::More))?;
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
        let Some(turn) = &self.turn else { return Ok(()) };
        if self.parts.segmenter.position() < self.partial_at {
            return Ok(());
        }
        self.partial_at = self.parts.segmenter.position() + PARTIAL;
        match self.parts.segmenter.snapshot().filter(|speech| speech.samples.len() >= FIRST_PARTIAL) {
            Some(speech) => self.report(Event::Sound(Sound::SoFar { turn: turn.id(), speech })),
            None => Ok(()),
        }
    }

    fn meter(&mut self, at: u64, db: f32, speech: bool) -> Result<(), Gone> {
        self.level.db = self.level.db.max(db);
        self.level.speech |= speech;
        if at < self.level_at {
            return Ok(());
        }
        self.level_at = at + LEVEL;
        let level = std::mem::replace(&mut self.level, Level { db: -90.0, speech: false });
        self.tell(News::Level(level))
    }

    fn device(&mut self, heard: &Heard) -> Result<(), Gone> {
        let lost = heard.state == MicState::Lost;
        if std::mem::replace(&mut self.lost, lost) && !lost {
            self.parts.cleaner.begin_anew();
        }
        let name = self.parts.microphone.name();
        let state = match heard.news {
            None => return Ok(()),
            Some(DeviceNews::Back | DeviceNews::Unmuted) => DeviceState::Open(name),
            Some(DeviceNews::Muted) => DeviceState::Muted,
            Some(DeviceNews::Lost) => {
                // What was begun can get no end any more.
                let events = self.parts.segmenter.flush();
                events.into_iter().try_for_each(|event| self.noticed(event))?;
                let why = self.parts.microphone.trouble();
                DeviceState::Lost(why.map_or_else(|| format!("{name} went away"), |error| error.to_string()))
            }
        };
        self.tell(News::Device(Side::Input, state))
    }

    /// Without a speaker the answer is text alone.
    fn speaker(&mut self) -> Result<(), Gone> {
        let Some(knobs) = self.parts.lane.knobs() else { return Ok(()) };
        let (state, trouble) = (knobs.state(), knobs.trouble());
        // A speaker that is not there and has no trouble was not tried yet.
        let untried = state == SpeakerState::Lost && trouble.is_none() && self.output.is_none();
        if self.output == Some(state) || untried {
            return Ok(());
        }
        self.output = Some(state);
        let fine = state == SpeakerState::Fine;
        self.report(Event::Changed(Change::Audible(fine)))?;
        let why = trouble.map_or_else(|| "it went away".into(), |error| error.to_string());
        self.tell(News::Device(Side::Output, if fine { DeviceState::Open(self.parts.speaker.clone()) } else { DeviceState::Lost(why) }))
    }

    fn report(&self, event: Event) -> Result<(), Gone> {
        self.parts.messages.send(Message::Event(event)).map_err(|_| Gone)
    }

    fn tell(&self, news: News) -> Result<(), Gone> {
        self.parts.messages.send(Message::News(news)).map_err(|_| Gone)
    }
}
