//! What whisper.cpp says into our log, and the last of its complaints into our errors.

use std::{
    cell::RefCell,
    ffi::{CStr, c_char, c_uint, c_void},
    sync::Once,
};

use whisper_rs::WhisperLogCallback;

unsafe extern "C" {
    /// whisper.cpp's own setter; it hands the callback on to the ggml inside it, and to no other.
    fn whisper_log_set(callback: WhisperLogCallback, user_data: *mut c_void);
}

thread_local! {
    /// What whisper.cpp complained about last on this thread: the reason behind an error code.
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps whisper.cpp off the terminal. Any number of times.
pub fn to_tracing() {
    static ONCE: Once = Once::new();
    // SAFETY: the callback is a plain function that reads a C string and needs no user data.
    ONCE.call_once(|| unsafe { whisper_log_set(Some(log), std::ptr::null_mut()) });
}

/// The reason behind an error code of this thread's last call; taking it clears it.
pub fn last_error() -> String {
    LAST_ERROR.take()
}

unsafe extern "C" fn log(level: c_uint, text: *const c_char, _: *mut c_void) {
    const WARN: c_uint = 3;
    const ERROR: c_uint = 4;
    if text.is_null() {
        return;
    }
    // SAFETY: not null, and whisper.cpp passes strings that end in zero.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let text = text.trim();
    match level {
        ERROR => {
            // Also said of a run that was cancelled: `run` decides whether it matters.
            tracing::debug!(target: "whisper", "{text}");
            LAST_ERROR.set(text.split_once(": ").map_or(text, |(_, what)| what).to_owned());
        }
        WARN => tracing::debug!(target: "whisper", "{text}"),
        _ => tracing::trace!(target: "whisper", "{text}"),
    }
}
