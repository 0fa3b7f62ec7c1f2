//! Speaks through the program `espeak-ng`: text to its standard input, a WAV stream from its standard output.
//!
//! A separate program because of its licence (GPL), and because some texts crash it: a crash costs a line, not us.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{Read, Write},
    os::{fd::AsFd, unix::fs::PermissionsExt},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::poll::{PollFd, PollFlags, poll};

use super::{PcmSink, Speed, Tts, tame, wav};
use crate::{
    error::{Error, Result, Room},
    parcel::{Pcm, Sentence, Spoken},
    turn::{Session, Turn},
};

const PROGRAM: &str = "espeak-ng";
/// Its natural rate, in words a minute.
const WORDS_PER_MINUTE: f32 = 175.0;
/// How long it may be silent before it counts as hung; it needs milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the turn is looked at while the program is awaited, in ms.
const GLANCE: u8 = 20;
/// Samples handed on at once: a quarter of a second at its 22,050 Hz.
const FRAGMENT: usize = 5_512;
/// Bytes of its list of voices; version 1.51 prints 9,000.
const LONGEST_LIST: usize = 1 << 20;
/// Measured with version 1.51: 10 ms to start it, 45 µs a character.
const START: Duration = Duration::from_millis(10);
const CHARACTER: Duration = Duration::from_micros(45);

/// The voice of last resort: always quick, never beautiful.
#[derive(Debug)]
pub struct Espeak {
    program: PathBuf,
    voice: String,
    speed: Speed,
}

impl Espeak {
    pub fn open(voice: &str, speed: Speed) -> Result<Self> {
        Self::found_in(env::var_os("PATH"), voice, speed)
    }

    fn found_in(path: Option<OsString>, voice: &str, speed: Speed) -> Result<Self> {
        if !may_be_named(voice) {
            return Err(no_voice(voice));
        }
        let program = find(path).ok_or_else(missing)?;
        Ok(Self { program, voice: voice.into(), speed })
    }

    fn start(&self, text: &str) -> Result<Running> {
        let failed = |e: &std::io::Error| Error::io(Room::Tts, "running", &self.program, e);
        let rate = (WORDS_PER_MINUTE * self.speed.get()).round().to_string();
        let mut child = Command::new(&self.program)
            .args(["--stdin", "--stdout", "-b", "1", "-v", &self.voice, "-s", &rate]) // -b 1: the text is UTF-8
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| failed(&e))?;
        let (input, sound) = (child.stdin.take(), child.stdout.take());
        let running = Running { child, sound };
        // A piece is far smaller than a pipe's buffer: this never blocks. A program that died is noticed at its output.
        let _ = input.map(|mut i| i.write_all(text.as_bytes()));
        Ok(running)
    }

    /// Speaks what the program can take at once; gives the number of samples.
    fn say_piece(&self, text: &str, turn: &Turn, out: &mut PcmSink<'_>) -> Result<usize> {
        let mut running = self.start(text)?;
        let (mut wav, mut samples, mut bytes) = (wav::Stream::default(), 0, vec![0; 16 << 10]);
        loop {
            let count = running.read(&mut bytes, turn)?;
            wav.push(&bytes[..count])?;
            let ready = if count == 0 { wav.ready() } else { wav.ready() / FRAGMENT * FRAGMENT };
            if ready > 0 {
                samples += ready;
                out(Pcm::new(wav.take(ready), wav.rate()))?;
            }
            if count == 0 {
                return running.finish(&self.voice).map(|()| samples);
            }
        }
    }
}

impl Tts for Espeak {
    fn say(&mut self, line: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
        let mut spoken = Spoken::default();
        for piece in tame::pieces(&line.text) {
            turn.alive()?;
            spoken.samples += self.say_piece(&piece, turn, out)?;
        }
        Ok(spoken)
    }

    fn cost(&self, line: &Sentence) -> Duration {
        START + CHARACTER * u32::try_from(line.text.len()).unwrap_or(u32::MAX)
    }
}

/// The running program; killed when it is no longer wanted.
struct Running {
    child: Child,
    sound: Option<ChildStdout>,
}

impl Running {
    /// Waits for sound; 0 at its end.
    fn read(&mut self, into: &mut [u8], turn: &Turn) -> Result<usize> {
        let Some(sound) = &mut self.sound else { return Ok(0) };
        let deadline = Instant::now() + PATIENCE;
        loop {
            turn.alive()?;
            // Interrupted or not, what counts is whether there is something to read now.
            let ready = poll(&mut [PollFd::new(sound.as_fd(), PollFlags::POLLIN)], GLANCE).unwrap_or(0);
            if ready > 0 {
                return sound.read(into).map_err(|e| Error::report(Room::Tts, format!("the sound of espeak-ng cannot be read: {e}")));
            }
            if Instant::now() > deadline {
                return Err(Error::retry(Room::Tts, format!("espeak-ng has given no sound for {} s", PATIENCE.as_secs())));
            }
        }
    }

    /// After the end of the sound: did all go well?
    fn finish(mut self, voice: &str) -> Result<()> {
        let mut said = String::new();
        if let Some(mut complaints) = self.child.stderr.take() {
            let _ = complaints.read_to_string(&mut said); // its exit status counts; this only explains it
        }
        let status = self.child.wait().map_err(|e| Error::report(Room::Tts, format!("espeak-ng cannot be waited for: {e}")))?;
        let why = said.lines().next().unwrap_or("no reason given").trim();
        match status.code() {
            Some(0) => Ok(()),
            Some(_) if why.contains("voice does not exist") => Err(no_voice(voice)),
            Some(code) => Err(Error::fetch(Room::Tts, format!("espeak-ng failed with {code}: {why}")).hint("install it again")),
            None => Err(Error::replace(Room::Tts, format!("espeak-ng crashed on this text ({why})"))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended already
        let _ = self.child.wait();
    }
}

/// A voice that the program lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `en-gb`: what one calls it.
    pub language: String,
    /// Its own name, its file, and the languages it speaks as well.
    others: Vec<String>,
}

impl Listed {
    fn of(line: &str) -> Option<Self> {
        let mut columns = line.split_whitespace().skip(1);
        let (language, _, name, file) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
        let rest: String = columns.flat_map(|word| [word, " "]).collect();
        let also = rest.split(['(', ')']).filter_map(|one| one.split_whitespace().next());
        let others = [name, file].into_iter().chain(also).filter(|one| may_be_named(one)).map(str::to_owned).collect();
        Some(Self { language: language.to_owned(), others })
    }

    /// Whether the program would take it under this name; a variant (`+f3`) changes only its sound.
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.split('+').next().unwrap_or(name);
        std::iter::once(&self.language).chain(&self.others).any(|one| one.eq_ignore_ascii_case(name))
    }
}

/// The voices that the installed program lists. Waits for it.
pub fn voices() -> Result<Vec<Listed>> {
    listed(&find(env::var_os("PATH")).ok_or_else(missing)?)
}

fn listed(program: &PathBuf) -> Result<Vec<Listed>> {
    let failed = |e: &std::io::Error| Error::io(Room::Tts, "running", program, e);
    let mut command = Command::new(program);
    command.arg("--voices").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| failed(&e))?;
    let sound = child.stdout.take();
    let (mut running, turn) = (Running { child, sound }, Session::new().turn());
    let (mut text, mut bytes) = (Vec::new(), vec![0; 16 << 10]);
    while text.len() < LONGEST_LIST {
        let count = running.read(&mut bytes, &turn)?;
        if count == 0 {
            running.finish("")?;
            break;
        }
        text.extend_from_slice(&bytes[..count]);
    }
    Ok(String::from_utf8_lossy(&text).lines().skip(1).filter_map(Listed::of).collect())
}

fn missing() -> Error {
    Error::fetch(Room::Tts, "the program espeak-ng is not installed")
        .hint("run `apt-get install espeak-ng` as root, or `xnai models pull tiny` for a better voice")
}

/// Whether the program is installed.
pub fn installed() -> bool {
    find(env::var_os("PATH")).is_some()
}

fn find(path: Option<OsString>) -> Option<PathBuf> {
    let runs = |p: &PathBuf| fs::metadata(p).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    env::split_paths(&path?).map(|folder| folder.join(PROGRAM)).find(runs)
}

/// Letters that no shell and no option begins with: what is given to the program as the name of a voice.
fn may_be_named(voice: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_+/".contains(c);
    !voice.is_empty() && !voice.starts_with('-') && voice.chars().all(plain)
}

fn no_voice(voice: &str) -> Error {
    Error::reword(Room::Tts, format!("espeak-ng has no voice called {voice:?}"))
        .hint("set tts.espeak_voice to one that `espeak-ng --voices` lists")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    /// A program of ours in place of the real one, so that these tests run everywhere.
    fn standing_in(script: &str) -> (tempfile::TempDir, Espeak) {
        let folder = tempfile::tempdir().unwrap();
        let (written, path) = (folder.path().join("script"), folder.path().join(PROGRAM));
        fs::write(&written, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&written, fs::Permissions::from_mode(0o755)).unwrap();
        // A test that starts a program just now hands it every file that is open for writing here for a moment, and what
        // is open for writing cannot be run: only `cp` ever has this one open.
        assert!(Command::new("cp").args([&written, &path]).status().unwrap().success());
        let voice = Espeak::found_in(Some(folder.path().into()), "en-us", Speed::NATURAL).unwrap();
        (folder, voice)
    }

    fn say(voice: &mut Espeak, turn: &Turn) -> Result<Spoken> {
        voice.say(&Sentence { text: "hello".into(), index: 0 }, turn, &mut |_| Ok(()))
    }

    #[test]
    fn a_missing_program_and_a_wrong_voice_are_told_apart() {
        let error = |path: &str, voice| Espeak::found_in(Some(path.into()), voice, Speed::NATURAL).unwrap_err();
        assert_eq!(error("/nowhere", "en-us").kind(), Kind::Fetch);
        assert_eq!(error("/nowhere", "-h").kind(), Kind::Reword);
    }

    #[test]
    fn the_voices_it_lists_are_known_by_all_their_names() {
        let list = "Pty Language       Age/Gender VoiceName          File                 Other Languages\n \
                    5  en-gb-x-rp      --/M      English_(Received_Pronunciation) gmw/en-GB-x-rp       (en-gb 4)(en 5)\n \
                    5  af              --/M      Afrikaans          gmw/af\n\n";
        let (_folder, voice) = standing_in(&format!("[ \"$1\" = --voices ] && cat <<'END'\n{list}END"));
        let known = listed(&voice.program).unwrap();
        assert_eq!(known.iter().map(|one| one.language.as_str()).collect::<Vec<_>>(), ["en-gb-x-rp", "af"]);
        for name in ["en-gb-x-rp", "EN-GB", "en", "gmw/en-GB-x-rp", "en-gb+f3"] {
            assert!(known[0].is_called(name) && !known[1].is_called(name), "{name}");
        }
        assert!(!known[0].is_called("5") && !known[0].is_called("af_heart"));
        assert!(!known[0].is_called("English_(Received_Pronunciation)"), "it could not be opened");
    }

    #[test]
    fn a_list_that_ends_in_failure_is_none() {
        let (_folder, voice) = standing_in("echo 'Pty Language'; echo 'no data' >&2; exit 1");
        let error = listed(&voice.program).unwrap_err();
        assert_eq!((error.kind(), error.to_string().contains("no data")), (Kind::Fetch, true), "{error}");
    }

    #[test]
    fn its_failure_is_told_in_its_own_words() {
        let (_folder, mut voice) = standing_in("echo 'no such thing' >&2; exit 3");
        let error = say(&mut voice, &Session::new().turn()).unwrap_err();
        assert!(error.to_string().contains("failed with 3: no such thing"), "{error}");
    }

    #[test]
    fn its_crash_is_an_error_not_ours() {
        let (_folder, mut voice) = standing_in("kill -ABRT $$");
        let error = say(&mut voice, &Session::new().turn()).unwrap_err();
        assert!(error.to_string().contains("crashed on this text"), "{error}");
    }

    #[test]
    fn what_is_no_wav_is_refused() {
        let (_folder, mut voice) = standing_in("head -c 100 /dev/zero");
        assert!(say(&mut voice, &Session::new().turn()).unwrap_err().to_string().contains("no WAV"));
    }

    #[test]
    fn a_stale_turn_kills_it() {
        let (folder, mut voice) = standing_in("echo $$ > \"$0.pid\"; exec sleep 60");
        let turn = Session::new().turn();
        let canceller = turn.clone();
        let pid = folder.path().join("espeak-ng.pid");
        let seen = pid.clone();
        let thread = std::thread::spawn(move || {
            while fs::read_to_string(&seen).unwrap_or_default().is_empty() {
                std::thread::sleep(Duration::from_millis(2));
            }
            canceller.cancel();
        });
        assert!(say(&mut voice, &turn).unwrap_err().is_stale());
        thread.join().unwrap();
        let pid = fs::read_to_string(&pid).unwrap();
        assert!(!PathBuf::from(format!("/proc/{}", pid.trim())).exists());
    }
}
