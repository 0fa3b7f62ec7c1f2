//! The whole program between a virtual microphone and a virtual speaker of a real sound server, on the small pack.

mod independent;
mod joints;

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

use crate::audio::pulse::Pulse;

const MIC: &str = "module-null-sink sink_name=mic rate=48000 format=s16le channels=1";
const SPEAKER: &str = "module-null-sink sink_name=spk rate=48000 format=s16le channels=1";
const QUESTION: &str = "How long is the refund window?";

/// Longer than any step takes on a machine that works.
const PATIENCE: Duration = Duration::from_secs(60);

/// A conversation line by line, with the demo documents and a sound server of its own.
struct Talk {
    pulse: Pulse,
    child: Child,
    /// The keyboard's end of its terminal: a script would be read line by line, each after the answer before.
    keys: File,
    lines: Receiver<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program in a home of its own.
fn xnai(pulse: &Pulse, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xnai"));
    command.args(args).env_remove("XNAI_CONFIG").env("XNAI_HOME", root()).env("HOME", pulse.path(""));
    for (name, folder) in
        [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache"), ("XDG_RUNTIME_DIR", "run")]
    {
        command.env(name, pulse.path(folder));
    }
    command.env("ALSA_CONFIG_PATH", pulse.config()).stdin(Stdio::null());
    command
}

impl Talk {
    fn start() -> Option<Self> {
        let pulse = Pulse::start(&[MIC, SPEAKER], "")?;
        pulse.pactl(&["set-default-sink", "spk"]);
        pulse.pactl(&["set-default-source", "mic.monitor"]);
        let docs = root().join("assets/docs");
        let output = xnai(&pulse, &["ingest", "--collection", "demo", docs.to_str().unwrap()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut command = xnai(&pulse, &["--plain"]);
        // The recogniser of the small pack, whatever else is installed on this machine.
        command.env("XNAI_STT_MODEL", "nano").env("XNAI_TTS_BACKEND", "espeak").env("XNAI_LLM_BACKEND", "quote");
        let terminal = nix::pty::openpty(None, None).unwrap();
        let mut child = command.stdin(Stdio::from(terminal.slave)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = sync_channel(1000);
        let streams: [Box<dyn std::io::Read + Send>; 2] = [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let tell = tell.clone();
            thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        }
        Some(Self { pulse, child, keys: File::from(terminal.master), lines })
    }

    fn types(&mut self, line: &str) {
        writeln!(self.keys, "{line}").unwrap();
    }

    /// Waits for a line that holds this.
    #[track_caller]
    fn says(&self, what: &str) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.contains(what) {
                return line;
            }
            seen.push(line);
        }
        panic!("{what:?} was not said, but {seen:#?}");
    }

    /// A spoken question, played into the microphone while it listens.
    fn hears(&mut self, question: &Path) {
        self.types("");
        self.says("(listening");
        let mut reader = hound::WavReader::open(question).unwrap();
        let sound: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
        let at_48k: Vec<f32> = sound.iter().flat_map(|&s| [s; 3]).collect();
        self.pulse.play_all("mic", &at_48k);
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A WAV file as 48 kHz samples.
fn wav_at_48k(path: &Path) -> Vec<f32> {
    let sound = xnai::audio::load::load(xnai::audio::load::Source::File(path), Duration::from_secs(60)).unwrap();
    xnai::audio::resample::to_rate(&sound, 48_000).unwrap().samples.to_vec()
}

/// Likeness of two sounds of equal length, −1..1.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
}

/// Where in `heard` the piece begins, by the best likeness near a guess; and that likeness.
fn find(piece: &[f32], heard: &[f32], from: usize, to: usize) -> (usize, f32) {
    let at = |start: usize| heard.get(start..start + piece.len()).map_or(-1.0, |there| likeness(piece, there));
    let coarse = (from..to).step_by(4).map(|start| (start, at(start))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((from, -1.0));
    (coarse.0.saturating_sub(4)..coarse.0 + 4)
        .map(|start| (start, at(start)))
        .fold(coarse, |best, next| if next.1 > best.1 { next } else { best })
}

#[test]
fn a_spoken_question_is_answered_with_the_sound_that_a_file_would_hold() {
    let Some(mut talk) = Talk::start() else { return };
    talk.says("(microphone");
    talk.hears(&root().join("assets/question.wav"));
    let recording = talk.pulse.record("spk.monitor");
    talk.types("");
    assert!(talk.says("you: ").contains(QUESTION));
    assert!(talk.says("xnai: ").contains("30 days"));
    talk.says("[1]");
    // Six seconds of answer, and the file of the same answer to compare with.
    let file = talk.pulse.path("answer.wav");
    let mut once = xnai(&talk.pulse, &["--once", QUESTION, "--out", file.to_str().unwrap()]);
    let output = once.env("XNAI_TTS_BACKEND", "espeak").env("XNAI_LLM_BACKEND", "quote").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = wav_at_48k(&file);
    thread::sleep(Duration::from_secs_f64(expected.len() as f64 / 48_000.0 + 3.0));
    let heard = recording.stop();
    // Nothing lost, doubled or late: every half second of the file is heard, where the first one says that it must be.
    let piece = 24_000;
    let begin = expected.iter().position(|s| s.abs() > 0.05).unwrap();
    let onset = heard.iter().position(|s| s.abs() > 0.03).expect("nothing is heard");
    let (first, like) = find(&expected[begin..begin + piece], &heard, onset.saturating_sub(2400), onset + 2400);
    assert!(like > 0.95, "the beginning is not heard: {like}");
    let mut late = 0;
    for start in (begin..expected.len() - piece).step_by(piece) {
        let wanted = &expected[start..start + piece];
        if wanted.iter().all(|s| s.abs() < 0.05) {
            continue;
        }
        let due = first + (start - begin) + late;
        let (at, like) = find(wanted, &heard, due.saturating_sub(480), due + 24_000);
        assert!(like > 0.9, "{} ms are not heard: {like}", start / 48);
        late += at.saturating_sub(due);
    }
    // Between fragments the voice may be waited for; 30 ms at each of the few joints.
    assert!(late < 48_000 / 10, "{} ms late at its end", late / 48);
    let waits = joints::waits(&expected[begin..], &heard[first..]);
    println!("longer than in the file, each pause by (ms): {waits:?}");
    assert!(!waits.is_empty(), "the file has no pause");
    assert!(waits.iter().all(|ms| *ms < 100.0), "a joint is late");
    if let Some(chosen) = independent::chosen(&talk.pulse, &heard, independent::REFUND) {
        println!("PocketSphinx chose: {chosen}");
        assert!(chosen.starts_with("the refund window is thirty days from the day of delivery"), "another ear hears: {chosen}");
    }
}

#[test]
fn a_key_silences_the_speaker() {
    let Some(mut talk) = Talk::start() else { return };
    talk.says("(microphone");
    talk.types("How far away is the moon?");
    talk.says("(speaking");
    thread::sleep(Duration::from_millis(500));
    talk.types("/silence");
    thread::sleep(Duration::from_millis(500));
    let recording = talk.pulse.record("spk.monitor");
    thread::sleep(Duration::from_secs(1));
    let heard = recording.stop();
    let loudest = heard.iter().fold(0.0f32, |most, s| most.max(s.abs()));
    assert!(loudest < 0.01, "it still speaks: {loudest}");
}
