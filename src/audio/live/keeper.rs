//! A speaker that outlives its device: a thread of its own keeps one open, and where there is none lets sound pass
//! unheard at its own pace, so that a conversation goes on.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    mouth::Mouth,
    opening::{Opening, is_news},
    seat::Seat,
    shared::Shared,
    voice::{Drive, Voice, ring},
    watch::Watch,
};
use crate::{
    audio::Speaker,
    error::{Error, Result, Room},
};

/// Of the ring before the first device is open; most devices take it.
const RATE: u32 = 48_000;

/// Between two looks at the device.
const LOOK: Duration = Duration::from_millis(10);

/// Opens the device of that name, as `audio.output` has it, and lets it run: silent until it is given a mouth.
pub type OpenSpeaker = dyn Fn(&str, &Arc<Shared>) -> Result<Playing> + Send + Sync;

/// A device that plays.
pub struct Playing<S = Box<dyn Send>> {
    /// Dropped, it stops.
    pub stream: S,
    pub name: String,
    pub channels: u16,
    pub rate: u32,
    /// For the mouth that it calls.
    pub seat: Arc<Seat>,
    /// The device reported an error that it does not survive.
    pub failed: Arc<AtomicBool>,
}

impl<S: Send + 'static> Playing<S> {
    /// Whatever keeps it running.
    pub fn boxed(self) -> Playing {
        let Self { stream, name, channels, rate, seat, failed } = self;
        Playing { stream: Box::new(stream), name, channels, rate, seat, failed }
    }
}

/// A speaker that reopens what `open` opens. Never fails: without a device nobody hears it.
pub fn keep(open: Arc<OpenSpeaker>, wanted: &str, volume: f32) -> Box<dyn Speaker> {
    let (to, mouth, shared) = ring(RATE, volume);
    let closed = Arc::new(AtomicBool::new(false));
    let keeper = Keeper {
        open,
        wanted: wanted.to_owned(),
        shared: shared.clone(),
        closed: closed.clone(),
        device: None,
        opening: Opening::new(Instant::now()),
        mouth: Some(Box::new(mouth)),
        left: None,
        paced: Instant::now(),
        scratch: Box::new([0.0; 1024]),
    };
    let thread = thread::Builder::new().name("xnai-device".into()).spawn(move || keeper.run()).ok();
    Box::new(Voice::new(Kept { closed, thread }, to, shared))
}

/// The owner's hold on the thread.
struct Kept {
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drive for Kept {
    fn look(&mut self, _shared: &Shared) -> Result<()> {
        match &self.thread {
            Some(thread) if !thread.is_finished() => Ok(()),
            _ => {
                Err(Error::report(Room::Audio, "the thread that keeps the speaker open has ended").hint("please report this, with the log"))
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.closed.store(true, Relaxed);
    }
}

struct Keeper {
    open: Arc<OpenSpeaker>,
    wanted: String,
    shared: Arc<Shared>,
    closed: Arc<AtomicBool>,
    device: Option<(Playing, Watch)>,
    opening: Opening<Playing>,
    /// While no device has it.
    mouth: Option<Box<Mouth>>,
    /// Of the device that was left, until its mouth was taken away.
    left: Option<Arc<Seat>>,
    /// Up to when sound has passed unheard.
    paced: Instant,
    scratch: Box<[f32; 1024]>,
}

impl Keeper {
    fn run(mut self) {
        while !self.closed.load(Relaxed) {
            if let Some(wanted) = self.shared.take_wanted() {
                self.wanted = wanted;
                self.leave();
                self.opening.anew(Instant::now());
                // Why the one before is gone says nothing of this one.
                *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            self.check();
            if self.device.is_none() {
                self.fetch();
                self.try_open();
                self.pass();
            }
            thread::sleep(LOOK);
        }
    }

    /// Is it still there?
    fn check(&mut self) {
        let calls = self.shared.asked.load(Relaxed);
        let Some((device, watch)) = &mut self.device else { return };
        if device.failed.load(Relaxed) || watch.is_lost(calls, Instant::now()) {
            let error = Error::reopen(Room::Audio, format!("the sound device {} went away", device.name));
            self.lose(error.hint("plug it in again, or name another as audio.output"));
            self.leave();
        }
    }

    fn lose(&mut self, error: Error) {
        if !self.shared.lost.swap(true, Relaxed) {
            self.paced = Instant::now();
        }
        let mut trouble = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if is_news(trouble.as_ref(), &error) {
            tracing::warn!(%error, asked = self.shared.asked.load(Relaxed), "no speaker");
            *trouble = Some(error);
        }
    }

    /// Closes the device, however long that takes: the mouth is taken away from it before.
    fn leave(&mut self) {
        if let Some((device, _)) = self.device.take() {
            device.seat.give_up();
            self.left = Some(device.seat.clone());
            self.opening.leave(device, Instant::now());
        }
    }

    /// Takes the mouth away from the device that was left. A call that is going on is over in a moment.
    fn fetch(&mut self) {
        let taken = self.left.as_ref().and_then(|seat| seat.take());
        if taken.is_some() {
            (self.mouth, self.left) = (taken, None);
        }
    }

    fn try_open(&mut self) {
        // Without its mouth a device would be silent.
        if self.mouth.is_none() {
            return;
        }
        let (open, wanted, shared) = (self.open.clone(), self.wanted.clone(), self.shared.clone());
        match self.opening.poll(Instant::now(), move || open(&wanted, &shared)) {
            None => {}
            Some(Err(error)) => self.lose(error),
            Some(Ok(device)) => self.begin(device),
        }
    }

    fn begin(&mut self, device: Playing) {
        let Some(mut mouth) = self.mouth.take() else { return };
        if device.rate != self.shared.rate.load(Relaxed) {
            mouth.empty();
            self.shared.rate.store(device.rate, Relaxed);
        }
        self.shared.asked.store(0, Relaxed);
        device.seat.put(Box::new(mouth.for_device(device.channels, device.rate)));
        tracing::info!(device = device.name, rate = device.rate, "the speaker is open");
        self.shared.opened(&device.name);
        self.device = Some((device, Watch::for_playing(Instant::now())));
    }

    /// Lets as much sound pass as would have been heard by now.
    fn pass(&mut self) {
        if !self.shared.lost.load(Relaxed) {
            return;
        }
        let Some(mouth) = &mut self.mouth else { return };
        mouth.for_nobody();
        let rate = self.shared.rate.load(Relaxed);
        let period = Duration::from_secs_f64(self.scratch.len() as f64 / f64::from(rate));
        if self.paced.elapsed() > Duration::from_secs(1) {
            // It was with a device, or the whole process was stopped: that time is not made up for.
            self.paced = Instant::now();
        }
        while self.paced.elapsed() >= period {
            mouth.fill(&mut self.scratch[..], |s| s);
            self.paced += period;
        }
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
