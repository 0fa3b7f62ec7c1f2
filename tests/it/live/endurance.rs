//! P6: memory is flat. A hundred thousand turns, one after the other, in a process of their own.

use std::{env, fs, process::Command as Process};

use xnai::{
    audio::fake::Clock,
    pipeline::live::{Command, Start},
};

use super::Rig;

const ORDER: &str = "XNAI_TEST_ENDURE";

/// Resident memory in KiB, descriptors, threads.
fn footprint() -> (u64, usize, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let number = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    (number("VmRSS:"), fs::read_dir("/proc/self/fd").unwrap().count(), number("Threads:"))
}

/// Not a test of its own: what the test below runs in a process where nothing else is going on.
#[test]
fn the_child_endures() {
    let Some(turns) = env::var(ORDER).ok().and_then(|turns| turns.parse::<u32>().ok()) else { return };
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    let mut ask = |count: u32| {
        for n in 0..count {
            rig.send(Command::Ask(format!("question {n}?")));
            if n % 3 == 0 {
                rig.send(Command::Silence);
            }
            while rig.news.try_recv().is_ok() {}
        }
        rig.send(Command::Silence);
        rig.clock.advance(4800);
        std::thread::sleep(std::time::Duration::from_millis(200));
        while rig.news.try_recv().is_ok() {}
    };
    // What is left behind grows in every round alike; the heap takes a round or two to reach the size that it keeps, more on
    // a busy machine.
    ask(turns);
    let mut before = footprint();
    let grown = |_: u32| {
        ask(turns);
        let after = footprint();
        println!("before and after, KiB, files, threads: {before:?} {after:?}");
        assert_eq!((after.1, after.2), (before.1, before.2), "descriptors, threads");
        after.0.saturating_sub(std::mem::replace(&mut before, after).0)
    };
    let grown: Vec<u64> = (0..ROUNDS).map(grown).collect();
    assert!(grown.iter().any(|grown| *grown < MOST), "grown by KiB in each round: {grown:?}");
    // What grows by doubling, as a table does, stands still in between.
    assert!(grown.iter().sum::<u64>() < IN_ALL, "grown by KiB in each round: {grown:?}");
}

const ROUNDS: u32 = 3;
/// In KiB: at most 105 bytes a turn where nothing is optimised, and 10 where all of them are asked.
const MOST: u64 = 1024;
const IN_ALL: u64 = 8192;

/// All of them in an optimised build; a tenth is enough where nothing is optimised and somebody waits.
const TURNS: u32 = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

#[test]
fn p6_turns_leave_nothing_behind() {
    let mut child = Process::new(env::current_exe().unwrap());
    child.args(["--exact", "live::endurance::the_child_endures", "--nocapture"]).env(ORDER, TURNS.to_string());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("before"), "the child did nothing: {said}");
}
