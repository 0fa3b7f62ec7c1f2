//! The machine: processor, cores, memory, folders, and that nothing talks to the network.

use std::{collections::HashSet, fs, path::Path};

use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};

use super::Check;
use crate::{
    audio::pipe,
    config::Context,
    error::{Error, Room},
    llm,
    os::topology,
};

/// Instruction sets that matter to ggml: its name, and whether this processor has it.
fn instructions() -> Vec<(&'static str, bool)> {
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! has { ($($ggml:literal $cpu:tt),*) => { vec![$(($ggml, std::is_x86_feature_detected!($cpu))),*] } }
        has!("AVX" "avx", "AVX2" "avx2", "FMA" "fma", "F16C" "f16c", "BMI2" "bmi2", "AVX_VNNI" "avxvnni",
             "AVX512" "avx512f", "AVX512_VBMI" "avx512vbmi", "AVX512_VNNI" "avx512vnni", "AVX512_BF16" "avx512bf16")
    }
    #[cfg(not(target_arch = "x86_64"))]
    Vec::new()
}

/// What the engines were compiled for against what this processor has.
pub fn processor() -> Check {
    compare(llm::llama::backend::instructions(), &instructions())
}

fn compare(compiled: &[String], processor: &[(&str, bool)]) -> Check {
    let uses = |name: &str| compiled.iter().any(|used| used == name);
    let names = |wanted: &dyn Fn(bool, bool) -> bool| {
        let fitting = processor.iter().filter(|(name, has)| wanted(uses(name), *has)).map(|(name, _)| *name);
        fitting.collect::<Vec<_>>().join(" ")
    };
    let (used, beyond, unused) = (names(&|uses, has| uses && has), names(&|uses, has| uses && !has), names(&|uses, has| !uses && has));
    if compiled.is_empty() {
        return Check::ready("processor", "no engine of this build asks anything of it");
    }
    if !beyond.is_empty() {
        let error = Error::fetch(Room::Os, format!("the engines were built for another processor: this one lacks {beyond}"));
        return Check::broken("processor", &error.hint("run scripts/build on this machine"));
    }
    if unused.is_empty() {
        return Check::ready("processor", format!("the engines use all it has: {used}"));
    }
    Check::degraded("processor", format!("the engines use {used}; it also has {unused}"), "run scripts/build for a native build")
}

pub fn topology() -> Check {
    let topology = topology::this_machine();
    if topology.plan().model.is_empty() {
        return Check::degraded("cores", "the system does not say which cores there are: threads stay unpinned", "mount /sys");
    }
    Check::ready("cores", topology.explain().replace('\n', "; "))
}

/// Available memory against the budget.
pub fn memory(context: &Context) -> Check {
    let budget = context.config.memory.budget_mb;
    match available_mb() {
        None => Check::degraded("memory", format!("budget {budget} MB; the system does not say what is available"), "mount /proc"),
        Some(free) if free < budget => Check::degraded(
            "memory",
            format!("budget {budget} MB, but only {free} MB are available"),
            "close other programs, or lower memory.budget_mb",
        ),
        Some(free) => Check::ready("memory", format!("budget {budget} MB, {free} MB available")),
    }
}

fn available_mb() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? >> 10)
}

/// Sound and logs belong on tmpfs: nothing that a microphone heard reaches a disk.
pub fn runtime_folder(context: &Context) -> Check {
    let folder = &context.paths.runtime;
    match kind_of(folder) {
        Some(kind) if kind == TMPFS_MAGIC => Check::ready("tmpfs", format!("{} is on tmpfs", folder.display())),
        Some(_) => Check::degraded("tmpfs", format!("{} is not on tmpfs", folder.display()), "set XDG_RUNTIME_DIR to a folder on tmpfs"),
        None => Check::degraded("tmpfs", format!("{} cannot be examined", folder.display()), "set XDG_RUNTIME_DIR to a folder on tmpfs"),
    }
}

/// Whether other programs of this user can listen in and speak up.
pub fn sound_pipes(context: &Context) -> Check {
    let place = pipe::place(&context.paths);
    match place.why_not() {
        None => Check::ready("sound pipes", format!("in {}, for you alone: `xnai pipe ls`", place.path().display())),
        Some(why) => Check::degraded(
            "sound pipes",
            format!("sound stays in the memory of the program, out of reach for `xnai pipe`: {why}"),
            "set XDG_RUNTIME_DIR to a folder of yours on tmpfs",
        ),
    }
}

/// The file system of a folder, or of the nearest parent that exists.
fn kind_of(folder: &Path) -> Option<FsType> {
    let existing = folder.ancestors().find(|path| path.exists())?;
    statfs(existing).ok().map(|facts| facts.filesystem_type())
}

pub fn data_folder(context: &Context) -> Check {
    let folder = &context.paths.data;
    match fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)) {
        Ok(_) => Check::ready("data folder", folder.display().to_string()),
        Err(error) => Check::broken(
            "data folder",
            &Error::io(Room::Os, "writing to", folder, &error).hint("set XDG_DATA_HOME to a folder that can be written"),
        ),
    }
}

/// Invariant 7: no socket, unless a remote engine was configured.
pub fn offline(context: &Context) -> Check {
    if context.config.llm.backend == llm::Backend::Openai {
        let server = &context.config.llm.base_url;
        return Check::degraded(
            "offline",
            format!("questions and passages are sent to {server}"),
            "set llm.backend = \"auto\" to stay offline",
        );
    }
    match network_sockets() {
        0 => Check::ready("offline", "no network socket is open, and no remote engine is configured"),
        count => Check::degraded(
            "offline",
            format!("{count} network sockets are open in this process"),
            "please report this: nothing should open one",
        ),
    }
}

/// Open descriptors that are TCP or UDP sockets. Those of the sound server and of signals are local and do not count.
fn network_sockets() -> usize {
    let tables = ["tcp", "tcp6", "udp", "udp6"].map(|name| fs::read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default());
    // The tenth column is the inode (proc(5), /proc/net/tcp).
    let inodes: HashSet<&str> =
        tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| line.split_whitespace().nth(9)).collect();
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return 0 };
    let target = |entry: fs::DirEntry| fs::read_link(entry.path()).ok().map(|to| to.to_string_lossy().into_owned());
    let is_network =
        |to: &String| to.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')).is_some_and(|inode| inodes.contains(inode));
    entries.flatten().filter_map(target).filter(is_network).count()
}

#[cfg(test)]
mod tests {
    use super::{super::Health, compare};

    #[test]
    fn what_was_compiled_is_held_against_what_there_is() {
        let compiled = ["AVX2".to_owned(), "FMA".to_owned()];
        let health = |processor: &[(&str, bool)]| compare(&compiled, processor).health;
        assert_eq!(health(&[("AVX2", true), ("FMA", true), ("AVX512", false)]), Health::Ready);
        assert_eq!(health(&[("AVX2", true), ("FMA", true), ("AVX512", true)]), Health::Degraded);
        assert_eq!(health(&[("AVX2", true), ("FMA", false)]), Health::Broken);
    }
}
