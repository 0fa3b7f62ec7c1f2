//! Ears and voices behind the Wyoming protocol: honest servers, a lying one, programs of ours, and people.

mod honest;
mod liar;
pub mod people;
mod programs;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use xnai::{
    error::Result,
    parcel::{Pcm, Sentence, Transcript, Utterance},
    stt::{self, Stt},
    tts::{self, Tts},
    turn::{Session, Turn},
};

use crate::support::skipped;

/// What `scripts/setup --tests` installed: PocketSphinx, and a Python with the protocol's own library.
pub fn installed(program: &str) -> Option<PathBuf> {
    let home = PathBuf::from(env::var_os("HOME").unwrap_or_default());
    let cache = env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    let found = Some(cache.join("xnai/tests/xnai/ears/sphinx").join(program)).filter(|path| path.is_file());
    if found.is_none() {
        skipped("PocketSphinx is not set up: run `scripts/setup --tests`");
    }
    found
}

/// An honest server of the tests, in Python.
fn server_words(uri: &str, manners: &str) -> Option<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wyoming/server.py");
    let words = [installed("python")?.to_str()?.to_owned(), file.to_str()?.to_owned(), uri.to_owned()];
    Some(words.into_iter().chain(manners.split_whitespace().map(str::to_owned)).collect())
}

/// Such a server as a program of ours.
fn by_stdio(manners: &str) -> Option<String> {
    let quoted: Vec<String> = server_words("stdio://", manners)?.iter().map(|word| format!("'{word}'")).collect();
    Some(format!("stdio:{}", quoted.join(" ")))
}

/// Such a server at a socket, ended with the test.
struct Served {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Served {
    fn at_unix(manners: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix://{}", folder.path().join("socket").display());
        Self::start(address, folder, manners)
    }

    fn at_tcp(manners: &str) -> Option<Self> {
        // Free a moment ago; nobody else here takes ports.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start(format!("tcp://127.0.0.1:{port}"), tempfile::tempdir().unwrap(), manners)
    }

    fn start(address: String, folder: tempfile::TempDir, manners: &str) -> Option<Self> {
        let words = server_words(&address, manners)?;
        let child = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let served = Self { child, address, _folder: folder };
        wait_until("the server answers", || open_ear(&served.address).is_ok());
        Some(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn ear_at(address: &str) -> stt::Settings {
    stt::Settings { backend: stt::Backend::Wyoming, address: address.into(), ..stt::Settings::default() }
}

pub fn open_ear(address: &str) -> Result<Box<dyn Stt>> {
    stt::open(&ear_at(address), None, 1)
}

fn voice_at(address: &str) -> tts::Settings {
    tts::Settings { backend: tts::Backend::Wyoming, address: address.into(), ..tts::Settings::default() }
}

fn open_voice(settings: &tts::Settings) -> Result<Box<dyn Tts>> {
    tts::open(settings, &tts::Files::default(), 1)
}

fn turn() -> Turn {
    Session::new().turn()
}

/// A tone of so many samples at half of full scale.
fn tone(samples: usize) -> Utterance {
    Utterance::new((0..samples).map(|n| (n as f32 * 0.1).sin() * 0.5).collect::<Vec<_>>())
}

fn hear(ear: &mut dyn Stt, samples: usize) -> Result<Transcript> {
    ear.transcribe(&tone(samples), &turn())
}

/// What a voice makes of a text: the parcels of sound.
fn say(voice: &mut dyn Tts, text: &str) -> Result<Vec<Pcm>> {
    let mut parcels = Vec::new();
    let line = Sentence { text: text.into(), index: 0 };
    let spoken = voice.say(&line, &turn(), &mut |pcm| {
        parcels.push(pcm);
        Ok(())
    })?;
    assert_eq!(spoken.samples, parcels.iter().map(|pcm| pcm.samples.len()).sum::<usize>());
    Ok(parcels)
}

/// Cancels a turn after a while, while something else runs.
fn cancelled_after<T>(time: Duration, work: impl FnOnce(&Turn) -> T) -> T {
    let turn = turn();
    let canceller = turn.clone();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(time);
            canceller.cancel();
        });
        work(&turn)
    })
}
