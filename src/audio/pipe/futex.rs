//! Sleeping on a word of shared memory, and waking whoever sleeps on it, in this process or in another.

use std::{ptr, sync::atomic::AtomicU32, time::Duration};

use nix::libc;

/// Sleeps unless `word` is no longer `seen`; ends when woken, after `longest`, or for no reason.
pub fn sleep(word: &AtomicU32, seen: u32, longest: Duration) {
    let timeout = libc::timespec {
        tv_sec: longest.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        // Below 10⁹, which every C long holds.
        tv_nsec: longest.subsec_nanos() as libc::c_long,
    };
    // SAFETY: the kernel reads one aligned u32 behind `word` and one timespec, both alive through the call, and writes
    // neither. Not FUTEX_PRIVATE_FLAG: the other side may be another process. Every failure means "look again".
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, seen, &raw const timeout) };
}

/// Wakes all who sleep on `word`.
pub fn wake(word: &AtomicU32) {
    // SAFETY: FUTEX_WAKE uses the address as a key and reads nothing.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX, ptr::null::<libc::timespec>()) };
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::Ordering::Relaxed, thread, time::Instant};

    use super::*;

    #[test]
    fn a_word_that_changed_is_not_slept_on_and_a_sleep_ends_by_itself() {
        let (word, long) = (AtomicU32::new(1), Duration::from_secs(600));
        sleep(&word, 0, long);
        let begun = Instant::now();
        sleep(&word, 1, Duration::from_millis(30));
        assert!(begun.elapsed() >= Duration::from_millis(25), "it did not sleep at all");
    }

    #[test]
    fn a_sleeper_is_woken() {
        let word = AtomicU32::new(0);
        thread::scope(|scope| {
            let sleeper = scope.spawn(|| {
                while word.load(Relaxed) == 0 {
                    sleep(&word, 0, Duration::from_secs(600))
                }
            });
            word.store(1, Relaxed);
            wake(&word);
            sleeper.join().unwrap();
        });
    }
}
