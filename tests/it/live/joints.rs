//! No gap and no click between the fragments of an answer, by the speaker's clock of samples.
//!
//! The voice is as quick as speech has to be and no quicker: it takes nine tenths of a fragment's length to make it. It
//! moves the clock itself, and nobody else does, so that a busy machine makes no gap that is not ours.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use xnai::{
    audio::fake::{CLOCK_RATE, Clock, Recording},
    error::Result,
    parcel::{Pcm, Sentence, Spoken},
    pipeline::{
        Notice,
        live::{Command, Start},
    },
    tts::{PcmSink, Tts, smooth::Smooth},
    turn::Turn,
};

use super::{PATIENCE, RATE, Rig};

/// Of a fragment, in samples: 0.4 s.
const LENGTH: usize = RATE as usize * 2 / 5;

/// Of the answer that the rig's writer gives.
const FRAGMENTS: usize = 20;

/// Silence beyond the voice's own pauses that nobody hears, in samples: 30 ms.
const MOST: usize = RATE as usize * 3 / 100;

/// A voice that needs time by the clock. Its fragments are as rough as can be: a constant, and the next one its opposite.
struct Slow {
    clock: Clock,
    heard: Recording,
    /// Fragments said.
    said: Arc<AtomicUsize>,
    /// Time needed, as a share of the length.
    pace: f64,
}

impl Slow {
    /// Waits until the speaker has what was said before; only then may time pass.
    fn settle(&self) {
        let (end, given) = (Instant::now() + PATIENCE, (self.said.load(Relaxed) * LENGTH) as u64);
        while self.heard.given() < given {
            assert!(Instant::now() < end, "the speaker was not given what was said");
            thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Tts for Slow {
    fn say(&mut self, line: &Sentence, _: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        self.settle();
        self.clock.advance((LENGTH as f64 / f64::from(RATE) * self.pace * f64::from(CLOCK_RATE)) as u64);
        out(Pcm::new(vec![if line.index.is_multiple_of(2) { 0.5 } else { -0.5 }; LENGTH], RATE))?;
        self.said.fetch_add(1, Relaxed);
        Ok(Spoken { samples: LENGTH, cached: false })
    }

    fn cost(&self, _: &Sentence) -> Duration {
        Duration::ZERO
    }
}

/// What is heard of an answer, from its first sound to its last.
fn heard(pace: f64) -> Vec<f32> {
    let (clock, said) = (Clock::by_hand(), Arc::new(AtomicUsize::new(0)));
    let (hand, count) = (clock.clone(), said.clone());
    let mut rig = Rig::with_voice(clock, Start::default(), move |heard| {
        Box::new(Smooth(Box::new(Slow { clock: hand, heard: heard.clone(), said: count, pace })))
    });
    rig.send(Command::Ask("why?".into()));
    let end = Instant::now() + PATIENCE;
    while said.load(Relaxed) < FRAGMENTS {
        assert!(Instant::now() < end, "only {} fragments", said.load(Relaxed));
        thread::sleep(Duration::from_millis(1));
    }
    rig.until(|notice| matches!(notice, Notice::Done));
    let samples = rig.heard.samples();
    let sounding = |s: &f32| *s != 0.0;
    let (first, last) = (samples.iter().position(sounding).unwrap(), samples.iter().rposition(sounding).unwrap());
    samples[first..=last].to_vec()
}

/// The silence at each joint, in samples.
fn silences(heard: &[f32]) -> Vec<usize> {
    // A fade begins and ends with a zero of its own.
    heard.split(|s| *s != 0.0).map(<[f32]>::len).filter(|zeros| *zeros > 0).map(|zeros| zeros.saturating_sub(2)).collect()
}

#[test]
fn fragments_follow_each_other_without_a_gap_and_without_a_click() {
    let heard = heard(0.9);
    let silences = silences(&heard);
    println!("silence at {} joints, in samples: {silences:?}", silences.len());
    assert_eq!(silences.len(), FRAGMENTS - 1);
    assert!(silences.iter().all(|silence| *silence <= MOST), "a gap");
    assert!(heard.len() >= FRAGMENTS * LENGTH - 2, "{} samples are missing", FRAGMENTS * LENGTH - heard.len());
    let jump = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    // Where a fragment begins and ends there is a fade over 72 samples; inside it nothing moves.
    assert!(jump < 0.5 / 70.0, "a click of {jump}");
}

#[test]
fn a_voice_slower_than_speech_is_measured_to_be_so() {
    let silences = silences(&heard(1.2));
    assert_eq!(silences.len(), FRAGMENTS - 1);
    // 80 ms are missing at each joint.
    assert!(silences.iter().all(|silence| silence.abs_diff(LENGTH / 5) <= MOST), "{silences:?}");
}
