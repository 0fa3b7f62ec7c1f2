//! How often our own voice interrupts us, and how often a person who interrupts is not noticed.
//!
//! The loudspeaker, the room and the calls are simulated; the voices are real: our sentences as espeak-ng and Kokoro
//! speak them, and recordings of people. Every turn is measured on the same sound with and without cancellation.
//!
//! "Noticed after" counts from the beginning of a recording, 200 ms before its first word, on the clock of the
//! samples; the canceller's own delay and a recogniser's time come on top.

mod room;
mod sounds;
mod trial;

use std::path::PathBuf;

use self::{
    sounds::Sounds,
    trial::{Candidate, Condition, Outcome, Session, TurnAt, candidates, outcome, sessions},
};
use crate::{
    audio::echo::{self, Settings},
    config::Context,
    error::Result,
    llm,
    os::terminal::say,
    parcel::Utterance,
    pipeline::{
        Crew,
        barge::{BACKCHANNELS, Verdict, judge},
        crew::{Listener, Needs},
    },
    stt::Stt,
    turn,
};

/// Of our voice at the microphone against a person's, in dB; the last is none at all, as with headphones.
const LEVELS: [f32; 5] = [-6.0, -10.0, -15.0, -20.0, f32::NEG_INFINITY];

/// Kept before what is handed to the recogniser, in samples.
const PREROLL: usize = 4_800;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Turns with a person, and as many without, at each level
    #[arg(long, value_name = "N", default_value_t = 100)]
    turns: usize,

    /// Folder with recordings of people, as WAV; `speech` in a folder of the models otherwise
    #[arg(long, value_name = "FOLDER")]
    people: Option<PathBuf>,

    /// Speech must last so long to interrupt, in ms
    #[arg(long, value_name = "MS", default_value_t = 200)]
    speech_ms: usize,

    /// Also compare what is recognised with what we say, using the configured recogniser
    #[arg(long)]
    words: bool,

    /// Only a loudspeaker that bends nothing
    #[arg(long)]
    linear: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    echo::present()?;
    let mut ear = if args.words { Some(recogniser(context)?) } else { None };
    let sounds = Sounds::prepare(args.people.as_deref(), context)?;
    let (ours, people) = sounds.counts();
    say(&format!(
        "{ours} sentences of ours, {people} recordings of people, {} + {} turns a line; simulated: loudspeaker, room, late calls.",
        args.turns, args.turns
    ))?;
    say(&format!("{:<10} {:<9} {:>24} {:>24} {:>16}", "echo", "speaker", "false alarms per 100", "misses per 100", "noticed after"))?;
    say(&format!("{:<10} {:<9} {:>12} {:>11} {:>12} {:>11} {:>16}", "", "", "raw", "cancelled", "raw", "cancelled", "median, ms"))?;
    for bends in [false, true].into_iter().filter(|bends| !(*bends && args.linear)) {
        for echo_db in LEVELS {
            let mut score = Score::default();
            for person in [false, true] {
                measure(Condition { echo_db, bends, person }, args, &sounds, &mut ear, &mut score)?;
            }
            say(&score.line(echo_db, bends))?;
        }
    }
    Ok(())
}

/// The configured recogniser, as a conversation would have it.
fn recogniser(context: &Context) -> Result<Box<dyn Stt>> {
    let mut context = context.clone();
    context.config.llm.backend = llm::Backend::Quote;
    let needs = Needs { ear: true, documents: true, listener: Listener::Nobody };
    let ear = Crew::call(&context, &needs)?.crew.ear;
    ear.map_or_else(|| crate::stt::open(&context.config.stt, None, 1), |open| open())
}

/// Counts; the first of each pair without cancellation, the second with it.
#[derive(Debug, Default)]
struct Score {
    quiet: usize,
    alarms: [usize; 2],
    spoken: usize,
    missed: [usize; 2],
    /// Samples until a person was noticed, with cancellation.
    noticed: Vec<usize>,
}

impl Score {
    fn add(&mut self, outcome: Outcome, cancelled: bool) {
        let side = usize::from(cancelled);
        match outcome {
            Outcome::Quiet | Outcome::FalseAlarm => self.quiet += side,
            Outcome::Missed | Outcome::Noticed(_) => self.spoken += side,
        }
        match outcome {
            Outcome::FalseAlarm => self.alarms[side] += 1,
            Outcome::Missed => self.missed[side] += 1,
            Outcome::Noticed(samples) if cancelled => self.noticed.push(samples),
            Outcome::Quiet | Outcome::Noticed(_) => {}
        }
    }

    fn line(&mut self, echo_db: f32, bends: bool) -> String {
        self.noticed.sort_unstable();
        let median = self.noticed.get(self.noticed.len() / 2).map_or("-".to_owned(), |samples| (samples / 16).to_string());
        let per_100 = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
        format!(
            "{:<10} {:<9} {:>12.0} {:>11.0} {:>12.0} {:>11.0} {median:>16}",
            if echo_db.is_finite() { format!("{echo_db} dB") } else { "none".into() },
            if bends { "bends" } else { "linear" },
            per_100(self.alarms[0], self.quiet),
            per_100(self.alarms[1], self.quiet),
            per_100(self.missed[0], self.spoken),
            per_100(self.missed[1], self.spoken),
        )
    }
}

fn measure(condition: Condition, args: &Args, sounds: &Sounds, ear: &mut Option<Box<dyn Stt>>, score: &mut Score) -> Result<()> {
    for (number, turns) in sessions(args.turns) {
        let session = Session::new(number, turns, condition, sounds);
        for cancel in [false, true] {
            let heard = session.heard(&Settings { cancel, ..Settings::default() })?;
            let found = candidates(&heard, args.speech_ms.div_ceil(16));
            for turn in &session.turns {
                let here = found.iter().filter(|c| turn.whole.contains(&c.noticed));
                let mut interruptions = Vec::new();
                for candidate in here {
                    if interrupts(candidate, turn, &heard, ear.as_deref_mut())? {
                        interruptions.push(candidate);
                    }
                }
                score.add(outcome(turn, &interruptions), cancel);
            }
        }
    }
    Ok(())
}

/// Without a recogniser every candidate interrupts; with one, what we say ourselves and murmurs do not.
fn interrupts(candidate: &Candidate, turn: &TurnAt, heard: &[f32], ear: Option<&mut (dyn Stt + 'static)>) -> Result<bool> {
    let Some(ear) = ear else { return Ok(true) };
    let speech = &heard[candidate.speech.start.saturating_sub(PREROLL)..candidate.speech.end.min(heard.len())];
    let text = ear.transcribe(&Utterance::new(speech), &turn::Session::new().turn())?.text;
    let said: Vec<&str> = turn.said.iter().filter(|(at, _)| *at < candidate.speech.end).map(|(_, text)| text.as_str()).collect();
    Ok(judge(&text, &said.join(" "), &BACKCHANNELS) == Verdict::Interruption)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_both_sides_apart() {
        let mut score = Score::default();
        for (outcome, cancelled) in [
            (Outcome::FalseAlarm, false),
            (Outcome::Quiet, true),
            (Outcome::Noticed(0), false),
            (Outcome::Noticed(4_800), true),
            (Outcome::FalseAlarm, false),
            (Outcome::FalseAlarm, true),
            (Outcome::Missed, false),
            (Outcome::Missed, true),
        ] {
            score.add(outcome, cancelled);
        }
        let line = score.line(-6.0, true);
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["-6", "dB", "bends", "100", "50", "50", "50", "300"]);
    }
}
