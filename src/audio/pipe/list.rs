//! The pipes of all running programs of this user, by the names of their files; those of the dead are removed.

use std::{fmt, fs::File, path::Path, str::FromStr, sync::Arc};

use serde::Serialize;

use super::{
    mapping::Mapping,
    place::{Folder, Place},
    ring::Storage,
};
use crate::error::{Error, Result, Room};

/// What flows through a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    /// What the microphone heard.
    Mic,
    /// What is spoken.
    Tts,
    /// What another program says in place of the microphone.
    Feed,
}

impl Name {
    const ALL: [Self; 3] = [Self::Mic, Self::Tts, Self::Feed];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Mic => "mic",
            Self::Tts => "tts",
            Self::Feed => "feed",
        }
    }
}

/// The name of a pipe's file: `tts-1234`, and `tts-1234-1` for the second such pipe of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub name: Name,
    pub pid: u32,
    pub nth: u32,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.name.word(), self.pid)?;
        if self.nth > 0 { write!(f, "-{}", self.nth) } else { Ok(()) }
    }
}

impl FromStr for Address {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, number) = text.split_once('-').ok_or(())?;
        let name = Name::ALL.into_iter().find(|name| name.word() == word).ok_or(())?;
        let (pid, nth) = number.split_once('-').unwrap_or((number, "0"));
        let address = Self { name, pid: pid.parse().map_err(drop)?, nth: nth.parse().map_err(drop)? };
        // One spelling for each: no "+5", no "007".
        if address.to_string() == text { Ok(address) } else { Err(()) }
    }
}

/// A pipe as `xnai pipe ls` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// In the folder of the pipes.
    pub file: String,
    pub name: Name,
    /// Of the process that made it.
    pub pid: u32,
    /// What that process calls itself; empty once it is gone.
    pub program: String,
    /// Hz.
    pub rate: u32,
    /// Sound that lies in it, heard or not, in seconds.
    pub held_s: f64,
    /// Sound that waits for its reader, in seconds.
    pub queued_s: f64,
    /// Living readers, taps among them.
    pub readers: usize,
    /// False: its process is gone, and the file was removed just now.
    pub alive: bool,
}

/// Every pipe, by name and process. Those that dead processes left are removed, and shown a last time.
pub fn list(place: &Place) -> Result<Vec<Seen>> {
    let folder = place.shared()?;
    let mut all: Vec<Seen> = addresses(folder).into_iter().filter_map(|address| look(folder, address)).collect();
    all.sort_by(|a, b| (a.name.word(), a.pid, &a.file).cmp(&(b.name.word(), b.pid, &b.file)));
    Ok(all)
}

/// Removes what killed processes left.
pub(super) fn reclaim(folder: &Folder) {
    for address in addresses(folder) {
        let name = address.to_string();
        if let Ok(file) = folder.open_file(&name) {
            remove_if_left(folder, address, &file);
        }
    }
}

/// The pipe of the process named, or of the only one there is.
pub(super) fn find(place: &Place, name: Name, pid: Option<u32>) -> Result<Arc<Mapping>> {
    let folder = place.shared()?;
    let fits = |a: &Address| a.name == name && pid.is_none_or(|pid| pid == a.pid);
    let mut found: Vec<_> = addresses(folder).into_iter().filter(fits).filter_map(|a| living(folder, a).map(|m| (a, m))).collect();
    found.sort_by_key(|(address, _)| (address.pid, address.nth));
    let several = found.iter().any(|(a, _)| Some(a.pid) != found.first().map(|(a, _)| a.pid));
    match found.into_iter().next() {
        Some((_, mapping)) if !several => Ok(mapping),
        Some(_) => Err(Error::reword(Room::Audio, format!("several running programs have a {} pipe", name.word()))
            .hint("choose one with --pid; `xnai pipe ls` lists them")),
        None => {
            let whose = pid.map_or(String::new(), |pid| format!(" of process {pid}"));
            let message = format!("there is no {} pipe{whose} in {}", name.word(), place.path().display());
            Err(Error::reopen(Room::Audio, message).hint("start xnai; `xnai pipe ls` lists what there is"))
        }
    }
}

fn addresses(folder: &Folder) -> Vec<Address> {
    folder.names().iter().filter_map(|name| name.parse().ok()).collect()
}

fn living(folder: &Folder, address: Address) -> Option<Arc<Mapping>> {
    let file = folder.open_file(&address.to_string()).ok()?;
    if remove_if_left(folder, address, &file) { None } else { Mapping::existing(&file, address.to_string()).ok() }
}

fn look(folder: &Folder, address: Address) -> Option<Seen> {
    let file = folder.open_file(&address.to_string()).ok()?;
    let alive = !remove_if_left(folder, address, &file);
    let mut seen = Seen {
        file: address.to_string(),
        name: address.name,
        pid: address.pid,
        program: String::new(),
        rate: 0,
        held_s: 0.0,
        queued_s: 0.0,
        readers: 0,
        alive,
    };
    if let Ok(mapping) = Mapping::existing(&file, address.to_string()) {
        let (label, header) = (mapping.label(), mapping.header());
        let seconds = |samples: u64| samples as f64 / f64::from(header.rate().max(1));
        seen.program = label.owner.holder().map(|owner| owner.program()).unwrap_or_default();
        seen.rate = header.rate();
        seen.held_s = seconds(header.written().min(mapping.cells().len() as u64));
        seen.queued_s = seconds(header.queued());
        seen.readers = label.taps.iter().chain([&label.reader]).filter(|slot| slot.alive().is_some()).count();
    }
    Some(seen)
}

/// Removes the file if its process is gone: neither there under its number and time of start, nor holding its lock,
/// which also tells of a process in another PID namespace.
fn remove_if_left(folder: &Folder, address: Address, file: &File) -> bool {
    if file.try_lock().is_err() {
        return false;
    }
    let owner = Mapping::existing(file, address.to_string()).ok().and_then(|mapping| mapping.label().owner.holder());
    let lives = owner.map_or_else(|| Path::new(&format!("/proc/{}", address.pid)).exists(), |owner| owner.lives());
    if !lives {
        folder.remove(&address.to_string(), file);
    }
    // Unlocked when the file is closed, which the caller does; a living owner has a lock of its own and never comes here.
    let _ = file.unlock();
    !lives
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        for text in ["mic-1", "tts-4194303", "feed-77-3"] {
            assert_eq!(text.parse::<Address>().map(|a| a.to_string()), Ok(text.to_owned()));
        }
        for text in ["mic", "mic-", "mic-+1", "mic-01", "mic-1-0", "mic-1-", "log", "../mic-1", "mic-1\n", "tts-99999999999"] {
            assert_eq!(text.parse::<Address>(), Err(()), "{text:?}");
        }
    }
}
