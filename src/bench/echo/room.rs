//! A simulated room: what a microphone hears of a loudspeaker, and calls that come late.
//!
//! Simulated are the delay (one per session), some sixty reflections that fade within 64 ms, a loudspeaker that bends
//! loud sounds, steady noise, and threads that stand still for up to 50 ms. Nobody walks about in it.

use crate::parcel::EAR_RATE;

const RATE: usize = EAR_RATE as usize;

/// The same numbers for the same seed, on every machine.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0..1.
    pub fn roll(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    pub fn below(&mut self, count: usize) -> usize {
        ((self.roll() * count as f32) as usize).min(count.saturating_sub(1))
    }
}

/// Where the loudspeaker's sound arrives, and how strong, the direct one first.
#[derive(Clone, Debug)]
pub struct Room {
    paths: Vec<(usize, f32)>,
    bends: bool,
}

impl Room {
    /// Between 40 and 120 ms from our hands to the microphone; echoes 60 dB down after a quarter of a second.
    pub fn new(dice: &mut Dice, bends: bool) -> Self {
        const FADES_S: f32 = 0.25;
        let direct = (RATE * 40 / 1000) + dice.below(RATE * 80 / 1000);
        let reflection = |dice: &mut Dice| {
            let late = dice.roll() * 0.064;
            let strength = 0.5 * 10f32.powf(-3.0 * late / FADES_S) * (dice.roll() * 2.0 - 1.0);
            (direct + 16 + (late * RATE as f32) as usize, strength)
        };
        let mut paths = vec![(direct, 1.0)];
        paths.extend((0..60).map(|_| reflection(dice)));
        Self { paths, bends }
    }

    /// What arrives of this, as long as it.
    pub fn echo(&self, played: &[f32]) -> Vec<f32> {
        let bent: Vec<f32> = if self.bends { played.iter().map(|s| bend(*s)).collect() } else { played.to_vec() };
        let mut out = vec![0.0; played.len()];
        for (late, strength) in &self.paths {
            for (to, from) in out.iter_mut().skip(*late).zip(&bent) {
                *to += strength * from;
            }
        }
        out
    }
}

/// A small loudspeaker at its limit: peaks of a third of full scale come out 2 dB weaker, with some 8 % of harmonics, and
/// not quite the same in both directions.
fn bend(sample: f32) -> f32 {
    (3.0 * sample + 0.5 * sample * sample).tanh() / 3.0
}

/// A caller that is on time, stands still for up to 50 ms now and then, and catches up.
#[derive(Debug, Default)]
pub struct Caller {
    rests_until: usize,
    done: usize,
}

impl Caller {
    /// What to hand over at this tick of 10 ms, with everything that is due by then.
    pub fn due(&mut self, tick: usize, dice: &mut Dice, length: usize) -> std::ops::Range<usize> {
        let stops = dice.roll() < 0.05;
        let rest = 1 + dice.below(5);
        if tick < self.rests_until {
            return self.done..self.done;
        }
        if stops {
            self.rests_until = tick + rest;
        }
        let from = std::mem::replace(&mut self.done, ((tick + 1) * RATE / 100).min(length));
        from..self.done
    }
}

/// Root mean square of the parts that are not silent; 0 for silence.
pub fn loudness(sound: &[f32]) -> f32 {
    let loud = sound.chunks(RATE / 50).map(|part| part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32);
    let loud: Vec<f32> = loud.filter(|power| *power > 1e-5).collect();
    (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt()
}

/// Makes it as loud as this, in dB of full scale.
pub fn leveled(sound: &[f32], decibels: f32) -> Vec<f32> {
    let gain = 10f32.powf(decibels / 20.0) / loudness(sound).max(1e-6);
    sound.iter().map(|s| (s * gain).clamp(-1.0, 1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_the_same_for_the_same_seed_and_delays_what_is_played() {
        let room = |seed| Room::new(&mut Dice::new(seed), false);
        assert_eq!(room(1).paths, room(1).paths);
        assert_ne!(room(1).paths[0], room(2).paths[0]);
        let mut click = vec![0.0; RATE];
        click[100] = 0.5;
        for seed in 0..50 {
            let (delay, echo) = (room(seed).paths[0].0, room(seed).echo(&click));
            assert!((640..=1920).contains(&delay));
            assert_eq!(echo.iter().position(|s| *s != 0.0), Some(100 + delay));
            assert!(echo[100 + delay + 1024 + 17..].iter().all(|s| *s == 0.0));
        }
    }

    #[test]
    fn callers_hand_over_everything_once_and_at_most_50_ms_late() {
        let (mut caller, mut dice, mut done, mut latest) = (Caller::default(), Dice::new(7), 0, 0);
        for tick in 0..10_000 {
            let due = caller.due(tick, &mut dice, 1_599_000);
            assert_eq!(due.start, done);
            done = due.end;
            latest = latest.max(((tick + 1) * 160).min(1_599_000) - done);
        }
        assert_eq!(done, 1_599_000);
        assert!((320..=800).contains(&latest), "{latest}");
    }

    #[test]
    fn sounds_are_brought_to_a_loudness_of_their_loud_parts() {
        let mut sound = vec![0.0; RATE];
        sound[..RATE / 2].fill(0.2);
        assert!((loudness(&leveled(&sound, -26.0)) - 0.0501).abs() < 1e-3);
        assert!(leveled(&[0.0; 100], -26.0).iter().all(|s| *s == 0.0));
    }
}
