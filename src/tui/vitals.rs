//! What this process takes of the machine: resident memory, and how many cores it keeps busy.

use std::{fs, time::Instant};

/// A look at the process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vitals {
    /// Resident memory, in bytes.
    pub resident: u64,
    /// Cores kept busy since the look before: 1.5 is one and a half.
    pub cores: f64,
}

/// Looks again and again, and remembers the look before.
#[derive(Debug)]
pub struct Watch {
    at: Instant,
    /// Processor time used until then, in clock ticks.
    ticks: u64,
}

impl Watch {
    pub fn new() -> Self {
        Self { at: Instant::now(), ticks: ticks(&fs::read_to_string("/proc/self/stat").unwrap_or_default()) }
    }

    /// Cheap: two small files of `/proc`. What cannot be read is zero.
    pub fn look(&mut self) -> Vitals {
        let now = Self::new();
        let seconds = now.at.duration_since(self.at).as_secs_f64();
        let used = now.ticks.saturating_sub(self.ticks) as f64 / system(nix::unistd::SysconfVar::CLK_TCK, 100.0);
        *self = now;
        let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages: u64 = pages.split(' ').nth(1).and_then(|count| count.parse().ok()).unwrap_or(0);
        let page = system(nix::unistd::SysconfVar::PAGE_SIZE, 4096.0) as u64;
        Vitals { resident: pages * page, cores: if seconds > 0.0 { used / seconds } else { 0.0 } }
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

fn system(variable: nix::unistd::SysconfVar, usual: f64) -> f64 {
    nix::unistd::sysconf(variable).ok().flatten().map_or(usual, |value| value as f64)
}

/// User and system time of `/proc/self/stat`: the 14th and 15th field, counted behind the name in parentheses.
fn ticks(stat: &str) -> u64 {
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    behind_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_changes_nothing() {
        let fields = (3..=20).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(ticks(&format!("42 (a b) c) {fields}")), 14 + 15);
        assert_eq!(ticks(""), 0);
    }

    #[test]
    fn this_process_has_memory() {
        let vitals = Watch::new().look();
        assert!(vitals.resident > 1 << 20 && vitals.cores >= 0.0, "{vitals:?}");
    }
}
