//! Sessions of turns through the simulated room, the canceller, the speech detector and the rule for interruptions.

use std::{ops::Range, time::Duration};

use super::{
    room::{Caller, Dice, Room, loudness},
    sounds::{PEOPLE_DB, Said, Sounds},
};
use crate::{
    audio::{
        echo::{Canceller, Settings},
        vad::{FRAME, Vad},
    },
    error::Result,
    os::stop,
    parcel::EAR_RATE,
};

const RATE: usize = EAR_RATE as usize;

/// Turns with the same devices in the same room: the first of them meets a canceller that knows nothing.
const SESSION: usize = 10;

/// Silence after each turn, in samples.
const BETWEEN: usize = RATE * 3 / 2;

/// Of a quiet room, in dB of full scale.
const NOISE_DB: f32 = -70.0;

/// As in live listening: speech begins above the first probability, lasts above the second, and is sure once above the
/// third; gaps up to so many frames are part of it.
const BEGINS: f32 = 0.5;
const LASTS: f32 = 0.35;
const SURE: f32 = 0.7;
const GAP: usize = 6;

/// Within so many samples after a person's last word an interruption is still noticed in time.
const IN_TIME: usize = RATE / 2;

/// What is varied.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// Of our voice at the microphone, against a person's, in dB.
    pub echo_db: f32,
    /// Whether the loudspeaker bends loud sounds.
    pub bends: bool,
    /// Whether somebody speaks while we do.
    pub person: bool,
}

/// One turn on the time line of a session, in samples.
#[derive(Clone, Debug)]
pub struct TurnAt {
    pub whole: Range<usize>,
    pub person: Option<Range<usize>>,
    /// Every sentence of ours, and when it begins to be played.
    pub said: Vec<(usize, String)>,
}

/// What happens in a session: the same with and without cancellation.
#[derive(Debug)]
pub struct Session {
    pub turns: Vec<TurnAt>,
    played: Vec<f32>,
    captured: Vec<f32>,
    dice: Dice,
}

impl Session {
    pub fn new(number: usize, turns: usize, condition: Condition, sounds: &Sounds) -> Self {
        // The same sentences, people and room whatever the level.
        let mut dice = Dice::new(1 + number as u64 * 2 + u64::from(condition.person));
        let room = Room::new(&mut dice, condition.bends);
        let (mut played, mut people, mut list) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..turns.min(SESSION) {
            let at = turn(&sounds.answer(&mut dice), &mut played);
            people.resize(played.len(), 0.0);
            let person = condition.person.then(|| interject(sounds.person(&mut dice), &at.whole, &mut people, &mut dice));
            played.resize(people.len() + BETWEEN, 0.0);
            people.resize(played.len(), 0.0);
            list.push(TurnAt { whole: at.whole.start..played.len(), person, ..at });
        }
        let echo = room.echo(&played);
        let strength = 10f32.powf((PEOPLE_DB + condition.echo_db) / 20.0) / loudness(&echo).max(1e-6);
        let noise = 10f32.powf(NOISE_DB / 20.0) * 3f32.sqrt();
        let mix = |(echo, person): (f32, &f32)| (echo * strength + person + noise * (dice.roll() * 2.0 - 1.0)).clamp(-1.0, 1.0);
        let captured = echo.into_iter().zip(&people).map(mix).collect();
        Self { turns: list, played, captured, dice }
    }

    /// What the ear is given: all that was captured, or what the canceller leaves of it.
    pub fn heard(&self, settings: &Settings) -> Result<Vec<f32>> {
        if !settings.cancel {
            return Ok(self.captured.clone());
        }
        let (mut canceller, mut dice, mut out) = (Canceller::new(settings, EAR_RATE)?, self.dice.clone(), Vec::new());
        // What a sound system would tell: nearly right.
        canceller.set_delay(Duration::from_millis(80));
        let (mut hands, mut ear) = (Caller::default(), Caller::default());
        for tick in 0..=self.captured.len() / (RATE / 100) + 10 {
            let (due, length) = (hands.due(tick, &mut dice, self.played.len()), self.captured.len());
            canceller.played(&self.played[due]);
            canceller.captured(&self.captured[ear.due(tick, &mut dice, length)], &mut out);
            if tick % 1000 == 0 {
                stop::check()?;
            }
        }
        Ok(out)
    }
}

/// How many sessions so many turns need, and how many turns each has.
pub fn sessions(turns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..turns.div_ceil(SESSION)).map(move |number| (number, (turns - number * SESSION).min(SESSION)))
}

/// Appends a turn of ours.
fn turn(answer: &[&Said], played: &mut Vec<f32>) -> TurnAt {
    let (start, mut said) = (played.len(), Vec::new());
    for sentence in answer {
        said.push((played.len(), sentence.text.clone()));
        played.extend_from_slice(&sentence.samples);
        played.resize(played.len() + RATE / 5, 0.0);
    }
    TurnAt { whole: start..played.len(), person: None, said }
}

/// Lets a person speak from a second after our beginning on, or later, if possible to the end within ours.
fn interject(person: &[f32], during: &Range<usize>, people: &mut Vec<f32>, dice: &mut Dice) -> Range<usize> {
    let free = during.len().saturating_sub(RATE + person.len());
    let from = during.start + RATE + dice.below(free.max(1));
    people.resize(people.len().max(from + person.len()), 0.0);
    people[from..from + person.len()].copy_from_slice(person);
    from..from + person.len()
}

/// Speech that lasted long enough to be a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it begins and ends, in samples.
    pub speech: Range<usize>,
    /// When it had lasted long enough.
    pub noticed: usize,
}

/// Every candidate in what the ear was given: speech of at least `frames` frames of 16 ms.
pub fn candidates(heard: &[f32], frames: usize) -> Vec<Candidate> {
    let (mut vad, mut found) = (Vad::new(), Vec::new());
    let mut run = Run::default();
    for (n, frame) in heard.chunks(FRAME).enumerate() {
        let probability = vad.probability(frame);
        let speaks = probability >= if run.speaks { LASTS } else { BEGINS };
        if run.length > 0 && n > run.last + GAP {
            found.extend(run.candidate());
            run = Run::default();
        }
        run.speaks = speaks;
        if speaks {
            run.hear(n, probability, frames);
        }
    }
    found.extend(run.candidate());
    found
}

/// Frames of speech with no real pause between them.
#[derive(Debug, Default)]
struct Run {
    speaks: bool,
    first: usize,
    last: usize,
    length: usize,
    best: f32,
    noticed: Option<usize>,
}

impl Run {
    fn hear(&mut self, frame: usize, probability: f32, needed: usize) {
        if self.length == 0 {
            self.first = frame;
        }
        (self.last, self.length, self.best) = (frame, self.length + 1, self.best.max(probability));
        if self.noticed.is_none() && self.length >= needed && self.best >= SURE {
            self.noticed = Some((frame + 1) * FRAME);
        }
    }

    fn candidate(&self) -> Option<Candidate> {
        self.noticed.map(|noticed| Candidate { speech: self.first * FRAME..(self.last + 1) * FRAME, noticed })
    }
}

/// What became of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody spoke, and nothing was taken for it.
    Quiet,
    /// Nobody spoke, and something was.
    FalseAlarm,
    Missed,
    /// So many samples after the person began.
    Noticed(usize),
}

/// Holds the interruptions found in a turn against who really spoke.
pub fn outcome(turn: &TurnAt, interruptions: &[&Candidate]) -> Outcome {
    let Some(person) = &turn.person else {
        let alarm = interruptions.iter().any(|c| turn.whole.contains(&c.noticed));
        return if alarm { Outcome::FalseAlarm } else { Outcome::Quiet };
    };
    // What was noticed before and lasts into the person's words counts: the ear is then on them.
    let in_time = |c: &&&Candidate| c.speech.end > person.start && c.noticed < person.end + IN_TIME && c.speech.start < person.end;
    let first = interruptions.iter().filter(in_time).map(|c| c.noticed.saturating_sub(person.start)).min();
    first.map_or(Outcome::Missed, Outcome::Noticed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(speech: Range<usize>, noticed: usize) -> Candidate {
        Candidate { speech, noticed }
    }

    #[test]
    fn outcomes_are_told_by_who_really_spoke() {
        let turn = |person| TurnAt { whole: 1_000..200_000, person, said: Vec::new() };
        let found = candidate(50_000..60_000, 53_200);
        assert_eq!(outcome(&turn(None), &[]), Outcome::Quiet);
        assert_eq!(outcome(&turn(None), &[&found]), Outcome::FalseAlarm);
        assert_eq!(outcome(&turn(None), &[&candidate(0..900, 800)]), Outcome::Quiet);
        assert_eq!(outcome(&turn(Some(50_000..80_000)), &[&found]), Outcome::Noticed(3_200));
        assert_eq!(outcome(&turn(Some(55_000..80_000)), &[&found]), Outcome::Noticed(0));
        assert_eq!(outcome(&turn(Some(90_000..95_000)), &[&found]), Outcome::Missed);
        assert_eq!(outcome(&turn(Some(10_000..20_000)), &[&found]), Outcome::Missed);
    }

    #[test]
    fn silence_and_noise_are_no_candidates() {
        let mut dice = Dice::new(3);
        let noise: Vec<f32> = (0..3 * RATE).map(|_| 0.05 * (dice.roll() * 2.0 - 1.0)).collect();
        assert_eq!(candidates(&noise, 13), []);
        assert_eq!(candidates(&vec![0.0; RATE], 13), []);
    }

    #[test]
    fn sessions_share_out_the_turns() {
        assert_eq!(sessions(25).collect::<Vec<_>>(), [(0, 10), (1, 10), (2, 5)]);
        assert_eq!(sessions(0).count(), 0);
    }
}
