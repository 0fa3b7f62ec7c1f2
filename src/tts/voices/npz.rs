//! The `.npz` archive of voices: a ZIP file holding one array of 32-bit floats a voice.

use std::{fs::File, io::Read, path::Path};

use zip::ZipArchive;

use super::{LARGEST, open, unusable};
use crate::error::Result;

const ENDING: &str = ".npy";

/// The names of the arrays.
pub fn names(file: File, path: &Path) -> Result<Vec<String>> {
    let archive = ZipArchive::new(file).map_err(|e| unusable(path, &format!("is a broken archive ({e})")))?;
    Ok(archive.file_names().filter_map(|n| n.strip_suffix(ENDING)).map(str::to_owned).collect())
}

/// The numbers of one array, as bytes.
pub fn numbers(path: &Path, name: &str) -> Result<Vec<u8>> {
    let broken = |e: &dyn std::fmt::Display| unusable(path, &format!("holds no usable voice {name} ({e})"));
    let mut archive = ZipArchive::new(open(path)?).map_err(|e| broken(&e))?;
    let entry = archive.by_name(&format!("{name}{ENDING}")).map_err(|e| broken(&e))?;
    let mut bytes = Vec::new();
    entry.take(LARGEST).read_to_end(&mut bytes).map_err(|e| broken(&e))?;
    body(&bytes).map(<[u8]>::to_vec).ok_or_else(|| broken(&"not an array of little-endian 32-bit floats"))
}

/// What follows the header of the NPY format: magic, version, length, then a Python literal.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (length, from) = match rest.first()? {
        1 => (usize::from(u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?)), 4),
        _ => (u32::from_le_bytes(rest.get(2..6)?.try_into().ok()?) as usize, 6),
    };
    let header: String = std::str::from_utf8(rest.get(from..from + length)?).ok()?.split_whitespace().collect();
    (header.contains("'descr':'<f4'") && header.contains("'fortran_order':False")).then_some(&rest[from + length..])
}
