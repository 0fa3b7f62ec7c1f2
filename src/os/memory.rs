//! How much memory there is, how much is used and by what, and whether a plan fits the budget.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Room};

/// Everything that is not a model file: code, buffers, the caches of the store. An allowance, not a measurement.
const BASE_BYTES: u64 = 256 << 20;

/// `[memory]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Models that would need more than this together are refused before they are loaded, in MiB.
    pub budget_mb: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { budget_mb: 6144 }
    }
}

/// Refuses a set of model files that cannot fit: (what for, bytes).
pub fn check(settings: &Settings, parts: &[(&str, u64)]) -> Result<()> {
    let needed = BASE_BYTES + parts.iter().map(|(_, bytes)| bytes).sum::<u64>();
    if needed <= settings.budget_mb << 20 {
        return Ok(());
    }
    let list = parts.iter().map(|(name, bytes)| format!("{name} {} MB", bytes >> 20)).collect::<Vec<_>>().join(", ");
    let message = format!(
        "these models need about {} MB, over the budget of {} MB ({list}, everything else {} MB)",
        needed >> 20,
        settings.budget_mb,
        BASE_BYTES >> 20
    );
    Err(Error::shrink(Room::Os, message).hint("choose a smaller model, or raise memory.budget_mb"))
}

/// What this process holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Highest resident size so far, in bytes (`VmHWM`).
    pub peak_bytes: u64,
    /// Resident now (`VmRSS`).
    pub resident_bytes: u64,
    /// Resident pages of mapped files, by file name: model weights and libraries.
    pub mapped_bytes: BTreeMap<String, u64>,
    /// Resident pages that belong to no file: everything computed or copied.
    pub anonymous_bytes: u64,
}

/// Reads `/proc/self`; what cannot be read is zero.
pub fn usage() -> Usage {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut usage = parse_smaps(&smaps);
    usage.peak_bytes = kilobytes(&status, "VmHWM:");
    usage.resident_bytes = kilobytes(&status, "VmRSS:");
    usage
}

fn kilobytes(text: &str, key: &str) -> u64 {
    text.lines().find_map(|line| line.strip_prefix(key)).and_then(first_number).unwrap_or(0) << 10
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// Sums `Rss` by mapped file. Files below a megabyte are summed under "other files".
fn parse_smaps(smaps: &str) -> Usage {
    let mut by_file: BTreeMap<Option<PathBuf>, u64> = BTreeMap::new();
    let mut file = None;
    for line in smaps.lines() {
        if let Some(rss) = line.strip_prefix("Rss:").and_then(first_number) {
            *by_file.entry(file.clone()).or_default() += rss << 10;
        } else if line.split_whitespace().next().is_some_and(|range| range.contains('-')) {
            file = line.split_whitespace().nth(5).filter(|path| path.starts_with('/')).map(PathBuf::from);
        }
    }
    let mut usage = Usage { anonymous_bytes: by_file.remove(&None).unwrap_or(0), ..Usage::default() };
    for (path, bytes) in by_file {
        let name = path.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = if bytes < 1 << 20 { "other files".to_owned() } else { name };
        *usage.mapped_bytes.entry(name).or_default() += bytes;
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_over_the_budget_is_refused_with_its_parts() {
        let settings = Settings { budget_mb: 1024 };
        assert!(check(&settings, &[("language model", 500 << 20)]).is_ok());
        let error = check(&settings, &[("language model", 900 << 20)]).unwrap_err();
        assert!(error.message().contains("language model 900 MB"), "{error}");
    }

    #[test]
    fn resident_pages_are_summed_by_file() {
        let smaps = "7f00-7f10 r--p 00000000 fe:00 12 /models/big.gguf\nRss:    2048 kB\n\
                     7f10-7f20 r-xp 00000000 fe:00 12 /models/big.gguf\nRss:    1024 kB\n\
                     7f20-7f30 rw-p 00000000 00:00 0\nRss:    512 kB\n\
                     7f30-7f40 r--p 00000000 fe:00 13 /lib/libm.so\nRss:    64 kB\n";
        let usage = parse_smaps(smaps);
        assert_eq!(usage.mapped_bytes.get("big.gguf"), Some(&(3 << 20)));
        assert_eq!(usage.mapped_bytes.get("other files"), Some(&(64 << 10)));
        assert_eq!(usage.anonymous_bytes, 512 << 10);
    }

    #[test]
    fn this_process_uses_memory() {
        let usage = usage();
        assert!(usage.peak_bytes >= usage.resident_bytes && usage.resident_bytes > 1 << 20);
    }
}
