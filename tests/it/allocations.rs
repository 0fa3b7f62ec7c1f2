//! Counts what the threads of sound devices allocate, where a test asks for it: they should allocate nothing.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

#[global_allocator]
static COUNTING: Counting = Counting;

static WATCHING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static OURS: AtomicU64 = AtomicU64::new(0);

struct Counting;

/// From now on, in this process.
#[cfg_attr(not(feature = "audio"), allow(dead_code))]
pub fn watch() {
    WATCHING.store(true, Relaxed);
}

/// Allocations and releases on threads of sound devices since then.
#[cfg_attr(not(feature = "audio"), allow(dead_code))]
pub fn count() -> u64 {
    COUNT.load(Relaxed)
}

/// Those of them within our own callbacks, on whatever thread.
#[cfg_attr(not(feature = "audio"), allow(dead_code))]
pub fn ours() -> u64 {
    OURS.load(Relaxed)
}

fn note() {
    if !WATCHING.load(Relaxed) {
        return;
    }
    if is_device() {
        COUNT.fetch_add(1, Relaxed);
    }
    if xnai::audio::live::in_callback() {
        OURS.fetch_add(1, Relaxed);
    }
}

/// cpal's threads are named after the sound system and the direction; ours that the test names so as well.
fn is_device() -> bool {
    let mut name = [0u8; 16];
    // SAFETY: PR_GET_NAME writes at most 16 bytes to the address given, which has room for them.
    let told = unsafe { nix::libc::prctl(nix::libc::PR_GET_NAME, name.as_mut_ptr()) };
    told == 0 && name.starts_with(b"cpal_")
}

// SAFETY: every call is handed on to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: as the caller promised to us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note();
        // SAFETY: as the caller promised to us; the pointer came from the same allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: as the caller promised to us.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: as the caller promised to us; the pointer came from the same allocator.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[test]
fn allocations_are_counted_on_threads_of_that_name_and_on_no_other() {
    let before = count();
    watch();
    let work = || drop(std::hint::black_box(vec![1u8; 100]));
    work();
    std::thread::Builder::new().name("cpal_test".into()).spawn(work).unwrap().join().unwrap();
    assert!(count() > before);
    let before = count();
    std::thread::Builder::new().name("other".into()).spawn(work).unwrap().join().unwrap();
    assert_eq!(count(), before);
}
