//! How much memory there is, how much is used and by what, and whether a plan fits the budget.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Room};

/// Everything that belongs to no model: code, libraries, the caches of the store. An allowance, not a measurement.
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

/// Refuses models that cannot fit into the budget, or into this machine: (what for, bytes).
pub fn check(settings: &Settings, parts: &[(&str, u64)]) -> Result<()> {
    fits(settings, total_bytes(), parts)
}

fn fits(settings: &Settings, total: Option<u64>, parts: &[(&str, u64)]) -> Result<()> {
    let needed = parts.iter().fold(BASE_BYTES, |sum, (_, bytes)| sum.saturating_add(*bytes));
    let budget = settings.budget_mb.saturating_mul(1 << 20);
    let (over, remedy) = match total {
        _ if needed > budget => (format!("the budget of {} MB", settings.budget_mb), ", or raise memory.budget_mb"),
        Some(total) if needed > total => (format!("the {} MB that this machine has", total >> 20), ""),
        _ => return Ok(()),
    };
    let list = parts.iter().filter(|(_, bytes)| bytes >> 20 > 0).map(|(name, bytes)| format!("{name} {} MB", bytes >> 20));
    let list = list.chain([format!("everything else {} MB", BASE_BYTES >> 20)]).collect::<Vec<_>>().join(", ");
    let message = format!("these models need about {} MB, over {over} ({list})", needed >> 20);
    Err(Error::shrink(Room::Os, message).hint(format!("choose a smaller model, or a shorter llm.context{remedy}")))
}

/// Memory of this machine, or of the container where that is less; `None` where the system does not say.
fn total_bytes() -> Option<u64> {
    let machine = kilobytes(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:");
    let container = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    Some(machine).filter(|bytes| *bytes > 0).into_iter().chain(container).min()
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
        assert_eq!(error.kind(), crate::error::Kind::Shrink);
    }

    #[test]
    fn a_plan_within_the_budget_is_refused_by_a_machine_that_is_too_small() {
        let (settings, parts) = (Settings { budget_mb: 8192 }, [("language model", 1000 << 20), ("its KV cache", 3000 << 20)]);
        assert!(fits(&settings, None, &parts).is_ok());
        assert!(fits(&settings, Some(8 << 30), &parts).is_ok());
        let told = fits(&settings, Some(2 << 30), &parts).unwrap_err().to_string();
        assert!(told.contains("the 2048 MB that this machine has") && told.contains("KV cache 3000 MB"), "{told}");
        assert!(!told.contains("raise"), "{told}");
        assert!(fits(&settings, None, &[("all of it", u64::MAX)]).is_err(), "no sum is too large to be refused");
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
