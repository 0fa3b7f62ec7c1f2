//! Keeps threads on chosen CPUs, and shows on which CPUs each thread of this process may run.
//!
//! A mask is inherited: threads that a pinned thread starts later (OpenMP workers, say) stay on the same CPUs.

use std::{fs, path::Path};

use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};

use super::cpulist;
use crate::error::{Error, Result, Room};

/// Lets the calling thread, and every thread it starts from now on, run on these CPUs only.
pub fn this_thread(cpus: &[usize]) -> Result<()> {
    let refused = |why: nix::Error| {
        let message = format!("this thread cannot be kept on CPU {}: {}", cpulist::print(cpus), why.desc());
        Error::reword(Room::Os, message).hint("set llm.pin = false")
    };
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu).map_err(refused)?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).map_err(refused)
}

/// CPUs that the calling thread may run on, after every cpuset and mask; empty when the kernel does not say.
pub fn allowed() -> Vec<usize> {
    allowed_in(Path::new("/proc/thread-self/status"))
}

/// One thread of this process and the CPUs it may run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadCpus {
    pub tid: i32,
    pub name: String,
    pub cpus: Vec<usize>,
}

/// Every thread of this process, for checking that pinning reached the engines' workers.
pub fn threads() -> Vec<ThreadCpus> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    // A thread may end between the listing and the reading: it is left out.
    tasks.flatten().filter_map(|task| thread(&task.path())).collect()
}

fn thread(task: &Path) -> Option<ThreadCpus> {
    let tid = task.file_name()?.to_str()?.parse().ok()?;
    let name = fs::read_to_string(task.join("comm")).ok()?.trim().to_owned();
    let cpus = allowed_in(&task.join("status"));
    (!cpus.is_empty()).then_some(ThreadCpus { tid, name, cpus })
}

fn allowed_in(status: &Path) -> Vec<usize> {
    let text = fs::read_to_string(status).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).map(cpulist::parse).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_hands_its_mask_to_the_threads_it_starts() {
        let first = allowed()[0];
        let inherited = std::thread::spawn(move || {
            this_thread(&[first]).unwrap();
            std::thread::spawn(allowed).join().unwrap()
        });
        assert_eq!(inherited.join().unwrap(), [first]);
    }

    #[test]
    fn every_thread_is_listed_with_its_name() {
        let waiter = std::thread::Builder::new().name("pin-waiter".into()).spawn(std::thread::park).unwrap();
        // A new thread names itself when it starts running.
        let seen = (0..1000).any(|_| {
            std::thread::yield_now();
            threads().iter().any(|t| t.name == "pin-waiter" && !t.cpus.is_empty())
        });
        waiter.thread().unpark();
        waiter.join().unwrap();
        assert!(seen);
    }

    #[test]
    fn no_cpu_at_all_is_refused_in_a_sentence() {
        assert!(this_thread(&[]).unwrap_err().to_string().contains("llm.pin"));
    }
}
