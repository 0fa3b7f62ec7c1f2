//! The microphone's side of the sound pipes: others listen in on it, and speak in its place.

use std::time::Duration;

use crate::{
    audio::pipe::{Full, Name, Place, Reader, Writer},
    error::Result,
    parcel::EAR_RATE,
};

/// How much of what was heard a new listener may find.
const MIC: Duration = Duration::from_secs(30);

/// How far ahead of our ear another program may speak.
const FEED: Duration = Duration::from_secs(2);

/// At most this much is taken at a look, in samples: as fast as a voice speaks and twice that, so that none is left behind.
const TAKEN: usize = EAR_RATE as usize / 20;

/// A program that speaks may pause for breath, or for its scheduler, and goes on: 300 ms.
const BREATH: usize = EAR_RATE as usize * 3 / 10;

pub(super) struct Pipes {
    microphone: Writer,
    feed: Reader,
    /// Samples of the microphone since another program last spoke, up to [`BREATH`].
    since_fed: usize,
}

impl Pipes {
    pub fn open(place: &Place) -> Result<Self> {
        Ok(Self {
            microphone: Writer::create(place, Name::Mic, EAR_RATE, MIC)?,
            feed: Reader::create(place, Name::Feed, EAR_RATE, FEED)?,
            since_fed: BREATH,
        })
    }

    /// Whether anybody listens: whoever speaks in place of the microphone may want to know.
    pub fn heed(&self, listens: bool) {
        self.feed.heed(listens);
    }

    /// Lets others hear what was heard (16 kHz); what they say themselves takes its place.
    pub fn pass(&mut self, heard: &mut Vec<f32>) {
        // Whoever breaks a pipe breaks what others hear of us, not what we hear.
        let _ = self.microphone.write(heard, Full::DropNewest);
        let own = heard.len();
        let fed = self.feed.read(heard, TAKEN.max(own), Duration::ZERO).map_or(0, |read| read.samples);
        self.since_fed = if fed > 0 { 0 } else { (self.since_fed + own).min(BREATH) };
        if self.since_fed < BREATH {
            heard.drain(..own);
        }
    }
}
