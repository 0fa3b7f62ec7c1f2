//! The ends that sound comes out of: the reader, which holds the writer back, and taps, which hold back nobody.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{BURIAL, Format, Held, Name, Owned, Place, Read, create, list, mapping::Mapping, ring, ring::Storage};
use crate::error::Result;

/// Takes samples, each once. What it has taken makes room for the writer.
pub struct Reader {
    listener: Listener<ring::Reader<Mapping>>,
    _held: Held,
    _owned: Option<Owned>,
}

impl Reader {
    /// A new pipe that another process may write into: `rate` and `capacity` as for [`super::Writer::create`].
    pub fn create(place: &Place, name: Name, rate: u32, capacity: Duration) -> Result<Self> {
        let (mapping, owned) = create(place, name, &Format { rate, capacity })?;
        ring::close(&*mapping, true);
        let mut reader = Self::of(&mapping)?;
        // That nobody writes yet is no news; and what comes will come from elsewhere.
        (reader.listener.told, reader.listener.foreign, reader._owned) = (true, true, owned);
        Ok(reader)
    }

    /// The free reading end of another process's pipe.
    pub fn attach(place: &Place, name: Name, pid: Option<u32>) -> Result<Self> {
        Self::of(&list::find(place, name, pid)?)
    }

    pub(super) fn of(mapping: &Arc<Mapping>) -> Result<Self> {
        let held = Held::reader(mapping)?;
        let listener = Listener::new(mapping, ring::Reader::attach(mapping.clone()));
        Ok(Self { listener, _held: held, _owned: None })
    }

    /// Tells whoever writes whether anything is done with what is taken.
    pub fn heed(&self, heeded: bool) {
        self.listener.mapping.header().heed(heeded);
    }

    /// Appends at most `most` samples; waits up to `longest` for the first.
    ///
    /// Returns earlier when there is something to tell. That nobody writes any more is told once; a reader of a pipe for
    /// others to write into may go on and wait for the next.
    pub fn read(&mut self, into: &mut Vec<f32>, most: usize, longest: Duration) -> Result<Read> {
        self.listener.read(into, most, longest)
    }
}

/// Hears what the reader hears, when it hears it; of a pipe without a reader, what is written.
pub struct Tap {
    listener: Listener<ring::Tap<Mapping>>,
    _held: Held,
}

impl Tap {
    /// Listens to another process's pipe.
    pub fn attach(place: &Place, name: Name, pid: Option<u32>) -> Result<Self> {
        Self::of(&list::find(place, name, pid)?)
    }

    pub(super) fn of(mapping: &Arc<Mapping>) -> Result<Self> {
        let held = Held::tap(mapping)?;
        Ok(Self { listener: Listener::new(mapping, ring::Tap::attach(mapping.clone())), _held: held })
    }

    /// As [`Reader::read`]; `missed` says how much was overwritten before it could be heard.
    pub fn read(&mut self, into: &mut Vec<f32>, most: usize, longest: Duration) -> Result<Read> {
        self.listener.read(into, most, longest)
    }
}

/// What reader and tap have in common.
trait Pull {
    fn pull(&mut self, into: &mut Vec<f32>, most: usize) -> Read;
    fn wait(&self, longest: Duration);
}

impl Pull for ring::Reader<Mapping> {
    fn pull(&mut self, into: &mut Vec<f32>, most: usize) -> Read {
        self.pull(into, most)
    }

    fn wait(&self, longest: Duration) {
        self.wait(longest);
    }
}

impl Pull for ring::Tap<Mapping> {
    fn pull(&mut self, into: &mut Vec<f32>, most: usize) -> Read {
        self.pull(into, most)
    }

    fn wait(&self, longest: Duration) {
        self.wait(longest);
    }
}

struct Listener<R> {
    ring: R,
    mapping: Arc<Mapping>,
    /// The caller knows that nobody writes.
    told: bool,
    /// Somebody else writes: what is no number is not passed on.
    foreign: bool,
    /// When the writer was last seen alive.
    looked: Instant,
}

impl<R: Pull> Listener<R> {
    fn new(mapping: &Arc<Mapping>, ring: R) -> Self {
        Self { ring, mapping: mapping.clone(), told: false, foreign: false, looked: Instant::now() }
    }

    fn read(&mut self, into: &mut Vec<f32>, most: usize, longest: Duration) -> Result<Read> {
        let (begun, start) = (Instant::now(), into.len());
        loop {
            let read = self.ring.pull(into, most);
            self.mapping.whole()?;
            if self.foreign {
                into[start..].iter_mut().filter(|sample| !sample.is_finite()).for_each(|sample| *sample = 0.0);
            }
            let news = read.ended && !self.told;
            self.told = read.ended;
            let left = longest.saturating_sub(begun.elapsed());
            if read.samples > 0 || read.missed > 0 || read.discarded || news || left.is_zero() {
                return Ok(read);
            }
            self.ring.wait(left.min(BURIAL));
            self.bury()?;
        }
    }

    /// Speaks for a writer that was killed and cannot say that it ended.
    fn bury(&mut self) -> Result<()> {
        if self.looked.elapsed() < BURIAL {
            return Ok(());
        }
        self.looked = Instant::now();
        if self.mapping.label().writer.free_if_dead() {
            ring::close(&*self.mapping, true);
        }
        self.mapping.still_whole()
    }
}
