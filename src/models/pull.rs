//! Names of packs and files into files on the shelf: mirrors first, stand-ins where a pin does not hold.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    env,
    fs::{self, File, TryLockError},
    path::Path,
    thread,
    time::Duration,
};

use super::{
    Entry, Settings, Shelf,
    download::{Job, part_of},
    shelf::missing,
    source::{Source, make_sure_of_room},
};
use crate::{
    error::{Error, Kind, Result, Room},
    parcel::ModelFile,
    turn::Turn,
};

/// How patient a download is.
#[derive(Clone, Debug)]
pub struct Manners {
    /// The longest silence before a connection counts as dead.
    pub stall: Duration,
    /// Connections without progress before a source is given up.
    pub attempts: u32,
    /// Before the second connection; doubles with every further one.
    pub pause: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self { stall: Duration::from_secs(30), attempts: 5, pause: Duration::from_secs(1) }
    }
}

/// Sees a download happen: a progress bar, a log, a test.
pub trait Watch {
    /// One line worth knowing: a source that failed, a wait, a stand-in.
    fn note(&mut self, line: &str);
    /// Bytes start to come: from which position, of how many.
    fn start(&mut self, entry: &Entry, from: u64, total: Option<u64>);
    /// Bytes on disk.
    fn moved(&mut self, at: u64);
    /// The file has its name.
    fn done(&mut self, entry: &Entry, path: &Path);
}

/// Fetches files onto a shelf.
#[derive(Debug)]
pub struct Pull<'a> {
    shelf: &'a Shelf,
    mirrors: Vec<String>,
    manners: Manners,
    /// Hosts that were out of reach once: not waited for again.
    dead: RefCell<HashSet<String>>,
}

impl<'a> Pull<'a> {
    /// With the mirrors of `XNAI_MODELS_MIRROR` (separated by spaces or commas) and of the settings.
    pub fn new(shelf: &'a Shelf, settings: &Settings) -> Result<Self> {
        let from_env = env::var("XNAI_MODELS_MIRROR").unwrap_or_default();
        let mut mirrors: Vec<String> = from_env.split([' ', ',']).filter(|m| !m.is_empty()).map(str::to_owned).collect();
        mirrors.extend(settings.mirrors.iter().cloned());
        Self::with(shelf, mirrors, Manners::default())
    }

    pub fn with(shelf: &'a Shelf, mirrors: Vec<String>, manners: Manners) -> Result<Self> {
        for mirror in &mirrors {
            Source::on_mirror(mirror, "")?;
        }
        Ok(Self { shelf, mirrors, manners, dead: RefCell::default() })
    }

    /// Makes sure that packs and files are on the shelf; returns what they are there as, in order.
    ///
    /// One file that cannot be had does not keep the others from coming; the first such error is returned at the end.
    pub fn run(&self, names: &[String], watch: &mut dyn Watch, turn: &Turn) -> Result<Vec<ModelFile>> {
        let lines = self.shelf.registry().lines(names)?;
        if let Some(files) = self.all_here(&lines) {
            return Ok(files);
        }
        let folder = &self.shelf.places().download;
        fs::create_dir_all(folder).map_err(|e| Error::io(Room::Models, "making the folder", folder, &e))?;
        let _lock = lock(folder, watch, turn)?;
        self.check_room(&lines)?;
        let (mut files, mut failed) = (Vec::new(), Vec::new());
        for line in &lines {
            match self.fulfil(line, watch, turn) {
                Ok(file) => files.push(file),
                Err(error) if ends_everything(&error) => return Err(error),
                Err(error) => failed.push((line[0].id.as_str(), error)),
            }
        }
        if failed.is_empty() { Ok(files) } else { Err(all_that_failed(failed, watch)) }
    }

    /// What serves without a download: the first that can be had is here already.
    fn here(&self, line: &[&Entry]) -> Option<ModelFile> {
        let upto = line.iter().position(|e| e.can_be_downloaded()).map_or(line.len(), |at| at + 1);
        line[..upto].iter().find_map(|entry| self.shelf.installed(entry).ok().flatten())
    }

    fn all_here(&self, lines: &[Vec<&Entry>]) -> Option<Vec<ModelFile>> {
        lines.iter().map(|line| self.here(line)).collect()
    }

    /// All the downloads together, so that a disk is not filled with half a pack.
    fn check_room(&self, lines: &[Vec<&Entry>]) -> Result<()> {
        let folder = &self.shelf.places().download;
        let to_come = lines.iter().filter(|line| self.here(line).is_none()).filter_map(|line| line.iter().find(|e| e.can_be_downloaded()));
        let bytes = to_come.map(|e| e.bytes.saturating_sub(fs::metadata(part_of(folder, e)).map_or(0, |m| m.len())));
        make_sure_of_room(folder, bytes.sum())
    }

    /// One file of a pack, or what stands in for it.
    fn fulfil(&self, line: &[&Entry], watch: &mut dyn Watch, turn: &Turn) -> Result<ModelFile> {
        let mut first: Option<Error> = None;
        for entry in line {
            let file = match self.shelf.installed(entry) {
                Ok(Some(file)) => Ok(file),
                other => {
                    if let Err(damaged) = other {
                        watch.note(damaged.message());
                    }
                    if !entry.can_be_downloaded() {
                        continue;
                    }
                    self.fetch(entry, watch, turn)
                }
            };
            match (file, &first) {
                (Ok(file), None) => return Ok(file),
                (Ok(file), Some(error)) => {
                    watch.note(&format!("{}; {} stands in", error.message(), entry.id));
                    return Ok(file);
                }
                (Err(error), _) if ends_everything(&error) => return Err(error),
                (Err(error), None) => first = Some(error),
                (Err(_), Some(_)) => {}
            }
        }
        Err(self.dead_end(line, first))
    }

    /// The first error, with the way out that needs no server, if there is one.
    fn dead_end(&self, line: &[&Entry], first: Option<Error>) -> Error {
        let made = line.iter().find(|e| e.made.is_some());
        match (first, made, line.first()) {
            (Some(error), Some(made), _) => error.hint(made.remedy()),
            (Some(error), None, _) => error,
            (None, _, Some(entry)) => missing(entry),
            (None, _, None) => Error::report(Room::Models, "a pack has an empty line"),
        }
    }

    /// One file from the first source that has it.
    fn fetch(&self, entry: &Entry, watch: &mut dyn Watch, turn: &Turn) -> Result<ModelFile> {
        let folder = &self.shelf.places().download;
        let mirrors: Result<Vec<Source>> = self.mirrors.iter().map(|m| Source::on_mirror(m, &entry.file)).collect();
        let mut sources = mirrors?;
        sources.push(Source::Web(entry.url.clone()));
        let mut failed = Vec::new();
        for source in &sources {
            let place = source.to_string();
            if self.dead.borrow().contains(&place) {
                failed.push(Error::retry(Room::Models, format!("{place} cannot be reached")));
                continue;
            }
            let job = Job { entry, source, folder, manners: &self.manners, turn, unreachable: Cell::new(false) };
            match job.run(watch) {
                Ok(path) => {
                    watch.done(entry, &path);
                    self.shelf.hashes().note(&path, &entry.sha256);
                    return Ok(ModelFile { id: entry.id.clone(), path, sha256: entry.sha256.clone() });
                }
                Err(error) if ends_everything(&error) => return Err(error),
                Err(error) => failed.push(error),
            }
            if job.unreachable.get() {
                self.dead.borrow_mut().insert(place);
            }
        }
        Err(none_of(entry, folder, &failed))
    }
}

/// No other source or file helps against these.
fn ends_everything(error: &Error) -> bool {
    matches!(error.kind(), Kind::MakeRoom | Kind::Stopped | Kind::Stale)
}

/// The first error, with the names of the other files that are still missing.
fn all_that_failed(failed: Vec<(&str, Error)>, watch: &mut dyn Watch) -> Error {
    let mut failed = failed.into_iter();
    let Some((_, first)) = failed.next() else { return Error::report(Room::Models, "nothing failed") };
    let mut more = Vec::new();
    for (id, error) in failed {
        // Everything that is out of reach has the same reason; whatever has its own is said.
        if error.kind() != Kind::Retry {
            watch.note(&error.to_string());
        }
        more.push(id);
    }
    if more.is_empty() {
        return first;
    }
    let error = Error::new(first.kind(), Room::Models, format!("{}; {} are missing too", first.message(), more.join(", ")));
    match first.remedy() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// All sources failed: worth another try if one of them was out of reach.
fn none_of(entry: &Entry, folder: &Path, failed: &[Error]) -> Error {
    let kind = if failed.iter().any(|e| e.kind() == Kind::Retry) { Kind::Retry } else { Kind::Fetch };
    let reasons: Vec<&str> = failed.iter().map(Error::message).collect();
    let message = format!("{} could not be downloaded: {}", entry.id, reasons.join("; "));
    Error::new(kind, Room::Models, message).hint(format!(
        "check the connection, set XNAI_MODELS_MIRROR, or put {} into {}",
        entry.file,
        folder.display()
    ))
}

/// One download at a time in a folder. The lock is on the folder itself: nothing is left behind, whatever happens.
fn lock(folder: &Path, watch: &mut dyn Watch, turn: &Turn) -> Result<File> {
    let held = File::open(folder).map_err(|e| Error::io(Room::Models, "opening", folder, &e))?;
    let mut waiting = false;
    loop {
        match held.try_lock() {
            Ok(()) => return Ok(held),
            Err(TryLockError::WouldBlock) if waiting => {}
            Err(TryLockError::WouldBlock) => {
                watch.note(&format!("another download into {} is running; waiting for it", folder.display()));
                waiting = true;
            }
            // Some network file systems cannot lock; the hash still keeps a muddle from being used.
            Err(TryLockError::Error(error)) => {
                watch.note(&format!("{} cannot be locked ({error}); do not run two downloads at once", folder.display()));
                return Ok(held);
            }
        }
        turn.alive()?;
        thread::sleep(Duration::from_millis(100));
    }
}
