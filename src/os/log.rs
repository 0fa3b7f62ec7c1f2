//! What happened, on tmpfs: events with fields. What was said is never logged above trace.
//!
//! The log lies in the runtime folder, private to its user and gone after a reboot. When it reaches its size it is
//! moved aside once, so that a long-running process holds at most two of that size.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::{Deserialize, Serialize};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::paths::Paths;
use crate::error::{Error, Result, Room};

/// `[log]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `error`, `warn`, `info`, `debug`, `trace`, `off`, or a filter. LanceDB tells of every query at info: hence the default.
    pub level: String,
    /// The log is moved aside at this size.
    pub max_mb: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { level: "info,lance=warn".into(), max_mb: 8 }
    }
}

/// Starts logging to the runtime folder, or to stderr. A folder that cannot be written costs the log, nothing else.
pub fn start(settings: &Settings, paths: &Paths, to_stderr: bool) -> Result<()> {
    let filter = EnvFilter::try_new(directives(&settings.level)).map_err(|e| {
        Error::reword(Room::Config, format!("log.level is no filter: {e}")).hint("use error, warn, info, debug, trace or off")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // A second start in one process (tests) keeps the first log.
    let _ = if to_stderr {
        builder.with_writer(io::stderr).try_init()
    } else {
        match Capped::open(&folder(paths), u64::from(settings.max_mb) << 20) {
            Ok(file) => builder.with_writer(file).try_init(),
            Err(_) => Ok(()),
        }
    };
    Ok(())
}

/// LanceDB logs the words of every query at debug: what was asked stays out of the log below trace.
fn directives(level: &str) -> String {
    if level.contains("lance") || level.contains("trace") { level.to_owned() } else { format!("{level},lance=warn") }
}

pub fn folder(paths: &Paths) -> PathBuf {
    paths.runtime.join("log")
}

/// A log file that is moved aside when it is full.
struct Capped {
    path: PathBuf,
    limit: u64,
    state: Mutex<(File, u64)>,
}

impl Capped {
    fn open(folder: &Path, limit: u64) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = folder.join("xnai.log");
        let (file, size) = append(&path)?;
        Ok(Self { path, limit: limit.max(1 << 16), state: Mutex::new((file, size)) })
    }
}

fn append(path: &Path) -> io::Result<(File, u64)> {
    // No symlink is followed: the fallback folder lies in a directory that others may write.
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

impl Write for &Capped {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.1 + line.len() as u64 > self.limit {
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
            *state = append(&self.path)?;
        }
        state.0.write_all(line)?;
        state.1 += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Capped {
    type Writer = &'a Capped;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_full_log_is_moved_aside_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = Capped::open(folder.path(), 0).unwrap();
        for _ in 0..10_000 {
            (&log).write_all(&[b'x'; 100]).unwrap();
        }
        let sizes: u64 = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
        assert!(sizes <= 2 << 16, "{sizes}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        Capped::open(&log, 0).unwrap();
        assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(log.join("xnai.log")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
