//! Optimised models kept between starts: made once for this model, this machine and this library.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use ort::session::{Session, builder::GraphOptimizationLevel};
use sha2::{Digest, Sha256};
use tracing::{debug, warn};

use super::{library::Runtime, session::Failed};
use crate::parcel::ModelFile;

/// Opens the kept model if there is a good one; else optimises `file` and keeps the result. Trouble with the folder
/// costs time, never the model.
pub(super) fn open(
    file: &ModelFile,
    folder: &Path,
    runtime: &Runtime,
    build: impl Fn(&Path, GraphOptimizationLevel, Option<&Path>) -> Result<Session, Failed>,
) -> Result<Session, Failed> {
    let place = Place::of(file, folder, runtime);
    if place.path.is_file() {
        match build(&place.path, GraphOptimizationLevel::Disable, None) {
            Ok(session) => return Ok(session),
            Err(_) => {
                warn!(path = %place.path.display(), "a kept model cannot be read: making it again");
                let _ = fs::remove_file(&place.path); // if this fails, the next start tries again
            }
        }
    }
    let Ok(new) = place.new_file() else { return build(&file.path, GraphOptimizationLevel::All, None) };
    match build(&file.path, GraphOptimizationLevel::All, Some(&*new)) {
        Ok(session) => {
            place.keep(new).unwrap_or_else(|e| debug!("the optimised model was not kept: {e}"));
            Ok(session)
        }
        // The model may be bad, or the disk full: only trying tells.
        Err(_) => build(&file.path, GraphOptimizationLevel::All, None),
    }
}

/// Where a kept model lies: the model's hash says of what it was made, the rest for whom.
struct Place {
    folder: PathBuf,
    model: String,
    path: PathBuf,
}

impl Place {
    fn of(file: &ModelFile, folder: &Path, runtime: &Runtime) -> Self {
        let short = |hex: &str| hex.chars().take(16).filter(char::is_ascii_hexdigit).collect::<String>();
        let (folder, model) = (folder.join("onnx"), short(&file.sha256));
        let host = Sha256::digest(format!("{}\n{}", runtime.build, cpu()));
        let host: String = host.iter().take(8).map(|b| format!("{b:02x}")).collect();
        Self { path: folder.join(format!("{model}-{host}.onnx")), folder, model }
    }

    /// A file to write into, gone by itself unless it is kept.
    fn new_file(&self) -> io::Result<tempfile::TempPath> {
        fs::create_dir_all(&self.folder)?;
        let new = tempfile::Builder::new().prefix(".new-").suffix(".onnx").tempfile_in(&self.folder)?;
        Ok(new.into_temp_path())
    }

    /// Brought to the disk before it gets its name, so that a power cut leaves all of it or nothing.
    fn keep(&self, new: tempfile::TempPath) -> io::Result<()> {
        File::open(&new)?.sync_all()?;
        new.persist(&self.path)?;
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let outdated = entry.file_name().to_string_lossy().starts_with(&format!("{}-", self.model)) && entry.path() != self.path;
            if outdated {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// What the library optimises for: the processor's name and what it can do.
fn cpu() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = |key: &str| text.lines().find(|l| l.starts_with(key)).unwrap_or_default().to_owned();
    ["model name", "flags", "CPU part", "Features"].map(line).join("\n")
}
