//! Which process holds an end of a pipe, in one atomic number, and whether that process still lives.

use std::{
    fmt, fs, process,
    sync::{
        OnceLock,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Release},
        },
    },
};

/// Linux gives no process a larger number (proc(5), `pid_max`: 2²²).
const PID_BITS: u32 = 22;

/// A process, told from a later one with the same number by when it was started. Never 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Holder(u64);

impl Holder {
    /// This process.
    pub fn me() -> Self {
        static ME: OnceLock<(u32, Holder)> = OnceLock::new();
        let pid = process::id();
        match ME.get_or_init(|| (pid, Self::of(pid))) {
            (known, me) if *known == pid => *me,
            // A fork without an exec.
            _ => Self::of(pid),
        }
    }

    fn of(pid: u32) -> Self {
        // Clock ticks since the start of the machine: 42 bits last for centuries.
        Self(started(pid).unwrap_or(0) << PID_BITS | u64::from(pid) & ((1 << PID_BITS) - 1))
    }

    pub fn pid(self) -> u32 {
        (self.0 & ((1 << PID_BITS) - 1)) as u32
    }

    /// Whether the process still runs, and is the same.
    pub fn lives(self) -> bool {
        started(self.pid()).is_some_and(|start| start & (u64::MAX >> PID_BITS) == self.0 >> PID_BITS)
    }

    /// What the process calls itself; empty once it is gone.
    pub fn program(self) -> String {
        let name = fs::read_to_string(format!("/proc/{}/comm", self.pid())).unwrap_or_default();
        if self.lives() { name.trim().to_owned() } else { String::new() }
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid())
    }
}

/// When a process was started, in clock ticks; none if there is none, or only the remains of a dead one.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in parentheses and may itself hold some; state is the 3rd field, start the 22nd.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

/// An end of a pipe that one process at a time may hold.
#[derive(Default)]
#[repr(transparent)]
pub struct Slot(AtomicU64);

impl Slot {
    /// Takes the slot for this process if it is free, or its holder is dead; else says who holds it.
    pub fn claim(&self) -> Result<(), Holder> {
        let mut now = self.0.load(Acquire);
        loop {
            if now != 0 && Holder(now).lives() {
                return Err(Holder(now));
            }
            match self.0.compare_exchange(now, Holder::me().0, AcqRel, Acquire) {
                Ok(_) => return Ok(()),
                Err(other) => now = other,
            }
        }
    }

    pub fn release(&self) {
        self.0.store(0, Release);
    }

    pub fn holder(&self) -> Option<Holder> {
        Some(self.0.load(Acquire)).filter(|held| *held != 0).map(Holder)
    }

    /// The holder, if it is alive.
    pub fn alive(&self) -> Option<Holder> {
        self.holder().filter(|holder| holder.lives())
    }

    /// Frees the slot if its holder is dead; true if so.
    pub fn free_if_dead(&self) -> bool {
        let Some(holder) = self.holder().filter(|holder| !holder.lives()) else { return false };
        self.0.compare_exchange(holder.0, 0, AcqRel, Acquire).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_slot_is_held_until_it_is_released() {
        let slot = Slot::default();
        slot.claim().unwrap();
        assert_eq!(slot.claim(), Err(Holder::me()));
        assert!(!slot.free_if_dead() && slot.alive() == Some(Holder::me()));
        slot.release();
        assert_eq!(slot.holder(), None);
    }

    #[test]
    fn the_dead_hold_nothing_even_before_they_are_buried() {
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
        let holder = Holder::of(child.id());
        assert!(holder.lives() && holder.program() == "sleep");
        // Another process with the same number would have been started at another time.
        assert!(!Holder(holder.0 ^ 1 << PID_BITS).lives());
        child.kill().unwrap();
        let slot = Slot(AtomicU64::new(holder.0));
        // The signal needs a moment; without a wait the child stays a zombie.
        while holder.lives() {
            std::thread::yield_now();
        }
        slot.claim().unwrap();
        child.wait().unwrap();
    }
}
