//! Cores in, a division of labour out: which the model writes on, which the voice speaks on.
//!
//! The model writes at the speed of memory: threads that share one last-level cache and stand on cores of their own
//! are worth having, a second thread on the same core is not. The voice computes beside it, so it is given cores that
//! the model leaves; where there are few, both share them and the voice takes the sibling threads.

use super::{
    cpulist,
    topology::{Core, CoreKind, Topology},
};

/// Four cores draw about all that two memory channels deliver; fewer than that on one cache is not enough of a reason
/// to stay on it.
const ENOUGH: usize = 4;
/// From this many equal cores on, a quarter (at least two) is set aside for the voice.
const DIVISIBLE: usize = 6;

/// CPUs for the model and for the voice, one hardware thread a core, lowest number first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub model: Vec<usize>,
    pub voice: Vec<usize>,
    /// Model and voice stand on the same physical cores.
    pub shared: bool,
}

impl Topology {
    /// Divides the cores. Empty lists mean that nothing is known: leave threads unpinned.
    pub fn plan(&self) -> Plan {
        let mut model = self.model_cores();
        let mut voice: Vec<&Core> = self.cores.iter().filter(|core| !model.contains(core)).collect();
        if voice.len() < 2 && model.len() >= DIVISIBLE {
            let kept = model.len() - (model.len() / 4).max(2);
            voice.extend(model.split_off(kept));
        }
        let shared = voice.len() < 2;
        let most = self.quota.map_or(usize::MAX, |cpus| (cpus as usize).max(1));
        let mut plan = Plan { model: firsts(&model), voice: if shared { siblings(&self.cores) } else { firsts(&voice) }, shared };
        plan.model.truncate(most);
        plan.voice.truncate(most);
        plan
    }

    /// Cores of the best cluster, performance cores before others.
    fn model_cores(&self) -> Vec<&Core> {
        let best = self.clusters().into_iter().max_by_key(|cluster| {
            let fast = cluster.iter().filter(|core| core.kind == CoreKind::Performance).count();
            let cache = cluster.iter().map(|core| core.cache_bytes).max();
            let first = cluster.iter().flat_map(|core| &core.threads).min().copied();
            (fast, cluster.len(), cache, std::cmp::Reverse(first))
        });
        let cores = match best {
            Some(cluster) if cluster.len() >= ENOUGH => cluster,
            Some(cluster) => self.nearest(&cluster),
            None => return Vec::new(),
        };
        let (fast, slow): (Vec<_>, Vec<_>) = cores.into_iter().partition(|core| core.kind == CoreKind::Performance);
        let fill = ENOUGH.saturating_sub(fast.len());
        fast.into_iter().chain(slow.into_iter().take(fill)).collect()
    }

    fn clusters(&self) -> Vec<Vec<&Core>> {
        let mut lists: Vec<&[usize]> = self.cores.iter().map(|core| core.cluster.as_slice()).collect();
        lists.sort_unstable();
        lists.dedup();
        lists.into_iter().map(|list| self.cores.iter().filter(|core| core.cluster == list).collect()).collect()
    }

    /// A cluster too small to stay on, filled up with other cores: same memory node first, fast ones first.
    fn nearest<'a>(&'a self, cluster: &[&'a Core]) -> Vec<&'a Core> {
        let node = cluster.first().map(|core| core.node);
        let mut others: Vec<&Core> = self.cores.iter().filter(|core| !cluster.contains(core)).collect();
        others.sort_by_key(|core| (Some(core.node) != node, core.kind, core.threads.first().copied()));
        cluster.iter().copied().chain(others).take(ENOUGH).collect()
    }

    /// Says what was found and what was chosen, for people: one fact a line.
    pub fn explain(&self) -> String {
        let plan = self.plan();
        let threads: usize = self.cores.iter().map(|core| core.threads.len()).sum();
        let fast = self.cores.iter().filter(|core| core.kind == CoreKind::Performance).count();
        let slow = self.cores.len() - fast;
        let mut lines = vec![format!("{} cores, {threads} hardware threads usable", self.cores.len())];
        if slow > 0 {
            lines.push(format!("{fast} performance and {slow} efficiency cores"));
        }
        for cluster in self.clusters() {
            lines.push(describe(&cluster));
        }
        if let Some(quota) = self.quota {
            lines.push(format!("the control group grants {quota:.1} CPUs"));
        }
        lines.push(format!("model on CPU {}", or_any(&plan.model)));
        let how = if plan.shared { " (same cores: there are few)" } else { "" };
        lines.push(format!("voice on CPU {}{how}", or_any(&plan.voice)));
        lines.join("\n")
    }
}

fn describe(cluster: &[&Core]) -> String {
    let mut cpus: Vec<usize> = cluster.iter().flat_map(|core| core.threads.iter().copied()).collect();
    cpus.sort_unstable();
    let cache = cluster.iter().map(|core| core.cache_bytes).max().unwrap_or(0) >> 20;
    let cache = if cache == 0 { String::new() } else { format!(" sharing {cache} MB of cache") };
    format!("{} cores{cache}: CPU {}", cluster.len(), cpulist::print(&cpus))
}

fn or_any(cpus: &[usize]) -> String {
    if cpus.is_empty() { "any".to_owned() } else { cpulist::print(cpus) }
}

/// One hardware thread of each core: the first.
fn firsts(cores: &[&Core]) -> Vec<usize> {
    sorted(cores.iter().filter_map(|core| core.threads.first().copied()).collect())
}

/// One hardware thread of each core: the second where there is one, so that it does not queue behind the first.
fn siblings(cores: &[Core]) -> Vec<usize> {
    sorted(cores.iter().filter_map(|core| core.threads.get(1).or(core.threads.first()).copied()).collect())
}

fn sorted(mut cpus: Vec<usize>) -> Vec<usize> {
    cpus.sort_unstable();
    cpus
}
