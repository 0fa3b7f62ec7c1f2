//! One file from one source into its place: resumed, retried, measured, hashed, and renamed only when it holds.
//!
//! Everything happens in `FILE.part`, which stays behind when the program is stopped or the disk is full, and from
//! which the next download goes on.

use std::{
    cell::Cell,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use nix::fcntl::OFlag;

use super::{
    Entry, hashes,
    pull::{Manners, Watch},
    source::{Opened, Source, Trouble, make_sure_of_room},
};
use crate::{
    error::{Error, Result, Room},
    turn::Turn,
};

/// No model file of the kinds we take is larger; ends a download of unknown length that never ends.
const MOST_BYTES: u64 = 64 << 30;
/// A connection that brought this much was worth something: the count of failures starts again.
const PROGRESS: u64 = 8 << 20;
const BLOCK: usize = 256 << 10;

/// One file to be fetched from one source into one folder.
pub struct Job<'a> {
    pub entry: &'a Entry,
    pub source: &'a Source,
    pub folder: &'a Path,
    pub manners: &'a Manners,
    pub turn: &'a Turn,
    /// Set when the source turned out to be out of reach.
    pub unreachable: Cell<bool>,
}

impl Job<'_> {
    /// Downloads, checks and renames; returns the file's final path.
    pub fn run(&self, watch: &mut dyn Watch) -> Result<PathBuf> {
        let result = self.attempt(watch);
        // A part with nothing in it is of no use to the next download.
        if result.is_err() && fs::symlink_metadata(self.part()).is_ok_and(|m| m.is_file() && m.len() == 0) {
            let _ = fs::remove_file(self.part());
        }
        result
    }

    fn attempt(&self, watch: &mut dyn Watch) -> Result<PathBuf> {
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
                Err(Trouble::Unreachable(error)) => {
                    self.unreachable.set(true);
                    return Err(error);
                }
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
    let mut causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    // The web client wraps its time-outs twice and keeps their type to itself.
    let stalled = error.kind() == io::ErrorKind::TimedOut || causes.any(|cause| cause.to_string().contains("timed out"));
    if stalled { format!("fell silent after {at} bytes") } else { format!("broke off after {at} bytes") }
}

/// The partial file of an entry.
pub fn part_of(folder: &Path, entry: &Entry) -> PathBuf {
    folder.join(format!("{}.part", entry.file))
}
