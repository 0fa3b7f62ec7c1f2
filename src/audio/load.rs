//! A sound file, or bytes from a pipe, into mono samples at the file's own rate; what is too long is refused unread.
//!
//! WAV, FLAC and OGG Vorbis, recognised by their first bytes, never by their names. A sound without samples is an empty
//! [`Pcm`]: whether silence is an error is for the caller to say. A WAV that ends early gives what is there, because a
//! recording that was cut off is still a question, and [`load_noting`] says so; a FLAC or OGG with damaged parts gives the parts that decode.
//! Nothing is allocated by a length that a file claims.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Cursor, Read, Seek},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
    sync::Mutex,
    time::Duration,
};

use symphonia::core::io::{MediaSource, ReadOnlySource};

use super::{packed, wav};
use crate::{
    error::{Error, Result, Room},
    parcel::Pcm,
};

/// Rates outside this range, in Hz, are nonsense in the header and would make the resampler very large.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// Where the sound is.
pub enum Source<'a> {
    /// A regular file.
    File(&'a Path),
    /// Bytes that are read to their end, and what to call them in an error.
    Stream { name: &'a str, bytes: Box<dyn Read + Send + 'a> },
}

impl Source<'static> {
    pub fn stdin() -> Self {
        Source::Stream { name: "standard input", bytes: Box::new(io::stdin()) }
    }
}

/// A sound that was read, and what the user should know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub sound: Pcm,
    /// One sentence: the sound ends before its header says it does.
    pub note: Option<String>,
}

/// Reads a whole sound, mixed to mono. `limit` is the longest that is taken.
pub fn load(source: Source<'_>, limit: Duration) -> Result<Pcm> {
    Ok(load_noting(source, limit)?.sound)
}

/// As [`load`], and says when some of the sound is missing.
pub fn load_noting(source: Source<'_>, limit: Duration) -> Result<Loaded> {
    let given = |name: String| Given { name, limit, claimed: Cell::new(0) };
    let (sound, given) = match source {
        Source::File(path) => {
            let given = given(path.display().to_string());
            (from_file(path, &given)?, given)
        }
        Source::Stream { name, bytes } => {
            let given = given(name.to_owned());
            (from_stream(bytes, &given)?, given)
        }
    };
    Ok(Loaded { note: given.missing(&sound), sound })
}

/// Hands a stream of sound on while it still comes, in pieces of 20 ms, mixed to mono.
///
/// A WAV may go on for ever; FLAC and OGG are first read to their end, and then `limit` is the longest that is taken.
pub fn stream(name: &str, mut bytes: Box<dyn Read + Send>, limit: Duration, each: &mut dyn FnMut(Pcm) -> Result<()>) -> Result<()> {
    let given = Given { name: name.to_owned(), limit, claimed: Cell::new(0) };
    let head = sniff(&mut bytes, &given)?;
    match recognise(&head, &given)? {
        Container::Wav => wav::stream(&mut Cursor::new(head).chain(bytes), &given, each),
        Container::Packed => each(from_stream(Box::new(Cursor::new(head).chain(bytes)), &given)?),
    }
}

/// As [`stream`], for 32-bit floats without a header: little-endian, one channel, `rate` in Hz.
pub fn stream_raw(name: &str, bytes: Box<dyn Read + Send>, rate: u32, each: &mut dyn FnMut(Pcm) -> Result<()>) -> Result<()> {
    let given = Given { name: name.to_owned(), limit: Duration::MAX, claimed: Cell::new(0) };
    given.most_frames(rate)?;
    wav::stream_floats(bytes, rate, &given, each)
}

fn from_file(path: &Path, given: &Given) -> Result<Pcm> {
    let mut file = open(path, given)?;
    let size = file.metadata().map_err(|e| given.unreadable(&e))?.len();
    let head = sniff(&mut file, given)?;
    match recognise(&head, given)? {
        Container::Wav => wav::read(&mut Cursor::new(head).chain(file), Some(size), given),
        Container::Packed => {
            file.rewind().map_err(|e| given.unreadable(&e))?;
            packed::read(Box::new(file), given)
        }
    }
}

fn from_stream<'a>(mut bytes: Box<dyn Read + Send + 'a>, given: &Given) -> Result<Pcm> {
    let head = sniff(&mut bytes, given)?;
    let container = recognise(&head, given)?;
    let mut whole = Cursor::new(head).chain(bytes);
    match container {
        Container::Wav => wav::read(&mut whole, None, given),
        Container::Packed => {
            let source: Box<dyn MediaSource + 'a> = Box::new(ReadOnlySource::new(Alone(Mutex::new(whole))));
            packed::read(source, given)
        }
    }
}

/// Opens a regular file, and nothing that could block or never end.
fn open(path: &Path, given: &Given) -> Result<File> {
    // O_NONBLOCK: between a check and the opening a path may become a FIFO, whose opening would wait for a writer.
    let opened = File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path);
    let file = opened.map_err(|e| given.unreadable(&e))?;
    let kind = file.metadata().map_err(|e| given.unreadable(&e))?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () => "a device",
    };
    let error = given.refuse(&format!("is {what}, not a sound file"));
    Err(if kind.is_fifo() { error.hint("pipe the sound in and say - instead of a file name") } else { error })
}

/// The first bytes, fewer if there are no more.
fn sniff(from: &mut dyn Read, given: &Given) -> Result<Vec<u8>> {
    let mut head = vec![0; 40];
    let got = read_full(from, &mut head).map_err(|e| given.unreadable(&e))?;
    head.truncate(got);
    Ok(head)
}

enum Container {
    Wav,
    Packed,
}

fn recognise(head: &[u8], given: &Given) -> Result<Container> {
    let kind = |at: usize| head.get(at..at + 4).unwrap_or_default();
    let known = match (kind(0), kind(8)) {
        _ if head.is_empty() => return Err(given.refuse("is empty")),
        (b"RIFF" | b"RF64" | b"BW64", b"WAVE") => return Ok(Container::Wav),
        (b"OggS", _) if head.windows(8).any(|w| w == b"OpusHead") => "Opus",
        (b"fLaC" | b"OggS", _) => return Ok(Container::Packed),
        ([b'I', b'D', b'3', _] | [0xff, 0xe2..=0xff, ..], _) => "MP3 or AAC",
        (b"RIFX", _) => "big-endian WAV",
        (b"FORM", b"AIFF" | b"AIFC") => "AIFF",
        (_, _) if kind(4) == b"ftyp" => "MP4",
        ([0x1a, 0x45, 0xdf, 0xa3], _) => "Matroska or WebM",
        _ => return Err(given.refuse("is no sound file that can be read here").hint("give WAV, FLAC or OGG Vorbis")),
    };
    Err(given.refuse(&format!("is {known}, which is not read here")).hint("convert it to WAV, FLAC or OGG Vorbis"))
}

/// What is being read: its name for errors, and how long it may be.
pub(super) struct Given {
    pub name: String,
    pub limit: Duration,
    /// Frames that the header promises; 0 where it does not say.
    pub claimed: Cell<u64>,
}

impl Given {
    /// "question.wav is empty".
    pub fn refuse(&self, what: &str) -> Error {
        Error::replace(Room::Audio, format!("{} {what}", self.name))
    }

    pub fn unreadable(&self, error: &io::Error) -> Error {
        Error::io(Room::Audio, "reading", Path::new(&self.name), error)
    }

    /// The most frames that are taken at this rate; refuses a rate that makes no sense.
    pub fn most_frames(&self, rate: u32) -> Result<u64> {
        if !RATES.contains(&rate) {
            return Err(self.refuse(&format!("claims {rate} samples a second, which makes no sense")));
        }
        Ok((self.limit.as_secs_f64() * f64::from(rate)).ceil() as u64)
    }

    /// What to say when so much is missing that somebody could hear it: less may be how an encoder counts.
    fn missing(&self, sound: &Pcm) -> Option<String> {
        const AUDIBLE_S: f64 = 0.1;
        let seconds = |frames: u64| frames as f64 / f64::from(sound.rate.max(1));
        let missing = seconds(self.claimed.get().saturating_sub(sound.samples.len() as u64));
        let all = seconds(self.claimed.get());
        (missing >= AUDIBLE_S).then(|| format!("{} ends {missing:.1} s early: its header says {all:.1} s", self.name))
    }

    /// Refuses more frames than are taken.
    pub fn admit(&self, frames: u64, rate: u32) -> Result<()> {
        if frames <= self.most_frames(rate)? {
            return Ok(());
        }
        let (has, limit) = (frames as f64 / f64::from(rate), self.limit.as_secs_f64());
        let has = if has < 600.0 { format!("{:.0} s", has.ceil()) } else { format!("{:.0} minutes", has / 60.0) };
        Err(self.refuse(&format!("is {has} long or longer, and at most {limit:.0} s are taken")).hint("cut it, or raise --max-audio"))
    }
}

/// Fills the buffer as far as the bytes last, however they arrive.
pub(super) fn read_full(from: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < into.len() {
        match from.read(&mut into[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}

/// Makes a reader `Sync`, as the decoder wants it, though it is only ever used by one thread: the lock is never taken.
struct Alone<R>(Mutex<R>);

impl<R: Read> Read for Alone<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner()).read(into)
    }
}
