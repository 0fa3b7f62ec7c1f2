//! Sysfs trees of known machines in, chosen cores out.

use std::fs;

use super::{super::plan::Plan, *};

/// Unpacks `tests/data/topology/NAME.txt` (format in the README there) and reads it.
fn machine(name: &str) -> Topology {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/topology").join(name).with_extension("txt");
    let sys = tempfile::tempdir().unwrap();
    let mut allowed = Vec::new();
    for line in fs::read_to_string(file).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let (path, value) = line.split_once(' ').unwrap_or((line, ""));
        let target = sys.path().join(path);
        if path == "allowed" {
            allowed = cpulist::parse(value);
        } else if path.ends_with('/') {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, format!("{value}\n")).unwrap();
        }
    }
    read(sys.path(), &allowed)
}

#[test]
fn every_known_machine_gets_the_cores_we_would_choose_by_hand() {
    let table = [
        // machine, model, voice, shared
        ("ryzen-5700u", "0,2,4,6", "8,10,12,14", false), // one CCX each
        ("ryzen-5800x", "0-5", "6-7", false),            // one cache: a quarter for the voice
        ("ryzen-7950x", "0-7", "8-15", false),           // one CCD each
        ("intel-12700", "0,2,4,6,8,10,12,14", "16-19", false),
        ("intel-1255u", "0,2,4-5", "6-11", false), // two fast cores are too few alone
        ("vm-2", "0-1", "0-1", true),
        ("container-across", "6,8", "7,9", true), // too small to stay in one CCX; voice on the siblings
        ("container-cpuset", "2", "3", true),     // 1.5 CPUs of time: one thread each
    ];
    for (name, model, voice, shared) in table {
        let plan = machine(name).plan();
        let chosen = (cpulist::print(&plan.model), cpulist::print(&plan.voice), plan.shared);
        assert_eq!(chosen, (model.to_owned(), voice.to_owned(), shared), "{name}");
    }
}

#[test]
fn what_was_read_is_explained() {
    let text = machine("intel-12700").explain();
    assert!(text.contains("12 cores, 20 hardware threads"), "{text}");
    assert!(text.contains("8 performance and 4 efficiency"), "{text}");
    assert!(text.contains("25 MB"), "{text}");
    assert!(machine("container-cpuset").explain().contains("1.5 CPUs"));
}

#[test]
fn without_sysfs_the_mask_is_enough() {
    let nothing = tempfile::tempdir().unwrap();
    let topology = read(nothing.path(), &[1, 3]);
    assert_eq!(topology.plan(), Plan { model: vec![1, 3], voice: vec![1, 3], shared: true });
    assert_eq!(read(nothing.path(), &[]).plan().model, Vec::<usize>::new());
}

#[test]
fn garbage_in_sysfs_is_not_believed() {
    let sys = tempfile::tempdir().unwrap();
    let cpu = sys.path().join("devices/system/cpu/cpu0");
    fs::create_dir_all(cpu.join("topology")).unwrap();
    fs::create_dir_all(cpu.join("cache/index3")).unwrap();
    fs::write(cpu.join("topology/core_cpus_list"), "7-9").unwrap();
    fs::write(cpu.join("cache/index3/size"), "99999999999999999999K").unwrap();
    fs::create_dir_all(sys.path().join("fs/cgroup")).unwrap();
    fs::write(sys.path().join("fs/cgroup/cpu.max"), "max 100000").unwrap();
    let topology = read(sys.path(), &[0]);
    assert_eq!(topology.cores[0].threads, [0]);
    assert_eq!((topology.cores[0].cache_bytes, topology.quota), (0, None));
}

#[test]
fn this_machine_gives_every_part_something_it_may_use() {
    let plan = this_machine().plan();
    let allowed = pin::allowed();
    assert!(!plan.model.is_empty() && !plan.voice.is_empty());
    assert!(plan.model.iter().chain(&plan.voice).all(|cpu| allowed.contains(cpu)));
}
