//! Takes our own voice out of what the microphone hears, so that only people are left in it.
//!
//! Two streams come in at 16 kHz, each in parcels of any size: what is handed to the loudspeaker ([`Canceller::played`])
//! and what the microphone gave ([`Canceller::captured`]). `pairing` lines them up by counting samples, so that a parcel
//! which comes late costs time and no echo; `audible` notices that there is no echo at all; `chain` runs the crate `aec3`
//! over frames of 10 ms.
//!
//! Nothing here tells time. Hand in what is played with its silence, from the opening of the device to its closing: then
//! the two streams keep their distance, and the echo is known from the first word of every answer. Where the silence is
//! left out, the distance is found again at each beginning, and that takes about half a second of echo.

mod audible;
#[cfg(feature = "echo")]
mod chain;
#[cfg(not(feature = "echo"))]
#[path = "absent_chain.rs"]
mod chain;
mod pairing;
#[cfg(all(test, feature = "echo"))]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::{audible::Audible, chain::Chain, pairing::Pairing};
use super::wav::sane;
use crate::{
    error::{Error, Result, Room},
    parcel::EAR_RATE,
};

/// Samples worked on at once: 10 ms at 16 kHz.
pub const FRAME: usize = 160;

/// The same in samples.
type Frame = [f32; FRAME];

/// How far ahead of its echo a played sample may be for `aec3` to find it, told or not; it searches about 0.5 s.
const SEARCHED: Duration = Duration::from_millis(150);

/// No sound system keeps more than this between our hands and the ear.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// `[echo]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Take our own voice out of what the microphone hears.
    pub cancel: bool,
    /// Make steady noise 12 dB quieter.
    pub noise_suppression: bool,
    /// Bring speech to an even loudness.
    pub auto_gain: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cancel: true, noise_suppression: false, auto_gain: false }
    }
}

impl Settings {
    fn changes_nothing(&self) -> bool {
        !(self.cancel || self.noise_suppression || self.auto_gain)
    }
}

/// Refuses a build without the crate that does it.
pub fn present() -> Result<()> {
    let absent = || Error::fetch(Room::Audio, "this build has no echo cancellation").hint("build with default features");
    if chain::PRESENT { Ok(()) } else { Err(absent()) }
}

/// How it goes, for the screen and for measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Echo return loss enhancement of the adaptive filter alone, in dB, as `aec3` estimates it.
    pub erle_db: f32,
    /// What was taken off while we spoke, in dB, over about the last second of it; people who speak as well lower it.
    pub removed_db: f32,
    /// The distance found between a sample handed to [`Canceller::played`] and its echo.
    pub delay: Duration,
    /// Whether it has met enough of our voice to know the room: before that, in the first second and a half of the first
    /// answer, some of it still comes through.
    pub settled: bool,
    /// Samples captured and still waiting for what was played at the same time.
    pub held: usize,
    /// How often the two streams had to be shifted against each other: a device lost samples, or its clock drifts.
    pub shifts: u64,
}

/// Microphone in, microphone without us out. One per pair of devices.
pub struct Canceller {
    settings: Settings,
    pairing: Pairing,
    /// None where every option is off: then the sound goes through as it is.
    chain: Option<Chain>,
    audible: Audible,
    delay: Option<Duration>,
    levels: Levels,
}

impl Canceller {
    /// `rate` of both streams, in Hz; 16,000 is the only one that the ear uses.
    pub fn new(settings: &Settings, rate: u32) -> Result<Self> {
        if rate != EAR_RATE {
            return Err(Error::report(Room::Audio, format!("echo is cancelled at {EAR_RATE} Hz, not at {rate} Hz")));
        }
        let chain = (chain::PRESENT && !settings.changes_nothing()).then(|| Chain::new(settings));
        Ok(Self {
            settings: settings.clone(),
            pairing: Pairing::default(),
            chain,
            audible: Audible::default(),
            delay: None,
            levels: Levels::default(),
        })
    }

    /// What goes to the loudspeaker, in the order it is played, before its echo can be captured.
    pub fn played(&mut self, samples: &[f32]) {
        if self.settings.cancel {
            self.pairing.played(samples);
        }
    }

    /// What the microphone gave; what can be said about it so far is appended to `out`, every sample once.
    ///
    /// While we speak, up to 100 ms wait for a parcel of what was played that comes late.
    pub fn captured(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let Some(chain) = &mut self.chain else {
            out.extend(samples.iter().map(|s| sane(*s)));
            return;
        };
        self.pairing.captured(samples);
        let (mut heard, mut said) = ([0.0; FRAME], [0.0; FRAME]);
        while self.pairing.next(&mut heard, &mut said) {
            let before = power(&heard);
            // With headphones there is nothing to take out.
            let said = if self.audible.note(&heard, &said) { said } else { [0.0; FRAME] };
            chain.run(&mut heard, &said);
            self.levels.note(power(&said), before, power(&heard));
            out.extend_from_slice(&heard);
        }
    }

    /// The measured time from [`Canceller::played`] to the echo in [`Canceller::captured`]; 2 s at most.
    ///
    /// Without it an echo of up to 0.4 s is found; with it one of up to 0.15 s less and 0.3 s more than told.
    pub fn set_delay(&mut self, delay: Duration) {
        let delay = delay.min(LONGEST_DELAY);
        self.delay = Some(delay);
        let lead = delay.saturating_sub(SEARCHED);
        self.pairing.lead(samples_in(lead));
        if let Some(chain) = &mut self.chain {
            chain.expect(delay - lead);
        }
    }

    /// Samples by which the sound that comes out is behind the sound that went in: 128 for the echo, 96 for noise.
    ///
    /// Besides, the part of a frame that is not whole yet waits (at most 159), and what is [held](Metrics::held) while
    /// we speak (at most 1600).
    pub fn latency(&self) -> usize {
        let stage = |on: bool, late: usize| if on { late } else { 0 };
        stage(self.settings.cancel, chain::ECHO_LATENCY) + stage(self.settings.noise_suppression, chain::NOISE_LATENCY)
    }

    /// Begins anew, as after [`Canceller::new`]: a device was opened again. The told delay stays.
    pub fn reset(&mut self) {
        self.pairing = Pairing::default();
        self.audible = Audible::default();
        self.levels = Levels::default();
        self.chain = self.chain.take().map(|_| Chain::new(&self.settings));
        if let Some(delay) = self.delay {
            self.set_delay(delay);
        }
    }

    pub fn metrics(&self) -> Metrics {
        let (erle_db, found) = self.chain.as_ref().map_or((0.0, Duration::ZERO), Chain::found);
        let lead = Duration::from_secs_f64(self.pairing.leads_by() as f64 / f64::from(EAR_RATE));
        Metrics {
            erle_db,
            removed_db: self.levels.removed_db(),
            delay: found + lead,
            settled: self.levels.met >= Levels::ENOUGH,
            held: self.pairing.held(),
            shifts: self.pairing.shifts(),
        }
    }
}

fn samples_in(time: Duration) -> usize {
    (time.as_secs_f64() * f64::from(EAR_RATE)) as usize
}

fn power(frame: &Frame) -> f32 {
    frame.iter().map(|s| s * s).sum::<f32>() / FRAME as f32
}

/// Mean powers before and after, over about a second of speaking.
#[derive(Clone, Copy, Debug, Default)]
struct Levels {
    before: f32,
    after: f32,
    /// Frames for which the echo of what was played may still be in the room.
    ringing: u32,
    /// Frames in which we were audible.
    met: u32,
}

impl Levels {
    /// −60 dB of full scale: quieter than any speech.
    const AUDIBLE: f32 = 1e-6;
    /// Frames: delay and reverberation.
    const RINGS: u32 = 30;
    /// Frames. Measured: what came through did so within 1.3 s.
    const ENOUGH: u32 = 150;
    /// Share of the newest frame: a second is 100 frames.
    const NEWEST: f32 = 0.01;

    fn note(&mut self, played: f32, before: f32, after: f32) {
        self.met = self.met.saturating_add(u32::from(played > Self::AUDIBLE));
        self.ringing = if played > Self::AUDIBLE { Self::RINGS } else { self.ringing.saturating_sub(1) };
        if self.ringing > 0 {
            self.before += Self::NEWEST * (before - self.before);
            self.after += Self::NEWEST * (after - self.after);
        }
    }

    fn removed_db(&self) -> f32 {
        const FLOOR: f32 = 1e-10;
        10.0 * ((self.before + FLOOR) / (self.after + FLOOR)).log10()
    }
}
