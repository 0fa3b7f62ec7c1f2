//! A registry file off the disk again: only what a download or a script of ours put there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Entry, Shelf, download::part_of, shelf::missing};
use crate::error::{Error, Result, Room};

impl Shelf {
    /// Removes a file, its recorded hash and its partial download from the download folders; returns what went.
    pub fn remove(&self, entry: &Entry) -> Result<Vec<PathBuf>> {
        if let Some(folder) = &entry.part_of {
            return Err(Error::reword(Room::Models, format!("{} is part of the program ({folder}) and stays", entry.id)));
        }
        let candidates = self.candidates(entry);
        let (ours, others): (Vec<_>, Vec<_>) = candidates.iter().cloned().partition(|path| self.owns(path));
        if let (true, Some(other)) = (ours.is_empty(), others.first()) {
            let message = format!("{} lies outside the download folders", other.display());
            return Err(Error::reword(Room::Models, message).hint("remove it yourself if you mean to"));
        }
        let records = ours.iter().filter(|_| entry.made.is_some()).map(|path| with_suffix(path, ".sha256"));
        let parts = self.places().owned.iter().map(|folder| part_of(folder, entry));
        let doomed: Vec<PathBuf> = ours.iter().cloned().chain(records).chain(parts).filter(|p| fs::symlink_metadata(p).is_ok()).collect();
        for path in &doomed {
            fs::remove_file(path).map_err(|e| Error::io(Room::Models, "removing", path, &e))?;
        }
        if doomed.is_empty() { Err(missing(entry)) } else { Ok(doomed) }
    }

    /// Whether there is anything to remove: a file, or a part of its download.
    pub fn has(&self, entry: &Entry) -> bool {
        !self.candidates(entry).is_empty() || self.places().owned.iter().any(|folder| part_of(folder, entry).exists())
    }

    /// Whether a file lies in a download folder, seen through links.
    fn owns(&self, path: &Path) -> bool {
        let real = |p: &Path| fs::canonicalize(p).ok();
        let Some(folder) = path.parent().and_then(real) else { return false };
        self.places().owned.iter().filter_map(|owned| real(owned)).any(|owned| folder.starts_with(owned))
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
