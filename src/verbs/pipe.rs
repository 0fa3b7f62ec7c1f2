//! `xnai pipe ls|tap|feed`: what a running xnai hears and says as a stream of sound, and sound in place of its microphone.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use crate::{
    audio::{
        Speaker, load,
        pipe::{self, Full, Name, Place, Seen, Tap, Writer},
        resample::Flow,
        save::WavStream,
    },
    config::Context,
    error::{Error, Kind, Result, Room},
    os::{
        stop,
        terminal::{plain, put, say, say_json, tell},
    },
    parcel::Pcm,
    turn::Session,
};

/// Between two looks at whether the user asked to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Taken at once, in samples: 43 ms at 24 kHz.
const PIECE: usize = 1024;

/// The longest FLAC or OGG that is taken: such a file is first read whole.
const LONGEST: Duration = Duration::from_secs(3600);

/// Said once where what is fed is lost.
const UNHEARD: &str =
    "nobody listens now, and what is fed is not heard: hold the talk key of that xnai, or switch its hands-free listening on";

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// List the sound pipes of running programs, and remove what killed ones left
    Ls(Ls),
    /// Write what is heard (mic) or said (tts) to stdout, as it happens, until interrupted
    Tap(TapArgs),
    /// Read sound from stdin (WAV, FLAC, OGG, or raw) and hand it to a running xnai as if its microphone had heard it
    Feed(Feed),
}

#[derive(clap::Args, Debug)]
struct Ls {
    /// Print a JSON list
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct TapArgs {
    /// What to listen to
    name: Ear,

    /// Of this process, if several run
    #[arg(long)]
    pid: Option<u32>,

    /// 32-bit floats (little-endian, mono) without a header, instead of WAV
    #[arg(long)]
    raw: bool,

    /// Resample to this rate
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    rate: Option<u32>,

    /// End after this much sound
    #[arg(long, value_name = "N", value_parser = seconds)]
    seconds: Option<f64>,
}

#[derive(clap::Args, Debug)]
struct Feed {
    /// What to speak in place of
    name: Mouth,

    /// To this process, if several run
    #[arg(long)]
    pid: Option<u32>,

    /// Stdin holds 32-bit floats (little-endian, mono) without a header
    #[arg(long, requires = "rate")]
    raw: bool,

    /// Of the raw sound
    #[arg(long, value_name = "HZ", requires = "raw", value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    rate: Option<u32>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Ear {
    /// What the microphone hears
    Mic,
    /// What the voice says
    Tts,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Mouth {
    /// The microphone
    Mic,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(seconds),
        _ => Err("a number above 0 is needed".into()),
    }
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let place = pipe::place(&context.paths);
    match &args.what {
        What::Ls(args) => ls(args, &place),
        What::Tap(args) => tap(args, &place),
        What::Feed(args) => feed(args, &place),
    }
}

fn ls(args: &Ls, place: &Place) -> Result<()> {
    let all = pipe::list(place)?;
    if args.json {
        return say_json(&all);
    }
    if all.is_empty() {
        tell("no sound pipes: no xnai that listens or speaks is running");
        return Ok(());
    }
    say("pipe  process  program           rate       holds   waiting  readers  state")?;
    all.iter().try_for_each(|seen| say(&line(seen)))
}

fn line(seen: &Seen) -> String {
    let Seen { name, pid, program, rate, held_s, queued_s, readers, alive, .. } = seen;
    let program = plain(program).replace(['\n', '\t'], " ");
    let state = if *alive { "alive" } else { "was left behind, removed" };
    format!("{:<4}  {pid:>7}  {program:<16}  {rate:>6} Hz  {held_s:>5.1} s  {queued_s:>5.1} s  {readers:>7}  {state}", name.word())
}

fn tap(args: &TapArgs, place: &Place) -> Result<()> {
    if io::stdout().is_terminal() {
        let error = Error::reword(Room::Audio, "the sound would go to the terminal");
        return Err(error.hint("redirect it (`> heard.wav`), or pipe it into another program"));
    }
    let name = match args.name {
        Ear::Mic => Name::Mic,
        Ear::Tts => Name::Tts,
    };
    let mut tap = Tap::attach(place, name, args.pid)?;
    let mut tape = Tape::new(args);
    let mut missed = 0;
    let done = loop {
        match one(&mut tap, &mut tape, &mut missed) {
            Ok(true) => {}
            Ok(false) => break tape.finish(),
            Err(error) => break Err(error),
        }
    };
    if missed > 0 {
        tell(&format!("{missed} samples were missed: this program was too slow"));
    }
    // Whoever reads our output and leaves has heard enough.
    done.map_err(|error| if error.kind() == Kind::Reopen && tape.deaf { Error::stopped() } else { error })
}

/// One look into the pipe; false at the end.
fn one(tap: &mut Tap, tape: &mut Tape, missed: &mut u64) -> Result<bool> {
    stop::check()?;
    let mut heard = Vec::new();
    let read = tap.read(&mut heard, PIECE, LOOK)?;
    *missed += read.missed;
    let full = !heard.is_empty() && tape.add(&Pcm::new(heard, read.rate))?;
    Ok(!full && !read.ended)
}

/// Sound at one rate on its way to stdout.
struct Tape {
    flow: Option<Flow>,
    rate: Option<u32>,
    wav: Option<WavStream<io::Stdout>>,
    seconds: Option<f64>,
    written: u64,
    /// The last error came from writing.
    deaf: bool,
}

impl Tape {
    fn new(args: &TapArgs) -> Self {
        let wav = (!args.raw).then(|| WavStream::new(io::stdout(), "standard output"));
        Self { flow: None, rate: args.rate, wav, seconds: args.seconds, written: 0, deaf: false }
    }

    /// Writes a piece; true once that is enough.
    fn add(&mut self, sound: &Pcm) -> Result<bool> {
        let rate = *self.rate.get_or_insert(sound.rate);
        let mut ready = Vec::new();
        self.flow.get_or_insert_with(|| Flow::new(rate)).push(sound, &mut ready)?;
        self.write(ready)
    }

    fn write(&mut self, mut samples: Vec<f32>) -> Result<bool> {
        let rate = self.rate.unwrap_or_default();
        let most = self.seconds.filter(|_| rate > 0).map_or(u64::MAX, |seconds| (seconds * f64::from(rate)).round() as u64);
        samples.truncate(usize::try_from(most - self.written).unwrap_or(usize::MAX));
        self.written += samples.len() as u64;
        if samples.is_empty() {
            return Ok(self.written >= most);
        }
        self.deaf = true;
        match &mut self.wav {
            Some(wav) => wav.play(&Pcm::new(samples, rate), &Session::new().turn())?,
            None => put(io::stdout().lock(), &samples.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<_>>())?,
        }
        self.deaf = false;
        Ok(self.written >= most)
    }

    /// Writes what the resampler still holds, and for no sound at all at least a header.
    fn finish(&mut self) -> Result<()> {
        let mut rest = Vec::new();
        self.flow.take().map_or(Ok(()), |mut flow| flow.finish(&mut rest))?;
        self.write(rest)?;
        self.deaf = true;
        self.wav.as_mut().map_or(Ok(()), |wav| wav.drain(&Session::new().turn()))
    }
}

fn feed(args: &Feed, place: &Place) -> Result<()> {
    let Mouth::Mic = args.name;
    if io::stdin().is_terminal() {
        let error = Error::reword(Room::Audio, "sound is read from stdin, and that is the terminal");
        return Err(error.hint("redirect it (`< question.wav`), or pipe another program into this"));
    }
    let writer = Writer::attach(place, Name::Feed, args.pid)?;
    let (mut flow, mut ready, mut said) = (Flow::new(writer.rate()), Vec::new(), false);
    let mut each = |sound: Pcm| {
        if !writer.heeded() && !std::mem::replace(&mut said, true) {
            tell(UNHEARD);
        }
        flow.push(&sound, &mut ready)?;
        writer.write(&ready, Full::Wait(&stop::check))?;
        ready.clear();
        Ok(())
    };
    match args.rate {
        Some(rate) => load::stream_raw("standard input", Box::new(io::stdin()), rate, &mut each),
        None => load::stream("standard input", Box::new(io::stdin()), LONGEST, &mut each),
    }?;
    flow.finish(&mut ready)?;
    writer.write(&ready, Full::Wait(&stop::check))?;
    writer.drain(&stop::check)
}
