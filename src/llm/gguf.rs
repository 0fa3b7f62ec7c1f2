//! A path in, "this can be a GGUF model" out, before llama.cpp sees the file.

pub mod cache;
mod metadata;

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use self::metadata::Damaged;

use crate::error::{Error, Result, Room};

/// What every GGUF file begins with: magic, version, number of tensors, number of metadata entries.
const HEADER: usize = 24;
/// The least that one tensor and one entry take in the file, in bytes.
const SMALLEST_ENTRY: u64 = 13;

/// Refuses what is missing, no file, empty, cut off in its header or something else, each in a sentence.
pub fn check(path: &Path) -> Result<()> {
    let refuse = |why: &str| {
        let message = format!("{} {why}", path.display());
        Err(Error::fetch(Room::Llm, message).hint("run `xnai models pull`, or set llm.model to a GGUF file"))
    };
    // The kind comes first: opening a FIFO would wait for a writer.
    let about = match path.metadata() {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return refuse("does not exist"),
        Err(error) => return Err(Error::io(Room::Llm, "reading", path, &error)),
    };
    if !about.is_file() {
        return refuse("is not a file");
    }
    if about.len() == 0 {
        return refuse("is empty");
    }
    let mut header = [0; HEADER];
    let mut file = File::open(path).map_err(|e| Error::io(Room::Llm, "opening", path, &e))?;
    if file.read_exact(&mut header).is_err() {
        return refuse("is too short to be a model");
    }
    let [version, tensors, entries] = [number(&header[4..8]), number(&header[8..16]), number(&header[16..24])];
    if !header.starts_with(b"GGUF") {
        return refuse("is not a GGUF model");
    }
    if !(2..=3).contains(&version) {
        return refuse(&format!("has GGUF version {version}, which this program does not know"));
    }
    if tensors == 0 || tensors.max(entries) > about.len() / SMALLEST_ENTRY {
        return refuse("is damaged: its header does not fit its size");
    }
    match metadata::walk(BufReader::new(file), entries) {
        Err(Damaged(why)) => refuse(&format!("is damaged: {why}")),
        Ok(()) => Ok(()),
    }
}

fn number(little_endian: &[u8]) -> u64 {
    little_endian.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_bad_file_is_refused_for_its_own_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.gguf");
        assert!(check(&path).unwrap_err().to_string().contains("does not exist"));
        assert!(check(folder.path()).unwrap_err().to_string().contains("not a file"));
        let header =
            |version: u32, tensors: u64| [&b"GGUF"[..], &version.to_le_bytes(), &tensors.to_le_bytes(), &1u64.to_le_bytes()].concat();
        let table: [(Vec<u8>, &str); 7] = [
            (vec![], "empty"),
            (b"GGUF".to_vec(), "too short"),
            (vec![7; 1000], "not a GGUF"),
            (header(9, 1), "version 9"),
            (header(3, 1 << 60), "damaged"),
            (header(3, 0), "damaged"),
            ([header(3, 1), vec![0xff; 100]].concat(), "endless text"),
        ];
        for (bytes, expected) in table {
            fs::write(&path, bytes).unwrap();
            let told = check(&path).unwrap_err().to_string();
            assert!(told.contains(expected) && told.contains("models pull"), "{told}");
        }
        fs::write(&path, [header(3, 1), vec![0; 100]].concat()).unwrap();
        check(&path).unwrap();
    }

    #[test]
    fn a_fifo_is_refused_without_waiting_for_a_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(check(&path).unwrap_err().to_string().contains("not a file"));
    }
}
