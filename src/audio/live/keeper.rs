//! A speaker that outlives its device: a thread of its own keeps one open, and where there is none lets sound pass
//! unheard at its own pace, so that a conversation goes on.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rtrb::{Consumer, Producer};

use super::{
    mouth::Mouth,
    opening::{Opening, close},
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

/// A mouth on its way back from a device.
type Back = Arc<Mutex<Option<Mouth>>>;

/// A device that plays.
pub struct Playing<S = Box<dyn Send>> {
    /// Dropped, it stops.
    pub stream: S,
    pub name: String,
    pub channels: u16,
    pub rate: u32,
    /// Takes one mouth.
    pub inlet: Producer<Mouth>,
    /// The device reported an error that it does not survive.
    pub failed: Arc<AtomicBool>,
    pub back: Back,
}

impl<S: Send + 'static> Playing<S> {
    /// Whatever keeps it running.
    pub fn boxed(self) -> Playing {
        let Self { stream, name, channels, rate, inlet, failed, back } = self;
        Playing { stream: Box::new(stream), name, channels, rate, inlet, failed, back }
    }
}

/// The end of it that the device calls; without a mouth it is silent.
pub struct Returning {
    inlet: Consumer<Mouth>,
    mouth: Option<Mouth>,
    back: Back,
}

impl Returning {
    /// What the device calls, where to put the mouth, and where it comes back to when the device is dropped.
    pub fn new() -> (Self, Producer<Mouth>, Back) {
        let ((inlet, outlet), back) = (rtrb::RingBuffer::new(1), Back::default());
        (Self { inlet: outlet, mouth: None, back: back.clone() }, inlet, back)
    }

    /// Allocates, locks, logs and waits never.
    pub fn fill<T: Copy>(&mut self, out: &mut [T], form: impl Fn(f32) -> T) {
        if self.mouth.is_none() {
            self.mouth = self.inlet.pop().ok();
        }
        match &mut self.mouth {
            Some(mouth) => mouth.fill(out, form),
            None => out.fill(form(0.0)),
        }
    }
}

/// Not in a call of the device: when its stream is closed.
impl Drop for Returning {
    fn drop(&mut self) {
        let mouth = self.mouth.take().or_else(|| self.inlet.pop().ok());
        *self.back.lock().unwrap_or_else(PoisonError::into_inner) = mouth;
    }
}

/// A speaker that reopens what `open` opens. Never fails: without a device nobody hears it.
pub fn keep(open: Arc<OpenSpeaker>, wanted: &str, volume: f32) -> Box<dyn Speaker> {
    let (to, mouth, shared) = ring(RATE, volume);
    let closed = Arc::new(AtomicBool::new(false));
    let back = Arc::new(Mutex::new(Some(mouth)));
    let keeper = Keeper {
        open,
        wanted: wanted.to_owned(),
        shared: shared.clone(),
        closed: closed.clone(),
        device: None,
        opening: Opening::new(),
        back,
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
    /// Holds the mouth while no device does.
    back: Back,
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
            }
            self.check();
            if self.device.is_none() {
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
            tracing::warn!(%error, "no speaker");
            self.paced = Instant::now();
        }
        *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Closes the device; the mouth comes back once its last call is over.
    fn leave(&mut self) {
        if let Some((device, _)) = self.device.take() {
            self.back = device.back.clone();
            close(device);
        }
        self.opening.anew();
    }

    fn try_open(&mut self) {
        // Without its mouth a device would be silent.
        if self.back.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return;
        }
        let (open, wanted, shared) = (self.open.clone(), self.wanted.clone(), self.shared.clone());
        match self.opening.poll(move || open(&wanted, &shared)) {
            None => {}
            Some(Err(error)) => self.lose(error),
            Some(Ok(device)) => self.begin(device),
        }
    }

    fn begin(&mut self, mut device: Playing) {
        let Some(mut mouth) = self.back.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if device.rate != self.shared.rate.load(Relaxed) {
            mouth.empty();
            self.shared.rate.store(device.rate, Relaxed);
        }
        self.shared.asked.store(0, Relaxed);
        // There is room: it is the first one.
        let _ = device.inlet.push(mouth.for_device(device.channels, device.rate));
        tracing::info!(device = device.name, rate = device.rate, "the speaker is open");
        self.shared.lost.store(false, Relaxed);
        *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.device = Some((device, Watch::for_playing(Instant::now())));
    }

    /// Lets as much sound pass as would have been heard by now.
    fn pass(&mut self) {
        if !self.shared.lost.load(Relaxed) {
            return;
        }
        let mut back = self.back.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mouth) = back.take() else { return };
        let mut mouth = mouth.for_nobody();
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
        *back = Some(mouth);
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
