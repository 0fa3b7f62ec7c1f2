//! `xnai bench turn`: how long each stage of a spoken turn takes, from the release of the key to the first sample.
//!
//! Real engines, as configured; the microphone and the speaker are fakes that keep real time, so that no sound system
//! is part of the figures. The same spoken question is asked over and over, each time as the first of a conversation;
//! nothing is taken out of the voice's cache. Every answer is interrupted after its first words, which gives the time
//! from key to silence on a real clock.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::Receiver,
    thread,
    time::{Duration, Instant},
};

use crate::{
    audio::{
        fake::{CLOCK_RATE, Clock, FakeMicrophone, FakeSpeaker, Recording, Script},
        load, resample,
    },
    config::{Config, Context},
    error::{Error, Result, Room},
    llm,
    os::{memory, stop, terminal::say},
    parcel::Sampling,
    pipeline::{
        Crew, News, Notice, Told,
        crew::{self, Needs},
        live::{Command, Ears, Live, Start},
        meter::Timings,
    },
    stt, tts,
};

/// Of the recording; what Kokoro speaks at.
const RATE: u32 = 24_000;

/// How much of an answer is heard before it is interrupted.
const LISTEN: Duration = Duration::from_millis(400);

/// Longer than a turn takes on any machine that is of use.
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Turns that count
    #[arg(long, value_name = "N", default_value_t = 20)]
    turns: usize,
    /// Turns before, that do not
    #[arg(long, value_name = "N", default_value_t = 2)]
    warm_up: usize,
    /// The spoken question: WAV, FLAC or OGG [default: the demo's]
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
    /// Made-up weights instead of the configured models: a folder with whisper-tiny.en.bin, llama-135m.gguf and
    /// kokoro-82m.onnx, of the real shapes; transcripts of 12 tokens and answers of 32 are forced
    #[arg(long, value_name = "FOLDER")]
    shapes: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// The demo's question, spoken by a script.
const QUESTION: &[u8] = include_bytes!("../../assets/question.wav");

/// A stage's name and its times, in ms.
struct Row {
    stage: &'static str,
    times: Vec<f64>,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let question = question(args)?;
    let mut context = context.clone();
    // Answers repeat themselves here more than in life.
    context.config.tts.cache_mb = 0;
    if let Some(folder) = &args.shapes {
        shapes(&mut context.config, folder)?;
    }
    let mut bench = Bench::open(&context)?;
    let mut rows = ["transcript", "passages", "first word", "first fragment", "first sample", "key to silence"]
        .map(|stage| Row { stage, times: Vec::new() });
    for turn in 0..args.warm_up + args.turns {
        stop::check()?;
        let times = bench.turn(&question)?;
        if turn >= args.warm_up {
            rows.iter_mut().zip(times).for_each(|(row, time)| row.times.extend(time));
        }
    }
    let peak = memory::usage().peak_bytes;
    bench.live.stop(Duration::from_secs(1));
    rows.iter_mut().for_each(|row| row.times.sort_by(f64::total_cmp));
    if args.json { print_json(&rows, peak) } else { print(&rows, peak) }
}

/// Models of the size and speed of real ones, whose words mean nothing: so their number is forced.
fn shapes(config: &mut Config, folder: &Path) -> Result<()> {
    let file = |name: &str| match folder.join(name) {
        path if path.is_file() => Ok(path.to_string_lossy().into_owned()),
        path => Err(Error::reword(Room::Pipeline, format!("{} is not there", path.display())).hint("see `xnai bench turn --help`")),
    };
    let [ear, writer, voice] = [file("whisper-tiny.en.bin")?, file("llama-135m.gguf")?, file("kokoro-82m.onnx")?];
    config.models.trust.extend([ear.clone(), writer.clone(), voice.clone()]);
    config.stt = stt::Settings { backend: stt::Backend::Whisper, model: ear, force_tokens: 12, ..config.stt.clone() };
    config.llm = llm::Settings { backend: llm::Backend::Llama, model: writer, ..config.llm.clone() };
    config.tts = tts::Settings { backend: tts::Backend::Kokoro, model: voice, ..config.tts.clone() };
    config.sampling = Sampling { force_length: true, max_tokens: 32, temperature: 1.0, ..config.sampling.clone() };
    Ok(())
}

fn question(args: &Args) -> Result<Vec<f32>> {
    let limit = Duration::from_secs(28);
    let sound = match &args.wav {
        Some(path) => load::load(load::Source::File(path), limit)?,
        None => load::load(load::Source::Stream { name: "the demo question", bytes: Box::new(QUESTION) }, limit)?,
    };
    Ok(resample::for_ear(&sound)?.samples.to_vec())
}

/// A conversation between a script and a recording.
struct Bench {
    live: Live,
    news: Receiver<Told>,
    clock: Clock,
    script: Script,
    heard: Recording,
}

impl Bench {
    fn open(context: &Context) -> Result<Self> {
        let clock = Clock::paced(1.0);
        let (speaker, heard) = FakeSpeaker::open(&clock, RATE);
        let (microphone, script) = FakeMicrophone::open(&clock);
        let roster = Crew::call(context, &Needs::conversation())?;
        let crew = Crew { speaker: Some(Box::new(move || Ok(speaker))), ..roster.crew };
        let (Ears { segmenter, .. }, _) = crew::ears(context)?;
        let ears = Ears { microphone: Box::new(microphone), segmenter };
        let (live, news) = Live::with(context, Start::default(), crew, ears)?;
        Ok(Self { live, news, clock, script, heard })
    }

    /// Asks by key, hears a little of the answer, interrupts it. Times in ms, in the order of the rows.
    fn turn(&mut self, question: &[f32]) -> Result<[Option<f64>; 6]> {
        self.heard.clear();
        // Every turn is the first of a conversation: a history that grows would make the later ones slower.
        self.live.send(Command::Recall(Vec::new()))?;
        self.live.send(Command::Press)?;
        let over = self.script.say_at(self.clock.now(), question);
        if !self.clock.wait(over, PATIENCE) {
            return Err(overdue("the question was never over"));
        }
        self.live.send(Command::Release)?;
        let timings = self.until_sounded()?;
        thread::sleep(LISTEN);
        let silence = self.interrupt()?;
        Ok([
            timings.transcript_ms,
            timings.passages_ms,
            timings.first_token_ms,
            timings.first_fragment_ms,
            timings.first_sample_ms,
            Some(silence),
        ])
    }

    fn until_sounded(&self) -> Result<Timings> {
        let mut timings = Timings::from(Instant::now());
        loop {
            let told = self.next()?;
            timings.note(&told);
            match told.news {
                News::Turn(_, Notice::Sounded) => return Ok(timings),
                News::Turn(_, Notice::Failed(error)) => return Err(error),
                News::Turn(_, Notice::Done) => return Err(overdue("an answer had no sound")),
                _ => {}
            }
        }
    }

    /// Milliseconds of the clock from the key to the last sample heard.
    fn interrupt(&mut self) -> Result<f64> {
        let pressed = self.clock.now();
        self.live.send(Command::Silence)?;
        while !matches!(self.next()?.news, News::Turn(_, Notice::Interrupted { .. } | Notice::Done)) {}
        self.clock.wait(self.clock.now() + u64::from(CLOCK_RATE) / 4, PATIENCE);
        let after = self.heard.between(pressed, self.clock.now());
        let last = after.iter().rposition(|s| *s != 0.0).map_or(0, |at| at + 1);
        Ok(1000.0 * last as f64 / f64::from(RATE))
    }

    fn next(&self) -> Result<Told> {
        self.news.recv_timeout(PATIENCE).map_err(|_| overdue("a turn of the bench was never answered"))
    }
}

fn overdue(what: &str) -> Error {
    Error::report(Room::Pipeline, what).hint("run it again with --log")
}

/// The value that a share of the sorted times does not exceed: the nearest rank.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

fn print(rows: &[Row], peak: u64) -> Result<()> {
    say(&format!("{:<16} {:>6} {:>9} {:>9} {:>9}", "ms after the key", "turns", "p50", "p95", "p99"))?;
    for Row { stage, times } in rows {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(times, percent));
        say(&format!("{stage:<16} {:>6} {p50:>9.1} {p95:>9.1} {p99:>9.1}", times.len()))?;
    }
    say(&format!("peak memory {} MB", peak / 1_000_000))
}

fn print_json(rows: &[Row], peak: u64) -> Result<()> {
    let stage = |row: &Row| {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(&row.times, percent));
        (row.stage.replace(' ', "_"), serde_json::json!({ "turns": row.times.len(), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99 }))
    };
    let stages: serde_json::Map<_, _> = rows.iter().map(stage).collect();
    say(&serde_json::json!({ "stages": stages, "peak_bytes": peak }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!([50, 95, 99].map(|percent| percentile(&sorted, percent)), [10.0, 19.0, 20.0]);
        assert!(percentile(&[], 50).is_nan());
    }
}
