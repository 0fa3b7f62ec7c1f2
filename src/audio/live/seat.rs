//! Where the mouth sits while a device calls it: who keeps the device can take it away again, even from one that hangs.

use std::{
    ptr,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicPtr,
            Ordering::{AcqRel, Acquire, Release},
        },
    },
};

use super::mouth::Mouth;

/// Room for one mouth. During a call of the device the mouth is not in it; afterwards it is again.
pub struct Seat {
    /// Null, or out of `Box::into_raw`, and then owned by the seat.
    mouth: AtomicPtr<Mouth>,
    /// The device is given up: its calls leave the mouth where it is.
    given_up: AtomicBool,
}

// Whoever owns the pointer may be on any thread, and the compiler does not ask: a mouth must be one that may move.
const _: () = {
    const fn may_move<T: Send>() {}
    may_move::<Mouth>();
};

impl Seat {
    /// Puts a mouth there for the device's next call.
    pub fn put(&self, mouth: Box<Mouth>) {
        let before = self.mouth.swap(Box::into_raw(mouth), AcqRel);
        drop(owned(before));
    }

    /// Nobody is called any more.
    pub fn give_up(&self) {
        self.given_up.store(true, Release);
    }

    /// Takes the mouth away; nothing while a call of the device is going on.
    pub fn take(&self) -> Option<Box<Mouth>> {
        owned(self.mouth.swap(ptr::null_mut(), AcqRel))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        drop(self.take());
    }
}

fn owned(mouth: *mut Mouth) -> Option<Box<Mouth>> {
    // SAFETY: only `Seat::put` writes anything but null, and what it writes comes from `Box::into_raw`; every pointer
    // comes here by a swap, which nobody else gets the same pointer from. So it is owned here, once.
    (!mouth.is_null()).then(|| unsafe { Box::from_raw(mouth) })
}

/// The end of a seat that the device calls; without a mouth it is silent.
pub struct Caller(Arc<Seat>);

impl Caller {
    /// What the device calls, and the seat for the mouth.
    pub fn new() -> (Self, Arc<Seat>) {
        let seat = Arc::new(Seat { mouth: AtomicPtr::new(ptr::null_mut()), given_up: AtomicBool::new(false) });
        (Self(seat.clone()), seat)
    }

    /// What this device says of its time is nobody's concern any more.
    pub fn is_given_up(&self) -> bool {
        self.0.given_up.load(Acquire)
    }

    /// Allocates, locks, logs and waits never.
    pub fn fill<T: Copy>(&mut self, out: &mut [T], form: impl Fn(f32) -> T) {
        let there = if self.is_given_up() { None } else { self.0.take() };
        match there {
            Some(mut mouth) => {
                mouth.fill(out, form);
                // Back where it was: nobody puts another there meanwhile, so nothing is dropped.
                self.0.put(mouth);
            }
            None => out.fill(form(0.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::live::ring;

    #[test]
    fn a_mouth_is_called_until_it_is_taken_away_or_the_device_is_given_up() {
        let (mut to, mouth, _shared) = ring(1000, 1.0);
        to.push_entire_slice(&[0.5; 10]).unwrap();
        let (mut caller, seat) = Caller::new();
        let mut call = || {
            let mut out = [9.0f32; 2];
            caller.fill(&mut out, |s| s);
            out
        };
        assert_eq!(call(), [0.0; 2], "nobody is there");
        seat.put(Box::new(mouth.for_device(1, 1000)));
        assert_eq!(call(), [0.5; 2]);
        let mouth = seat.take().unwrap();
        assert_eq!((call(), seat.take().is_some()), ([0.0; 2], false));
        seat.put(mouth);
        assert_eq!(call(), [0.5; 2]);
        seat.give_up();
        assert_eq!((call(), seat.take().is_some()), ([0.0; 2], true), "it can still be taken");
    }

    #[test]
    fn it_is_never_lost_between_a_device_that_calls_and_a_keeper_that_takes() {
        let (mut caller, seat) = Caller::new();
        let (_to, mouth, _shared) = ring(1000, 1.0);
        seat.put(Box::new(mouth.for_device(1, 1000)));
        std::thread::scope(|scope| {
            scope.spawn(|| (0..20_000).for_each(|_| caller.fill(&mut [0.0f32; 4], |s| s)));
            let mut taken = 0;
            while taken < 1000 {
                // Between two calls it is there.
                if let Some(mouth) = seat.take() {
                    taken += 1;
                    seat.put(mouth);
                }
            }
        });
        assert!(seat.take().is_some());
    }
}
