//! Sysfs in, cores for the model and for the voice out.
//!
//! The numbering of CPUs says nothing about cores: siblings may be neighbours (0,1) or half the machine apart (0,8),
//! and performance cores may come first or last. Only `/sys` knows, so everything is read from there, and limited to
//! what this process may use (affinity mask, cpuset, CPU quota).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{cpulist, pin};

/// Performance or efficiency: which cores a latency-bound model should prefer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoreKind {
    Performance,
    Efficiency,
}

/// One physical core, as far as this process may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// Its hardware threads that may be used, lowest first; never empty.
    pub threads: Vec<usize>,
    pub kind: CoreKind,
    /// CPUs that share its last-level cache: cores with equal lists are one CCX.
    pub cluster: Vec<usize>,
    /// Bytes of that cache; 0 when unknown.
    pub cache_bytes: u64,
    pub node: usize,
}

/// The cores that this process may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    pub cores: Vec<Core>,
    /// CPU time that the control group grants, in CPUs; absent when unlimited.
    pub quota: Option<f64>,
}

/// Reads this machine, limited to what the calling thread may use.
pub fn this_machine() -> Topology {
    read(Path::new("/sys"), &pin::allowed())
}

/// Reads a sysfs tree. An empty `allowed` allows every CPU in it. What cannot be read is taken as the simplest case:
/// one thread a core, one cluster, one kind.
pub fn read(sys: &Path, allowed: &[usize]) -> Topology {
    let tree = Tree { cpus: sys.join("devices/system/cpu"), sys: sys.to_owned() };
    let listed = tree.listed();
    let usable: Vec<usize> = match (listed.is_empty(), allowed.is_empty()) {
        (true, _) => allowed.to_vec(), // no sysfs: the mask is all we know
        (false, true) => listed,
        (false, false) => listed.into_iter().filter(|cpu| allowed.contains(cpu)).collect(),
    };
    let kinds = tree.kinds(&usable);
    let mut cores: BTreeMap<Vec<usize>, Core> = BTreeMap::new();
    for cpu in usable {
        let core = cores.entry(tree.siblings(cpu)).or_insert_with(|| Core {
            threads: Vec::new(),
            kind: kinds.get(&cpu).copied().unwrap_or(CoreKind::Performance),
            cluster: tree.cluster(cpu),
            cache_bytes: tree.cache_bytes(cpu),
            node: tree.node(cpu),
        });
        core.threads.push(cpu);
    }
    Topology { cores: cores.into_values().collect(), quota: tree.quota() }
}

struct Tree {
    sys: PathBuf,
    cpus: PathBuf,
}

impl Tree {
    /// CPUs that exist and are switched on.
    fn listed(&self) -> Vec<usize> {
        let Ok(entries) = fs::read_dir(&self.cpus) else { return Vec::new() };
        let number = |name: &str| name.strip_prefix("cpu")?.parse().ok();
        let mut cpus: Vec<usize> = entries.flatten().filter_map(|e| number(e.file_name().to_str()?)).collect();
        cpus.sort_unstable();
        if let Some(online) = text(&self.cpus.join("online")).map(|t| cpulist::parse(&t)) {
            cpus.retain(|cpu| online.contains(cpu));
        }
        cpus
    }

    fn cpu(&self, cpu: usize, file: &str) -> Option<String> {
        text(&self.cpus.join(format!("cpu{cpu}")).join(file))
    }

    fn siblings(&self, cpu: usize) -> Vec<usize> {
        let list = self.cpu(cpu, "topology/core_cpus_list").or_else(|| self.cpu(cpu, "topology/thread_siblings_list"));
        match list.map(|l| cpulist::parse(&l)) {
            Some(list) if list.contains(&cpu) => list,
            _ => vec![cpu],
        }
    }

    /// CPUs that share the last-level cache; without one, the package; without that, everything.
    fn cluster(&self, cpu: usize) -> Vec<usize> {
        ["cache/index3/shared_cpu_list", "topology/package_cpus_list", "topology/core_siblings_list"]
            .iter()
            .find_map(|file| self.cpu(cpu, file).map(|l| cpulist::parse(&l)))
            .unwrap_or_default()
    }

    /// "32768K" as sysfs prints it.
    fn cache_bytes(&self, cpu: usize) -> u64 {
        let size = self.cpu(cpu, "cache/index3/size").unwrap_or_default();
        let (number, scale) = match size.strip_suffix('K') {
            Some(kib) => (kib, 1 << 10),
            None => (size.strip_suffix('M').unwrap_or(&size), 1 << 20),
        };
        number.parse().map_or(0, |n: u64| n.saturating_mul(scale))
    }

    fn node(&self, cpu: usize) -> usize {
        let Ok(entries) = fs::read_dir(self.cpus.join(format!("cpu{cpu}"))) else { return 0 };
        entries.flatten().find_map(|e| e.file_name().to_str()?.strip_prefix("node")?.parse().ok()).unwrap_or(0)
    }

    /// Intel names its kinds; elsewhere a core with much less capacity or clock than the best is an efficiency core.
    fn kinds(&self, cpus: &[usize]) -> BTreeMap<usize, CoreKind> {
        let small: Vec<usize> = match text(&self.sys.join("devices/cpu_atom/cpus")) {
            Some(list) => cpulist::parse(&list),
            None => self.small_by("cpu_capacity", cpus).or_else(|| self.small_by("cpufreq/cpuinfo_max_freq", cpus)).unwrap_or_default(),
        };
        let kind = |cpu| if small.contains(cpu) { CoreKind::Efficiency } else { CoreKind::Performance };
        cpus.iter().map(|cpu| (*cpu, kind(cpu))).collect()
    }

    /// CPUs below three quarters of the best: preferred cores differ by a tenth, compact ones by a third.
    fn small_by(&self, file: &str, cpus: &[usize]) -> Option<Vec<usize>> {
        let strength: Vec<(usize, u64)> = cpus.iter().filter_map(|c| Some((*c, self.cpu(*c, file)?.parse().ok()?))).collect();
        let best = strength.iter().map(|(_, s)| *s).max()?;
        Some(strength.into_iter().filter(|(_, s)| s.saturating_mul(4) < best.saturating_mul(3)).map(|(cpu, _)| cpu).collect())
    }

    /// `--cpus` of a container: control group version 2, then 1.
    fn quota(&self) -> Option<f64> {
        let group = self.sys.join("fs/cgroup");
        let pair = match text(&group.join("cpu.max")) {
            Some(both) => both,
            None => format!("{} {}", text(&group.join("cpu/cpu.cfs_quota_us"))?, text(&group.join("cpu/cpu.cfs_period_us"))?),
        };
        let (time, period) = pair.split_once(' ')?;
        let (time, period): (f64, f64) = (time.parse().ok()?, period.parse().ok()?);
        (time > 0.0 && period > 0.0).then_some(time / period)
    }
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

#[cfg(test)]
#[path = "topology_tests.rs"]
mod tests;
