//! Kokoro's voices: style tables out of `.bin` and `.npz` files, alone or blended.

mod npz;

use std::{
    fs::File,
    io::{Read, Seek},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
};

/// Numbers that describe a voice for one length of text.
pub const WIDTH: usize = 256;
/// The published tables hold 510 rows, half a megabyte; nothing near this limit is a voice.
const LARGEST: u64 = 16 << 20;

/// One voice, or a blend: a row of numbers for every length of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    rows: Vec<f32>,
}

impl Style {
    /// The row for a text of so many phonemes; the last one for all longer ones.
    pub fn row(&self, phonemes: usize) -> &[f32] {
        let last = self.rows.len() / WIDTH - 1;
        let at = phonemes.saturating_sub(1).min(last) * WIDTH;
        &self.rows[at..at + WIDTH]
    }

    fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        let rows: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let whole = !bytes.is_empty() && bytes.len().is_multiple_of(WIDTH * 4);
        if whole && rows.iter().all(|v| v.is_finite()) { Ok(Self { rows }) } else { Err(unusable(path, "is no voice of Kokoro")) }
    }
}

fn unusable(path: &Path, what: &str) -> Error {
    Error::fetch(Room::Tts, format!("{} {what}", path.display())).hint("fetch it again with `xnai models pull`")
}

/// Loads what `wish` asks for: `af_heart`, or `af_heart.6+am_michael.4`.
pub fn load(files: &[ModelFile], wish: &str) -> Result<Style> {
    let shelf = shelf(files)?;
    let blend = parse(wish)?;
    let mut styles = Vec::new();
    for (name, weight) in blend {
        let place = shelf.iter().find(|p| p.name == name).ok_or_else(|| unknown(&name, &shelf))?;
        styles.push((place.style()?, weight));
    }
    Ok(mix(&styles))
}

/// The names of all voices in these files, sorted.
pub fn names(files: &[ModelFile]) -> Result<Vec<String>> {
    Ok(shelf(files)?.into_iter().map(|p| p.name).collect())
}

/// A voice that could be loaded.
struct Place {
    name: String,
    path: PathBuf,
    /// Inside an archive of many.
    packed: bool,
}

impl Place {
    fn style(&self) -> Result<Style> {
        let bytes = if self.packed { npz::numbers(&self.path, &self.name)? } else { read(&self.path)? };
        Style::from_bytes(&bytes, &self.path)
    }
}

fn open(path: &Path) -> Result<File> {
    let failed = |e| Error::io(Room::Tts, "opening", path, &e);
    // Looked at first: opening a FIFO would wait for a writer.
    let about = std::fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(Error::replace(Room::Tts, format!("{} is not a file", path.display())));
    }
    File::open(path).map_err(failed)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(LARGEST).read_to_end(&mut bytes).map_err(|e| Error::io(Room::Tts, "reading", path, &e))?;
    Ok(bytes)
}

/// An archive is told by its first bytes, not by its name: the published one is called `.bin` too.
fn shelf(files: &[ModelFile]) -> Result<Vec<Place>> {
    let mut shelf = Vec::new();
    for path in files.iter().map(|f| &f.path) {
        let (mut file, mut magic) = (open(path)?, [0; 4]);
        let packed = file.read_exact(&mut magic).is_ok() && &magic == b"PK\x03\x04";
        if packed {
            file.rewind().map_err(|e| Error::io(Room::Tts, "reading", path, &e))?;
            shelf.extend(npz::names(file, path)?.into_iter().map(|name| Place { name, path: path.clone(), packed }));
        } else {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            shelf.push(Place { name, path: path.clone(), packed });
        }
    }
    shelf.sort_by(|a, b| a.name.cmp(&b.name));
    shelf.dedup_by(|a, b| a.name == b.name);
    Ok(shelf)
}

/// Names and shares; the shares add up to 1. `name.6` has six tenths, a name alone counts as 1.
pub fn parse(wish: &str) -> Result<Vec<(String, f32)>> {
    let wrong = || {
        Error::reword(Room::Tts, format!("tts.voice is {wish:?}, which is neither a voice nor a blend"))
            .hint("write af_heart, or af_heart.6+am_michael.4")
    };
    let mut blend = Vec::new();
    for part in wish.split('+').map(str::trim) {
        let (name, share) = part.split_once('.').map_or((part, Ok(1.0)), |(name, digits)| (name, format!("0.{digits}").parse::<f32>()));
        match share {
            Ok(share) if !name.is_empty() && share > 0.0 => blend.push((name.to_owned(), share)),
            _ => return Err(wrong()),
        }
    }
    let total: f32 = blend.iter().map(|(_, share)| share).sum();
    Ok(blend.into_iter().map(|(name, share)| (name, share / total)).collect())
}

fn unknown(name: &str, shelf: &[Place]) -> Error {
    let near = shelf.iter().max_by(|a, b| strsim::jaro_winkler(&a.name, name).total_cmp(&strsim::jaro_winkler(&b.name, name)));
    let all = shelf.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    match near {
        Some(near) => Error::reword(Room::Tts, format!("there is no voice called {name:?}; the nearest is {}", near.name))
            .hint(format!("choose one of {all}")),
        None => Error::fetch(Room::Tts, "no Kokoro voices are installed").hint("run `xnai models pull tiny`"),
    }
}

/// The weighted sum, over as many rows as all of them have.
fn mix(styles: &[(Style, f32)]) -> Style {
    let length = styles.iter().map(|(s, _)| s.rows.len()).min().unwrap_or(0);
    Style { rows: (0..length).map(|i| styles.iter().map(|(s, share)| s.rows[i] * share).sum()).collect() }
}

#[cfg(test)]
mod tests;
