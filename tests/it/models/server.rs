//! A web server that serves a few files badly, in exactly the way a test asks for.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// No connection of a test lasts longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a file is served.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    Plain,
    /// The first so many connections end after so many bytes.
    Cut {
        after: usize,
        times: usize,
    },
    /// The first so many connections fall silent after so many bytes.
    Stall {
        after: usize,
        times: usize,
    },
    /// Always from the start, with status 200.
    NoRange,
    /// Claims so many bytes more than there are.
    Claims(i64),
    /// No length at all: the end of the connection is the end of the file.
    NoLength,
    /// The first so many requests are answered by 503.
    Busy {
        times: usize,
    },
    /// As if it were not there.
    Gone,
}

/// One request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub file: String,
    /// The start of the range that was asked for.
    pub from: Option<usize>,
}

/// Serves until it is dropped.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(files: &[(&str, &[u8], Manner)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<AtomicBool>::default());
        let files = files.iter().map(|(name, bytes, manner)| ((*name).to_owned(), (bytes.to_vec(), *manner))).collect();
        let mut desk = Desk { files, asked: asked.clone() };
        let halt = stop.clone();
        let serve = move || {
            for stream in listener.incoming().flatten() {
                if halt.load(Ordering::Relaxed) {
                    return;
                }
                // A client that hangs up is part of the game.
                let _ = desk.answer(stream);
            }
        };
        let thread = thread::Builder::new().name("test-server".into()).spawn(serve).unwrap();
        Self { address, asked, stop, thread: Some(thread) }
    }

    pub fn url(&self, file: &str) -> String {
        format!("http://{}/{file}", self.address)
    }

    /// The starts of the ranges that were asked for, in order; `None` is the whole file.
    pub fn starts(&self, file: &str) -> Vec<Option<usize>> {
        self.asked.lock().unwrap().iter().filter(|a| a.file == file).map(|a| a.from).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

struct Desk {
    files: HashMap<String, (Vec<u8>, Manner)>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Desk {
    fn answer(&mut self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let asked = read_request(&stream)?;
        self.asked.lock().unwrap().push(asked.clone());
        let Some((bytes, manner)) = self.files.get_mut(&asked.file) else { return refuse(&mut stream, "404 Not Found") };
        let from = asked.from.unwrap_or(0);
        let bad = misbehaves(manner);
        match manner {
            Manner::Gone => refuse(&mut stream, "404 Not Found"),
            Manner::Busy { .. } if bad => refuse(&mut stream, "503 Service Unavailable"),
            Manner::NoRange => whole(&mut stream, bytes, Some(0)),
            Manner::NoLength => whole(&mut stream, bytes, None),
            _ if from > 0 && from >= bytes.len() => refuse(&mut stream, "416 Range Not Satisfiable"),
            Manner::Claims(more) if from == 0 => whole(&mut stream, bytes, Some(*more)),
            Manner::Cut { after, .. } if bad => part(&mut stream, bytes, from, *after),
            Manner::Stall { after, .. } if bad => {
                part(&mut stream, bytes, from, *after)?;
                stream.read(&mut [0]).map(drop) // returns when the client has had enough
            }
            _ => part(&mut stream, bytes, from, usize::MAX),
        }
    }
}

/// Whether this is one of the times that go wrong; uses one up.
fn misbehaves(manner: &mut Manner) -> bool {
    let (Manner::Cut { times, .. } | Manner::Stall { times, .. } | Manner::Busy { times }) = manner else { return true };
    let left = *times > 0;
    *times = times.saturating_sub(1);
    left
}

fn read_request(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let file = first.split(' ').nth(1).unwrap_or("").trim_start_matches('/').to_owned();
    let mut from = None;
    for line in lines {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
    }
    Ok(Asked { file, from })
}

fn refuse(stream: &mut TcpStream, status: &str) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// The whole file, with a length that is right, wrong by so much, or not there.
fn whole(stream: &mut TcpStream, bytes: &[u8], claim: Option<i64>) -> std::io::Result<()> {
    let length = claim.map_or(String::new(), |more| format!("Content-Length: {}\r\n", bytes.len() as i64 + more));
    write!(stream, "HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n")?;
    stream.write_all(bytes)
}

/// From a position on, at most so many bytes, under a header that promises them all.
fn part(stream: &mut TcpStream, bytes: &[u8], from: usize, most: usize) -> std::io::Result<()> {
    let rest = &bytes[from..];
    let head = match from {
        0 => "HTTP/1.1 200 OK\r\n".to_owned(),
        _ => format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len()),
    };
    write!(stream, "{head}Content-Length: {}\r\nConnection: close\r\n\r\n", rest.len())?;
    stream.write_all(&rest[..rest.len().min(most)])
}
