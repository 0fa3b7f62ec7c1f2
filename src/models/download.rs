//! One file from one source into its place: resumed, retried, measured, hashed, and renamed only when it holds.
//!
//! Everything happens in `FILE.part`, which stays behind when the program is stopped or the disk is full, and from
//! which the next download goes on.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use nix::{fcntl::OFlag, sys::statvfs::statvfs};

use super::{Entry, hashes, http, pull::Manners, pull::Watch};
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// No model file of the kinds we take is larger; ends a download of unknown length that never ends.
const MOST_BYTES: u64 = 64 << 30;
/// A connection that brought this much was worth something: the count of failures starts again.
const PROGRESS: u64 = 8 << 20;
const BLOCK: usize = 256 << 10;

/// Where a file can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Disk(PathBuf),
    Web(String),
}

/// What a source answers.
pub enum Opened {
    Stream {
        /// Position of the first byte: the one asked for, or 0.
        start: u64,
        /// Length of the whole file, as the source claims.
        total: Option<u64>,
        body: Box<dyn Read>,
    },
    /// The position asked for is at the end or beyond.
    PastEnd,
}

/// What went wrong, by what helps.
#[derive(Debug)]
pub enum Trouble {
    /// The same source may do better in a moment.
    Again(String),
    /// This source will not help.
    Final(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Final(error)
    }
}

/// One file to be fetched from one source into one folder.
pub struct Job<'a> {
    pub entry: &'a Entry,
    pub source: &'a Source,
    pub folder: &'a Path,
    pub manners: &'a Manners,
    pub turn: &'a Turn,
}

impl Job<'_> {
    /// Downloads, checks and renames; returns the file's final path.
    pub fn run(&self, watch: &mut dyn Watch) -> Result<PathBuf> {
        let resumed = self.open_part()?.0 > 0;
        self.transfer(watch)?;
        if let Err(error) = self.check() {
            // What was resumed may have come from a bad source: this one gets a chance of its own.
            if !resumed {
                return Err(error);
            }
            watch.note(&format!("{}: what was there already does not fit; starting over", self.entry.file));
            self.transfer(watch)?;
            self.check()?;
        }
        self.finish()
    }

    fn part(&self) -> PathBuf {
        part_of(self.folder, self.entry)
    }

    /// The partial file and its length.
    fn open_part(&self) -> Result<(u64, File)> {
        let part = self.part();
        let mut options = OpenOptions::new();
        options.create(true).append(false).truncate(false).read(true).write(true);
        // Neither a link to somewhere else nor a pipe that never answers.
        options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits());
        let io = |e: io::Error| Error::io(Room::Models, "opening", &part, &e);
        let file = options.open(&part).map_err(io)?;
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(Error::replace(Room::Models, format!("{} is in the way and no regular file", part.display())).hint("remove it"));
        }
        Ok((meta.len(), file))
    }

    /// Brings the partial file to its full length, however many connections that takes.
    fn transfer(&self, watch: &mut dyn Watch) -> Result<()> {
        let mut failures = 0;
        loop {
            self.turn.alive()?;
            let before = self.open_part()?.0;
            let why = match self.connect(watch) {
                Ok(()) => return Ok(()),
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Again(why)) => why,
            };
            if self.open_part()?.0.saturating_sub(before) >= PROGRESS {
                failures = 0;
            }
            failures += 1;
            if failures >= self.manners.attempts {
                return Err(Error::retry(Room::Models, format!("{why}, {failures} times")));
            }
            let pause = self.manners.pause * 2u32.pow(failures.min(6) - 1);
            watch.note(&format!("{}: {why}; going on in {:.0} s", self.entry.file, pause.as_secs_f32().ceil()));
            self.wait(pause)?;
        }
    }

    /// One connection.
    fn connect(&self, watch: &mut dyn Watch) -> Result<(), Trouble> {
        let pinned = Some(self.entry.bytes).filter(|bytes| *bytes > 0);
        let (mut have, mut part) = self.open_part()?;
        if pinned == Some(have) {
            return Ok(());
        }
        if pinned.is_some_and(|bytes| have > bytes) {
            have = 0;
        }
        let (start, total, body) = match self.source.open(have, self.manners.stall)? {
            Opened::PastEnd => return Ok(()), // complete, or nonsense: the hash decides
            Opened::Stream { start, total, body } => (start, total, body),
        };
        if let (Some(pinned), Some(total)) = (pinned, total)
            && pinned != total
        {
            let message = format!("{} has a file of {total} bytes where {pinned} are expected", self.source);
            return Err(Error::fetch(Room::Models, message).into());
        }
        if start < have {
            watch.note(&format!("{}: {} cannot go on in the middle; starting over", self.entry.file, self.source));
        }
        self.seek_to(&mut part, start)?;
        let expected = pinned.or(total);
        make_sure_of_room(self.folder, expected.unwrap_or(0).saturating_sub(start))?;
        watch.start(self.entry, start, expected);
        self.copy(body, part, Span { at: start, expected }, watch)
    }

    fn seek_to(&self, part: &mut File, start: u64) -> Result<()> {
        let io = |e: io::Error| Error::io(Room::Models, "writing", &self.part(), &e);
        part.set_len(start).map_err(io)?;
        part.seek(SeekFrom::Start(start)).map_err(io)?;
        Ok(())
    }

    fn copy(&self, mut body: Box<dyn Read>, mut part: File, mut span: Span, watch: &mut dyn Watch) -> Result<(), Trouble> {
        let mut block = vec![0; BLOCK];
        loop {
            self.turn.alive()?;
            let count = match body.read(&mut block) {
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Trouble::Again(format!("{} {}", self.source, broke_off(&e, span.at)))),
            };
            if count == 0 {
                return match span.expected {
                    Some(expected) if span.at < expected => {
                        Err(Trouble::Again(format!("{} broke off after {} bytes", self.source, span.at)))
                    }
                    _ => Ok(()),
                };
            }
            span.at += count as u64;
            if span.at > span.expected.unwrap_or(MOST_BYTES) {
                return Err(Error::fetch(Room::Models, format!("{} sends more than the file has", self.source)).into());
            }
            part.write_all(&block[..count]).map_err(|e| Error::io(Room::Models, "writing", &self.part(), &e))?;
            watch.moved(span.at);
        }
    }

    /// The hash decides; a file that is not the right one is removed.
    fn check(&self) -> Result<()> {
        let part = self.part();
        let found = match hashes::open_regular(&part) {
            Ok((file, _)) => hashes::digest(&part, file)?,
            Err(_) => "that of an empty file".to_owned(),
        };
        if found == self.entry.sha256 {
            return Ok(());
        }
        fs::remove_file(&part).map_err(|e| Error::io(Room::Models, "removing", &part, &e))?;
        let message =
            format!("{} has another file under that name: its sha256 is {found}, and should be {}", self.source, self.entry.sha256);
        Err(Error::fetch(Room::Models, message))
    }

    /// On disk before it has its name: after a power cut there is the whole file or none.
    fn finish(&self) -> Result<PathBuf> {
        let (part, path) = (self.part(), self.folder.join(&self.entry.file));
        let io = |e: io::Error| Error::io(Room::Models, "finishing", &path, &e);
        self.open_part()?.1.sync_all().map_err(io)?;
        fs::rename(&part, &path).map_err(io)?;
        File::open(self.folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(path)
    }

    fn wait(&self, pause: Duration) -> Result<()> {
        const STEP: Duration = Duration::from_millis(50);
        for _ in 0..pause.as_millis().div_ceil(STEP.as_millis()) {
            self.turn.alive()?;
            thread::sleep(STEP);
        }
        Ok(())
    }
}

struct Span {
    at: u64,
    expected: Option<u64>,
}

fn broke_off(error: &io::Error, at: u64) -> String {
    let stalled = error.kind() == io::ErrorKind::TimedOut || error.to_string().contains("timed out");
    if stalled { format!("fell silent after {at} bytes") } else { format!("broke off after {at} bytes") }
}

/// The partial file of an entry.
pub fn part_of(folder: &Path, entry: &Entry) -> PathBuf {
    folder.join(format!("{}.part", entry.file))
}

/// Refuses before the disk is full, with what is needed and what there is.
pub fn make_sure_of_room(folder: &Path, needed: u64) -> Result<()> {
    let Ok(stat) = statvfs(folder) else { return Ok(()) };
    let free = u64::from(stat.blocks_available()).saturating_mul(stat.fragment_size());
    if needed <= free {
        return Ok(());
    }
    let message = format!("{} more are needed in {} and {} are free", size(needed), folder.display(), size(free));
    Err(Error::make_room(Room::Models, message).hint("free some space, or choose a smaller pack"))
}

/// Bytes for people: `491 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

impl Source {
    /// The source of one file on a mirror, which holds all files in one folder.
    pub fn on_mirror(mirror: &str, file: &str) -> Result<Self> {
        let base = mirror.trim_end_matches('/');
        if base.starts_with("http://") || base.starts_with("https://") {
            return Ok(Source::Web(format!("{base}/{file}")));
        }
        match base.strip_prefix("file://").map(|p| p.strip_prefix("localhost").unwrap_or(p)) {
            Some(folder) if folder.starts_with('/') || (folder.is_empty() && mirror.ends_with("///")) => {
                Ok(Source::Disk(Path::new(folder).join(file)))
            }
            _ => Err(Error::reword(Room::Models, format!("the mirror {mirror:?} is no address"))
                .hint("write http://…, https://… or file:///folder")),
        }
    }

    fn open(&self, from: u64, stall: Duration) -> Result<Opened, Trouble> {
        match self {
            Source::Web(url) => http::open(url, from, stall),
            Source::Disk(path) => open_disk(path, from),
        }
    }
}

fn open_disk(path: &Path, from: u64) -> Result<Opened, Trouble> {
    let (mut file, meta) = hashes::open_regular(path)?;
    if from >= meta.len() {
        return Ok(Opened::PastEnd);
    }
    file.seek(SeekFrom::Start(from)).map_err(|e| Error::io(Room::Models, "reading", path, &e))?;
    Ok(Opened::Stream { start: from, total: Some(meta.len()), body: Box::new(file) })
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Disk(path) => write!(f, "{}", path.parent().unwrap_or(path).display()),
            Source::Web(url) => f.write_str(url.split('/').nth(2).unwrap_or(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_an_address_or_a_mistake() {
        let on = |mirror: &str| Source::on_mirror(mirror, "m.bin");
        assert_eq!(on("http://h:1/a/").unwrap(), Source::Web("http://h:1/a/m.bin".into()));
        assert_eq!(on("file:///srv/m").unwrap(), Source::Disk("/srv/m/m.bin".into()));
        for wrong in ["ftp://h/", "file://srv", "srv", ""] {
            assert!(on(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn too_little_room_is_refused_with_both_figures() {
        let error = make_sure_of_room(Path::new("/"), u64::MAX).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::MakeRoom);
        assert!(error.to_string().contains("free"), "{error}");
        make_sure_of_room(Path::new("/"), 0).unwrap();
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!([size(7), size(711_661), size(491_400_032), size(1_117_320_736)], ["7 B", "712 kB", "491 MB", "1.1 GB"]);
    }
}
