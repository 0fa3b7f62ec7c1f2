//! A conversation on fake engines and fake devices, to the sample.

#[cfg(all(feature = "audio", feature = "whisper", feature = "lance", feature = "onnx"))]
mod aloud;
mod barge_in;
mod devices;
mod endurance;
mod hearing;
mod joints;
#[cfg(feature = "audio")]
mod people;
mod returning;
mod waking;

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use xnai::{
    audio::{
        Microphone,
        fake::{Clock, FakeMicrophone, FakeSpeaker, PERIOD, Recording, Script},
        listen::{Earshot, Segmenter},
    },
    config::{Config, Context},
    error::Result,
    llm::{self, Llm},
    os::paths::Paths,
    parcel::{Finish, Pcm, Piece, Prompt, Sentence, Spoken},
    pipeline::{
        Crew, News, Notice, Told,
        live::{Command, Ears, Live, Start},
    },
    rag, stt,
    tts::{PcmSink, Tts},
    turn::Turn,
};

/// Hz of the voice and of the recording.
const RATE: u32 = 24_000;

/// Longer than anything takes on a machine that works.
const PATIENCE: Duration = Duration::from_secs(60);

/// Says 0.2 s of one value for every fragment: a value of its own for every turn.
pub struct Tagged;

/// The value that a turn is heard as.
pub fn tag(sequence: u64) -> f32 {
    0.1 + (sequence % 1000) as f32 / 2000.0
}

impl Tts for Tagged {
    fn say(&mut self, _: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        turn.alive()?;
        out(Pcm::new(vec![tag(turn.id().sequence); RATE as usize / 5], RATE))?;
        Ok(Spoken { samples: RATE as usize / 5, cached: false })
    }

    fn cost(&self, _: &Sentence) -> Duration {
        Duration::ZERO
    }
}

/// Writes twenty short sentences.
pub struct Talker;

impl Llm for Talker {
    fn write(&mut self, _: &Prompt, turn: &Turn, out: &mut llm::PieceSink<'_>) -> Result<Finish> {
        for n in 0..20 {
            turn.alive()?;
            out(Piece { text: format!("Sentence {n} of a patient answer. ") })?;
        }
        Ok(Finish::default())
    }
}

/// A conversation between a script and a recording.
pub struct Rig {
    pub live: Live,
    pub news: Receiver<Told>,
    pub clock: Clock,
    pub script: Script,
    pub heard: Recording,
}

impl Rig {
    pub fn new(clock: Clock, start: Start) -> Self {
        Self::tuned(clock, start, |_| Box::new(Tagged), |_, _| ())
    }

    /// With another voice, which may look at what is heard of it.
    pub fn with_voice(clock: Clock, start: Start, voice: impl FnOnce(&Recording) -> Box<dyn Tts>) -> Self {
        Self::tuned(clock, start, voice, |_, _| ())
    }

    /// With other settings and somebody else in the crew as well.
    pub fn tuned(
        clock: Clock,
        start: Start,
        voice: impl FnOnce(&Recording) -> Box<dyn Tts>,
        tune: impl FnOnce(&mut Config, &mut Crew),
    ) -> Self {
        let (microphone, script) = FakeMicrophone::open(&clock);
        Self::hearing((Box::new(microphone), script), (clock, start), voice, tune)
    }

    /// With another microphone.
    fn hearing(
        (microphone, script): (Box<dyn Microphone>, Script),
        (clock, start): (Clock, Start),
        voice: impl FnOnce(&Recording) -> Box<dyn Tts>,
        tune: impl FnOnce(&mut Config, &mut Crew),
    ) -> Self {
        let (speaker, heard) = FakeSpeaker::open(&clock, RATE);
        let voice = voice(&heard);
        let mut crew = Crew {
            ear: Some(Box::new(|| Ok(Box::new(stt::fake::Scripted::default())))),
            documents: Some(Box::new(|| Ok(Box::new(rag::fake::Fixed::default())))),
            writer: Some(Box::new(|| Ok(Box::new(Talker)))),
            voice: Some(Box::new(move || Ok(voice))),
            speaker: Some(Box::new(move || Ok(speaker))),
            pipes: None,
        };
        let mut config = Config::default();
        // The tagged voice is no sound that a room carries, and there is no room.
        config.echo.cancel = false;
        tune(&mut config, &mut crew);
        let segmenter = Segmenter::new(&config.listen, Box::<Earshot>::default());
        let context = Context { config, paths: Paths::from_env().unwrap() };
        let ears = Ears { microphone, segmenter };
        let (live, news) = Live::with(&context, start, crew, ears).unwrap();
        Self { live, news, clock, script, heard }
    }

    pub fn send(&mut self, command: Command) {
        self.live.send(command).unwrap();
    }

    /// Waits for a notice of a turn, moving the clock on meanwhile.
    #[track_caller]
    pub fn until(&self, wanted: impl Fn(&Notice) -> bool) -> Notice {
        self.wait(wanted, PERIOD)
    }

    /// Waits for a notice that needs no sound to pass: the clock stands still, however busy the machine is.
    #[track_caller]
    pub fn at_once(&self, wanted: impl Fn(&Notice) -> bool) -> Notice {
        self.wait(wanted, 0)
    }

    #[track_caller]
    fn wait(&self, wanted: impl Fn(&Notice) -> bool, step: u64) -> Notice {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        while Instant::now() < deadline {
            match self.news.recv_timeout(Duration::from_millis(1)) {
                Ok(Told { news: News::Turn(_, notice), .. }) if wanted(&notice) => return notice,
                Ok(Told { news: News::Turn(_, notice), .. }) => seen.push(notice),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => self.clock.advance(step),
                Err(RecvTimeoutError::Disconnected) => panic!("the conversation ended; seen: {seen:?}"),
            }
        }
        panic!("not told in time; seen: {seen:?}");
    }

    /// Lets the clock run until then, in steps that the listener keeps up with.
    pub fn pass(&self, until: u64) {
        while self.clock.now() < until {
            self.clock.advance(PERIOD);
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// A spoken question out of a file, 16 kHz.
    pub fn question() -> Vec<f32> {
        let mut reader = hound::WavReader::open("assets/question.wav").unwrap();
        reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect()
    }
}
