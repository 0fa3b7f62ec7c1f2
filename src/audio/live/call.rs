//! Marks the time that a device's thread spends in our own callbacks, so that whoever counts allocations knows whose they
//! are: the libraries around them allocate for every error that they report.

use std::cell::Cell;

thread_local! {
    /// Set up when the program is built and never torn down: safe to look at from inside an allocator.
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// For as long as it lives, this thread is in a callback of ours.
pub struct Call(());

impl Call {
    pub fn begin() -> Self {
        OURS.set(true);
        Self(())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        OURS.set(false);
    }
}

/// Whether this thread is in a callback of ours now. Allocates, locks and waits never.
pub fn in_callback() -> bool {
    OURS.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happens_within_a_call_is_ours() {
        assert!(!in_callback());
        let call = Call::begin();
        assert!(in_callback() && !std::thread::spawn(in_callback).join().unwrap(), "each thread by itself");
        drop(call);
        assert!(!in_callback());
    }
}
