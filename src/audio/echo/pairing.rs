//! Two streams that come in parcels, late or early, into pairs of frames that belong together.
//!
//! The n-th sample captured goes with the n-th played, counted from the beginning of each stretch of playing. So it does
//! not matter when a parcel comes; only lost samples and drifting clocks shift the streams, and that is watched.

use std::collections::VecDeque;

use super::{super::wav::sane, FRAME, Frame};
use crate::parcel::EAR_RATE;

/// Captured samples that may wait for what was played; longer, and nothing is being played any more.
const PATIENCE: usize = EAR_RATE as usize / 10;

/// Played samples kept for a microphone that stalls, besides the lead; beyond that the oldest are forgotten.
const KEPT: usize = EAR_RATE as usize * 2;

/// Frames over which the two streams are watched before they are shifted: 2 s.
const WATCH: u32 = 200;

/// More played samples than this always wait, besides the lead: captured ones were lost, and the echo would soon be
/// further away than it is searched.
const FAR: usize = EAR_RATE as usize / 5;

/// More captured samples than this always wait: played ones were lost, and the ear need not be late because of it.
const LATE: usize = EAR_RATE as usize / 50;

#[derive(Debug)]
pub(super) struct Pairing {
    captured: VecDeque<f32>,
    played: VecDeque<f32>,
    /// Whether something is being played: then captured samples wait for it.
    flowing: bool,
    /// Samples by which what is played is held back, because its echo is known to be later than that.
    lead: usize,
    watch: Watch,
    shifts: u64,
}

/// The least that waited on either side since the watch began.
#[derive(Clone, Copy, Debug)]
struct Watch {
    frames: u32,
    played: usize,
    captured: usize,
}

impl Watch {
    const NEW: Self = Self { frames: 0, played: usize::MAX, captured: usize::MAX };
}

impl Default for Pairing {
    fn default() -> Self {
        let room = |samples| VecDeque::with_capacity(samples);
        Self { captured: room(2 * PATIENCE), played: room(KEPT), flowing: false, lead: 0, watch: Watch::NEW, shifts: 0 }
    }
}

impl Pairing {
    pub fn played(&mut self, samples: &[f32]) {
        if samples.is_empty() {
            return;
        }
        if !self.flowing {
            self.flowing = true;
            self.watch = Watch::NEW;
            self.played.extend(std::iter::repeat_n(0.0, self.lead));
        }
        self.played.extend(samples.iter().map(|s| sane(*s)));
        let over = self.played.len().saturating_sub(self.lead + KEPT);
        if over > 0 {
            self.played.drain(..over);
            self.shifts += 1;
        }
    }

    pub fn captured(&mut self, samples: &[f32]) {
        self.captured.extend(samples.iter().map(|s| sane(*s)));
    }

    /// The next pair, if there is one. Where nothing is played, silence is.
    pub fn next(&mut self, heard: &mut Frame, said: &mut Frame) -> bool {
        let waits = self.flowing && self.played.len() < FRAME && self.captured.len() < FRAME + PATIENCE;
        if self.captured.len() < FRAME || waits {
            return false;
        }
        // What had to wait too long is the end of a stretch: the next one is lined up anew.
        self.flowing &= self.played.len() >= FRAME;
        take(&mut self.captured, heard);
        take(&mut self.played, said);
        self.look();
        true
    }

    /// How far what is played is held back, in samples.
    pub fn lead(&mut self, samples: usize) {
        let before = std::mem::replace(&mut self.lead, samples);
        if self.flowing && before.abs_diff(samples) > LATE {
            if samples > before { self.hold_back(samples - before) } else { self.skip(before - samples) }
        }
    }

    pub fn leads_by(&self) -> usize {
        self.lead
    }

    pub fn held(&self) -> usize {
        self.captured.len()
    }

    pub fn shifts(&self) -> u64 {
        self.shifts
    }

    /// Whether too much has been waiting on either side all the time.
    fn look(&mut self) {
        let watch = &mut self.watch;
        watch.frames += 1;
        watch.played = watch.played.min(self.played.len());
        watch.captured = watch.captured.min(self.captured.len());
        if watch.frames < WATCH {
            return;
        }
        let Watch { played, captured, .. } = std::mem::replace(watch, Watch::NEW);
        if self.flowing && played > self.lead + FAR {
            self.skip(played - self.lead);
        } else if self.flowing && captured > LATE {
            self.hold_back(captured);
        }
    }

    fn skip(&mut self, samples: usize) {
        self.played.drain(..samples.min(self.played.len()));
        self.shifts += 1;
    }

    fn hold_back(&mut self, samples: usize) {
        (0..samples).for_each(|_| self.played.push_front(0.0));
        self.shifts += 1;
    }
}

/// Moves samples into a frame, and silence where there are none.
fn take(from: &mut VecDeque<f32>, frame: &mut Frame) {
    let count = from.len().min(FRAME);
    frame[count..].fill(0.0);
    frame.iter_mut().zip(from.drain(..count)).for_each(|(to, sample)| *to = sample);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples that are counted up from `from`, one step being far above rounding.
    fn ramp(from: usize, count: usize) -> Vec<f32> {
        (from..from + count).map(|n| n as f32 / 65_536.0).collect()
    }

    /// By how many samples what was captured is ahead of what it is paired with, for each pair until there is none.
    fn distances(pairing: &mut Pairing) -> Vec<i64> {
        let (mut heard, mut said) = ([0.0; FRAME], [0.0; FRAME]);
        let number = |sample: f32| (sample * 65_536.0).round() as i64;
        std::iter::from_fn(|| pairing.next(&mut heard, &mut said).then(|| number(heard[FRAME - 1]) - number(said[FRAME - 1]))).collect()
    }

    #[test]
    fn without_playing_everything_goes_with_silence_at_once() {
        let mut pairing = Pairing::default();
        pairing.captured(&ramp(1, 500));
        assert_eq!(distances(&mut pairing), [160, 320, 480]);
        assert_eq!(pairing.held(), 20);
    }

    #[test]
    fn parcels_that_come_late_on_either_side_change_nothing() {
        let mut pairing = Pairing::default();
        let mut seen = Vec::new();
        // Parcels of 20 ms: both sides fall behind by up to 100 ms and catch up.
        pairing.played(&ramp(1, 320));
        let (mut played, mut captured) = (1, 0);
        for step in 1..40usize {
            let due = |late: [usize; 4]| step.saturating_sub(late[step % 4]);
            for (side, until) in [(0, due([0, 5, 2, 1])), (1, due([3, 0, 5, 4]))] {
                let done = if side == 0 { &mut played } else { &mut captured };
                while *done < until {
                    let parcel = ramp(*done * 320 + 1, 320);
                    if side == 0 {
                        pairing.played(&parcel)
                    } else {
                        pairing.captured(&parcel)
                    }
                    *done += 1;
                }
            }
            seen.extend(distances(&mut pairing));
        }
        assert!(seen.len() > 50, "{} pairs", seen.len());
        assert!(seen.iter().all(|distance| *distance == 0), "{seen:?}");
        assert_eq!(pairing.shifts(), 0);
    }

    #[test]
    fn after_100_ms_nothing_is_waited_for_any_more() {
        let mut pairing = Pairing::default();
        pairing.played(&ramp(1, 160));
        pairing.captured(&ramp(1, 160 + 1600));
        assert_eq!(distances(&mut pairing).len(), 1);
        pairing.captured(&ramp(1761, 160));
        assert_eq!(distances(&mut pairing).len(), 11, "all of it, with silence");
        pairing.captured(&ramp(1921, 160));
        assert_eq!(distances(&mut pairing).len(), 1);
    }

    #[test]
    fn a_known_delay_holds_back_what_is_played() {
        let mut pairing = Pairing::default();
        pairing.lead(480);
        pairing.played(&ramp(1, 1600));
        pairing.captured(&ramp(1, 1600));
        assert_eq!(distances(&mut pairing)[3..], [480; 7]);
        pairing.lead(960);
        pairing.captured(&ramp(1601, 640));
        pairing.played(&ramp(1601, 960));
        assert_eq!(distances(&mut pairing).last(), Some(&960));
        pairing.lead(0);
        pairing.captured(&ramp(2241, 160));
        assert_eq!(distances(&mut pairing), [0]);
    }

    #[test]
    fn lost_samples_are_made_good_on_both_sides() {
        let mut pairing = Pairing::default();
        let mut at = 0;
        let mut run = |pairing: &mut Pairing, ms: usize| {
            for _ in 0..ms / 10 {
                pairing.played(&ramp(at + 1, 160));
                pairing.captured(&ramp(at + 1, 160));
                at += 160;
                distances(pairing);
            }
        };
        run(&mut pairing, 100);
        pairing.played(&ramp(0, 5_000)); // the microphone lost 5,000
        run(&mut pairing, 4_000);
        assert_eq!((pairing.shifts(), pairing.played.len()), (1, 0));
        pairing.captured(&ramp(0, 800)); // the loudspeaker lost 800
        run(&mut pairing, 1_000);
        assert_eq!(pairing.held(), 800);
        run(&mut pairing, 4_000);
        assert_eq!((pairing.shifts(), pairing.held()), (2, 0));
    }

    #[test]
    fn neither_side_grows_without_the_other() {
        let mut pairing = Pairing::default();
        for _ in 0..1_000 {
            pairing.played(&[0.1; 1_000]);
        }
        assert_eq!(pairing.played.len(), KEPT);
        pairing.captured(&[f32::NAN; 100_000]);
        assert!(distances(&mut pairing).len() == 625 && pairing.held() == 0);
    }
}
