//! A key-phrase spotter that is honest, lies, stalls or dies, as its test wants it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::live::PATIENCE;

/// What the spotter of a test does in one conversation.
#[derive(Clone, Debug)]
pub enum Manners {
    /// Tells of the phrase once it heard so many ms: with this time, if any.
    Spots(u64, Value),
    /// Tells of it several times, as some do.
    SpotsAgainAndAgain(u64, Value),
    /// Tells of it before it heard anything, then hears and is silent.
    SpotsNothing,
    /// Hangs up after so many ms of sound.
    Dies(u64),
    /// Takes everything and gives no sign of life.
    Mute,
    /// Sends what is no event.
    Babbles,
}

/// A spotter at a socket of its own: one conversation after the other, each with manners of its own, then the last for ever.
pub struct Spotter {
    pub address: String,
    /// Milliseconds of sound that it heard in the conversation at hand.
    heard: Arc<Mutex<u64>>,
    _folder: tempfile::TempDir,
}

impl Spotter {
    pub fn with(manners: &[Manners]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let heard = Arc::<Mutex<u64>>::default();
        let (shared, mut manners) = (heard.clone(), manners.to_vec());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever only asks who it is has not come for a conversation.
                if let Some((lines, stream)) = asked(stream) {
                    let now = if manners.len() > 1 { manners.remove(0) } else { manners[0].clone() };
                    *shared.lock().unwrap() = 0;
                    let _ = converse(lines, &stream, &now, &shared);
                }
            }
        });
        Self { address: format!("unix://{}", path.display()), heard, _folder: folder }
    }

    /// Until it heard so much; the clock stands still.
    pub fn heard(&self, ms: u64) {
        let deadline = Instant::now() + PATIENCE;
        while *self.heard.lock().unwrap() < ms {
            assert!(Instant::now() < deadline, "it heard only {} ms", self.heard.lock().unwrap());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn event(lines: &mut BufReader<UnixStream>) -> Option<(String, usize)> {
    let mut line = String::new();
    if lines.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let header: Value = serde_json::from_str(&line).ok()?;
    let length = header["payload_length"].as_u64().unwrap_or(0) as usize;
    lines.read_exact(&mut vec![0; length]).ok()?;
    Some((header["type"].as_str()?.to_owned(), length))
}

fn send(mut to: &UnixStream, kind: &str, data: Value) -> std::io::Result<()> {
    to.write_all(format!("{}\n", json!({"type": kind, "data": data})).as_bytes())
}

fn introduce(to: &UnixStream) -> std::io::Result<()> {
    send(to, "info", json!({"wake": [{"name": "scripted", "models": [{"name": "hey_computer_v1"}]}]}))
}

/// Answers questions until it is asked to listen.
fn asked(stream: UnixStream) -> Option<(BufReader<UnixStream>, UnixStream)> {
    let mut lines = BufReader::new(stream.try_clone().ok()?);
    loop {
        match event(&mut lines)?.0.as_str() {
            "describe" => introduce(&stream).ok()?,
            "detect" => return Some((lines, stream)),
            _ => {}
        }
    }
}

fn converse(mut lines: BufReader<UnixStream>, to: &UnixStream, manners: &Manners, heard: &Mutex<u64>) -> Option<()> {
    let detection = |at: &Value| send(to, "detection", json!({"name": "hey_computer_v1", "timestamp": at})).ok();
    let mut told = false;
    if let Manners::SpotsNothing = manners {
        detection(&json!(0))?;
    }
    if let Manners::Babbles = manners {
        let mut to = to;
        to.write_all(b"I am no server of yours\n").ok()?;
    }
    loop {
        let (kind, length) = event(&mut lines)?;
        if kind == "describe" && !matches!(manners, Manners::Mute) {
            introduce(to).ok()?;
        }
        let ms = *heard.lock().unwrap() + length as u64 / 2 / 16;
        match manners {
            Manners::Dies(after) if ms >= *after => return None,
            Manners::Spots(after, at) if ms >= *after && !told => {
                detection(at)?;
                told = true;
            }
            Manners::SpotsAgainAndAgain(after, at) if ms >= *after && length > 0 => detection(at)?,
            _ => {}
        }
        *heard.lock().unwrap() = ms;
    }
}
