//! Versions that a power cut left empty or cut short, moved out of the way so that the one before them is the newest.

use std::{
    fs, io,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// Every whole manifest ends with these four bytes.
const MAGIC: &[u8; 4] = b"LANC";

/// Moves broken manifests of `table` into `aside`. The data files they named stay until the next pruning.
pub fn set_aside_broken(table: &Path, aside: &Path) -> io::Result<usize> {
    let mut moved = 0;
    for entry in fs::read_dir(table.join("_versions"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "manifest") || whole(&path)? {
            continue;
        }
        fs::create_dir_all(aside)?;
        let name = format!("{}-{}", stem(table), stem(&path));
        fs::rename(&path, aside.join(name))?;
        moved += 1;
    }
    Ok(moved)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn whole(path: &Path) -> io::Result<bool> {
    let mut file = fs::File::open(path)?;
    if file.metadata()?.len() < 16 {
        return Ok(false);
    }
    let mut end = [0; 4];
    file.seek(SeekFrom::End(-4))?;
    file.read_exact(&mut end)?;
    Ok(end == *MAGIC)
}
