//! The end that sound goes into: one thread writes, any other may discard, hold or ask.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    BURIAL, Format, Held, Name, Owned, PATIENCE, Place, Reader, Tap, create, list,
    mapping::Mapping,
    ring::{self, Storage},
};
use crate::{
    error::{Error, Result, Room},
    parcel::Pcm,
};

/// What to do where the reader leaves no room. Without a reader there is always room: the oldest sound makes it.
#[derive(Clone, Copy)]
pub enum Full<'a> {
    /// Wait, asking every 20 ms and before every sample: `&|| turn.alive()`.
    Wait(&'a dyn Fn() -> Result<()>),
    /// Drop what does not fit, and return how much did.
    DropNewest,
}

/// Ends the pipe when it is dropped. What was written by then can still be read.
pub struct Writer {
    /// Held while samples are copied, never while waiting: a discard is at most one copy away.
    ring: Mutex<ring::Writer<Mapping>>,
    mapping: Arc<Mapping>,
    /// Another process made it, to read it.
    guest: bool,
    _held: Held,
    _owned: Option<Owned>,
}

impl Writer {
    /// A new pipe of this process. `rate` in Hz; `capacity`: how far a reader may be behind before the writer is held back.
    pub fn create(place: &Place, name: Name, rate: u32, capacity: Duration) -> Result<Self> {
        let (mapping, owned) = create(place, name, &Format { rate, capacity })?;
        Self::hold_of(mapping, owned, false)
    }

    /// The free writing end of a pipe that another process made to be spoken into, and reads.
    pub fn attach(place: &Place, name: Name, pid: Option<u32>) -> Result<Self> {
        Self::hold_of(list::find(place, name, pid)?, None, true)
    }

    fn hold_of(mapping: Arc<Mapping>, owned: Option<Owned>, guest: bool) -> Result<Self> {
        let held = Held::writer(&mapping)?;
        let ring = Mutex::new(ring::Writer::new(mapping.clone()));
        ring::close(&*mapping, false);
        Ok(Self { ring, mapping, guest, _held: held, _owned: owned })
    }

    /// The reader, in this process. There can be one.
    pub fn reader(&self) -> Result<Reader> {
        Reader::of(&self.mapping)
    }

    /// A tap, in this process.
    pub fn tap(&self) -> Result<Tap> {
        Tap::of(&self.mapping)
    }

    /// Writes samples at the pipe's rate, in −1..1, and returns how many were taken.
    pub fn write(&self, samples: &[f32], full: Full<'_>) -> Result<usize> {
        let (mut taken, mut looked) = (0, Instant::now());
        loop {
            {
                let mut ring = self.lock();
                // Under the lock: nothing of a turn that was cancelled before a discard gets in after it.
                if let Full::Wait(alive) = full {
                    alive()?;
                }
                taken += ring.push(&samples[taken..]);
            }
            self.heard()?;
            if taken == samples.len() || matches!(full, Full::DropNewest) {
                return Ok(taken);
            }
            ring::wait_for_room(&*self.mapping, PATIENCE);
            self.look_after(&mut looked)?;
        }
    }

    /// Writes a sound at its own rate, and for another rate than before first waits until everything was read.
    pub fn play(&self, sound: &Pcm, alive: &dyn Fn() -> Result<()>) -> Result<()> {
        let mut looked = Instant::now();
        while !self.set_rate(sound.rate)? {
            alive()?;
            ring::wait_for_reader(&*self.mapping, PATIENCE);
            self.look_after(&mut looked)?;
        }
        self.write(&sound.samples, Full::Wait(alive)).map(drop)
    }

    /// Says the rate of what is written from now on, in Hz; false while something still waits for the reader.
    pub fn set_rate(&self, rate: u32) -> Result<bool> {
        Format { rate, capacity: Duration::from_secs(1) }.limit()?;
        self.mapping.whole()?;
        Ok(self.lock().set_rate(rate))
    }

    /// Waits until the reader has taken everything, or left.
    pub fn drain(&self, alive: &dyn Fn() -> Result<()>) -> Result<()> {
        let mut looked = Instant::now();
        while self.queued() > 0 {
            alive()?;
            ring::wait_for_reader(&*self.mapping, PATIENCE);
            self.look_after(&mut looked)?;
        }
        self.mapping.whole()
    }

    /// Discards what waits for the reader, at once, and returns how many samples that were: a barge-in.
    ///
    /// From any thread. Cancel the turn first: a `write` that waits then ends, and writes nothing more.
    pub fn discard(&self) -> u64 {
        self.lock().discard()
    }

    /// Keeps the sound from the reader (true), or lets it flow again.
    pub fn hold(&self, held: bool) {
        ring::hold(&*self.mapping, held);
    }

    /// Whether the reader does anything with what it takes.
    pub fn heeded(&self) -> bool {
        self.mapping.header().heeded()
    }

    /// Samples that the reader has taken so far: all that were written, but for discarded and waiting ones.
    pub fn played(&self) -> u64 {
        self.lock().played()
    }

    /// Samples written so far.
    pub fn written(&self) -> u64 {
        self.mapping.header().written()
    }

    /// Samples that wait for the reader; none without one.
    pub fn queued(&self) -> u64 {
        self.mapping.header().queued()
    }

    /// Hz.
    pub fn rate(&self) -> u32 {
        self.mapping.header().rate()
    }

    /// A guest speaks to somebody: once they closed the pipe, or cut it off, that is an error.
    fn heard(&self) -> Result<()> {
        self.mapping.whole()?;
        if self.guest && self.mapping.label().reader.holder().is_none() { Err(self.gone()) } else { Ok(()) }
    }

    fn gone(&self) -> Error {
        Error::reopen(Room::Audio, format!("nobody reads the sound pipe {} any more", self.mapping.name)).hint("start xnai again")
    }

    /// Frees the reader's end if its process died, and notices that the owner did.
    fn look_after(&self, looked: &mut Instant) -> Result<()> {
        self.mapping.whole()?;
        if looked.elapsed() < BURIAL {
            return Ok(());
        }
        *looked = Instant::now();
        let label = self.mapping.label();
        if label.reader.free_if_dead() {
            ring::detach(&*self.mapping);
        }
        if label.owner.alive().is_none() { Err(self.gone()) } else { Ok(()) }
    }

    fn lock(&self) -> MutexGuard<'_, ring::Writer<Mapping>> {
        // A panic under the lock can only have been one of `alive`, before anything changed.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        ring::close(&*self.mapping, true);
    }
}
