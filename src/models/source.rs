//! Where a file can be had, and how it is opened there at a position: a folder, or the web.

use std::{
    fmt,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::sys::statvfs::statvfs;

use super::{hashes, http};
use crate::error::{Error, Result, Room};

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
    /// This source will not help with this file.
    Final(Error),
    /// This source will not help with any file.
    Unreachable(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Final(error)
    }
}

/// Refuses before the disk is full, with what is needed and what there is.
pub fn make_sure_of_room(folder: &Path, needed: u64) -> Result<()> {
    let Ok(stat) = statvfs(folder) else { return Ok(()) };
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
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

    /// Opens the file at a position; `stall`: the longest silence.
    pub fn open(&self, from: u64, stall: Duration) -> Result<Opened, Trouble> {
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

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
