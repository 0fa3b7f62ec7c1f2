//! Real people speak into a virtual microphone of a real sound server, and PocketSphinx hears them through all of ours:
//! device, segmenter, talk key, turns.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant},
};

use xnai::{
    audio::{
        listen::{Earshot, Segmenter},
        load::{self, Source},
        open_live_microphone, resample,
    },
    config::{Config, Context},
    os::paths::Paths,
    pipeline::{
        Crew, News, Notice,
        live::{Command, Ears, Live, Start},
        news::{DeviceState, Side},
    },
    {llm, rag},
};

use super::PATIENCE;
use crate::{
    audio::pulse::{Pulse, child_test},
    support::shared_models,
    wyoming::{installed, open_ear, people::words_wrong},
};

const ORDER: &str = "XNAI_TEST_HEAR";
const MIC: &str = "module-null-sink sink_name=mic rate=48000 format=s16le channels=1";

/// What was said, and the most words that may be wrong of it: one more than on the day this was written, two of the
/// long one. The recogniser is the same every time, but where the recording begins among its windows is not.
const RECORDINGS: [(&str, &str, usize); 11] = [
    ("jfk", "and so my fellow americans ask not what your country can do for you ask what you can do for your country", 7),
    ("turn_on_the_living_room_lamp", "turn on the living room lamp", 2),
    ("living_room_light_en", "turn on the living room light", 3),
    ("hello_world", "hello world", 1),
    ("001", "ten of clubs", 1),
    ("002", "four queen of clubs", 2),
    ("003", "seven of clubs", 1),
    ("004", "five five", 1),
    ("005", "eight of spades four of clubs seven of hearts", 1),
    ("kokoro_af_heart", "welcome to moonshine voice text to speech", 1),
    ("kokoro_am_michael", "welcome to moonshine voice text to speech", 1),
];

/// How often somebody says it until it counts as not understood. The recogniser looks at windows that begin every 10 ms,
/// and where a recording begins among them decides alone: jfk has 4 to 12 words wrong, and 005 none or three, half each.
/// Each time it begins 3 ms later than before, so that it is not the same place every time.
const ATTEMPTS: usize = 10;
/// 3 ms at 48 kHz, in samples.
const LATER: usize = 144;

/// Not a test of its own: a conversation in a process with a sound configuration of its own. Lines in: `press`,
/// `release`; lines out: what became of the microphone, and what was understood.
#[test]
fn the_child_hears() {
    let Ok(address) = env::var(ORDER) else { return };
    let crew = Crew {
        ear: Some(Box::new(move || open_ear(&address))),
        documents: Some(Box::new(|| Ok(Box::new(rag::fake::Fixed::default())))),
        writer: Some(Box::new(|| Ok(Box::new(llm::fake::Parrot)))),
        ..Crew::default()
    };
    let config = Config::default();
    let segmenter = Segmenter::new(&config.listen, Box::<Earshot>::default());
    let ears = Ears { microphone: open_live_microphone(&config.audio), segmenter };
    let hands_free = env::var_os("XNAI_TEST_HANDS_FREE").is_some();
    let context = Context { config, paths: Paths::from_env().unwrap() };
    let (mut live, news) = Live::with(&context, Start { hands_free, ..Start::default() }, crew, ears).unwrap();
    live.send(Command::Aloud(false)).unwrap();
    let tell = thread::spawn(move || {
        for told in news {
            match told.news {
                News::Device(Side::Input, DeviceState::Open(_)) => println!("\n<open>"),
                News::Turn(_, Notice::Began(_)) => println!("\n<began>"),
                News::Turn(_, Notice::Transcript(heard)) => println!("\n<heard>{}", heard.text),
                News::Turn(_, Notice::Failed(error)) => println!("\n<heard>({error})"),
                _ => {}
            }
        }
    });
    for line in std::io::stdin().lines() {
        live.send(if line.unwrap() == "press" { Command::Press } else { Command::Release }).unwrap();
    }
    live.stop(Duration::from_secs(5));
    tell.join().unwrap();
}

/// The child, its keys, and what it says.
struct Listening {
    child: Child,
    keys: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Listening {
    fn start(pulse: &Pulse, address: &str, hands_free: bool) -> Self {
        let mut command = child_test("live::people::the_child_hears", &pulse.config());
        command.envs(pulse.environment()).env(ORDER, address).stdin(Stdio::piped()).stderr(Stdio::inherit());
        if hands_free {
            command.env("XNAI_TEST_HANDS_FREE", "1");
        }
        let mut child = command.spawn().unwrap();
        let ((tell, lines), out) = (sync_channel(1000), child.stdout.take().unwrap());
        thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let listening = Self { keys: child.stdin.take(), child, lines };
        listening.says("<open>");
        listening
    }

    fn key(&mut self, what: &str) {
        writeln!(self.keys.as_mut().unwrap(), "{what}").unwrap();
    }

    /// What follows the first line that begins so.
    #[track_caller]
    fn says(&self, what: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some(rest) = line.strip_prefix(what) {
                return rest.to_owned();
            }
        }
        panic!("it never said {what}");
    }

    fn stop(mut self) {
        self.keys = None;
        assert!(self.child.wait().unwrap().success());
    }
}

/// A virtual microphone, and a child that listens to it with PocketSphinx.
fn listening(hands_free: bool) -> Option<(Pulse, Listening, impl Fn(&str) -> Vec<f32>)> {
    let (program, folder) = (installed("serve")?, shared_models()?);
    let pulse = Pulse::start(&[MIC], "mic.monitor")?;
    let child = Listening::start(&pulse, &format!("stdio:'{}'", program.display()), hands_free);
    let recording = move |name: &str| {
        let path = folder.join("speech").join(name).with_extension("wav");
        let sound = load::load(Source::File(&path), Duration::from_secs(60)).unwrap();
        resample::to_rate(&sound, 48_000).unwrap().samples.to_vec()
    };
    Some((pulse, child, recording))
}

/// The sound as it is played the `attempt`-th time.
fn later(attempt: usize, sound: &[f32]) -> Vec<f32> {
    [&vec![0.0; attempt * LATER], sound].concat()
}

#[test]
fn people_who_hold_the_key_are_heard() {
    let Some((pulse, mut child, recording)) = listening(false) else { return };
    println!("{:<30} {:>5} {:>5} {:>4}  heard", "recording", "words", "wrong", "most");
    let mut failed = Vec::new();
    for (name, said, most) in RECORDINGS {
        let mut hear = |attempt| {
            child.key("press");
            child.says("<began>");
            pulse.play_all("mic", &later(attempt, &recording(name)));
            // What was played last is on its way through the server.
            thread::sleep(Duration::from_millis(500));
            child.key("release");
            let heard = child.says("<heard>").to_lowercase();
            let wrong = words_wrong(said, &heard);
            println!("{name:<30} {:>5} {wrong:>5} {most:>4}  {heard}", said.split(' ').count());
            wrong <= most
        };
        if !(0..ATTEMPTS).any(&mut hear) {
            failed.push(name);
        }
    }
    child.stop();
    assert!(failed.is_empty(), "too many words are wrong in {failed:?}");
}

#[test]
fn people_who_only_speak_are_heard() {
    let Some((pulse, child, recording)) = listening(true) else { return };
    for (name, said, most) in RECORDINGS.into_iter().filter(|(name, ..)| ["003", "005", "kokoro_af_heart"].contains(name)) {
        let hear = |attempt| {
            pulse.play_all("mic", &later(attempt, &recording(name)));
            let heard = child.says("<heard>").to_lowercase();
            let wrong = words_wrong(said, &heard);
            println!("hands-free: {name:<30} {:>5} {wrong:>5}  {heard}", said.split(' ').count());
            wrong <= most
        };
        assert!((0..ATTEMPTS).any(hear), "{name} is not understood");
    }
    child.stop();
}
