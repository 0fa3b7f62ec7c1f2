//! llama.cpp's process-wide state: started once, and its log led into ours.

use std::{
    cell::RefCell,
    ffi::{CStr, c_char, c_void},
    ptr,
    sync::OnceLock,
};

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;

use crate::error::{Error, Result, Room};

thread_local! {
    /// llama.cpp reports a failure as a null pointer and the reason as a log line, both on the calling thread.
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The one backend of this process; it lives until the process ends.
pub fn get() -> Result<&'static LlamaBackend> {
    static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();
    let start = || {
        // SAFETY: `log` has the signature that llama.cpp asks for, is `'static`, and uses no user data.
        unsafe { sys::llama_log_set(Some(log), ptr::null_mut()) };
        LlamaBackend::init().ok()
    };
    BACKEND.get_or_init(start).as_ref().ok_or_else(|| Error::report(Room::Llm, "llama.cpp was started twice in this process"))
}

/// The instruction sets that ggml was compiled to use, by its own names: "AVX2", "FMA", "AVX512_VNNI".
pub fn instructions() -> &'static [String] {
    static FOUND: OnceLock<Vec<String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        // SAFETY: returns a NUL-terminated text in a buffer of its own that only another call would change; this is the
        // only one, and the text is copied before it ends.
        let text = unsafe { CStr::from_ptr(sys::llama_print_system_info()) }.to_string_lossy();
        let used = |pair: &str| pair.split_once('=').filter(|(_, value)| value.trim() == "1").map(|(name, _)| last_word(name));
        text.split('|').filter_map(used).collect()
    })
}

/// The first pair is preceded by the name of the backend: "CPU : SSE3 = 1".
fn last_word(text: &str) -> String {
    text.split_whitespace().last().unwrap_or_default().to_owned()
}

/// Why the last call on this thread failed, in llama.cpp's words; taking it clears it.
pub fn last_error() -> String {
    LAST_ERROR.take()
}

/// Errors are ours to report, so here they are only kept and logged; the rest is chatter.
unsafe extern "C" fn log(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: llama.cpp passes a NUL-terminated line that is valid during this call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let text = text.trim_end();
    match level {
        sys::GGML_LOG_LEVEL_ERROR => {
            tracing::warn!(target: "llama.cpp", "{text}");
            // `try_with`: a thread that is ending has no storage left. The innermost reason comes first and is kept.
            let _ = LAST_ERROR.try_with(|last| {
                if let Ok(mut last) = last.try_borrow_mut()
                    && last.is_empty()
                {
                    *last = plain(text);
                }
            });
        }
        sys::GGML_LOG_LEVEL_WARN => tracing::debug!(target: "llama.cpp", "{text}"),
        _ => tracing::trace!(target: "llama.cpp", "{text}"),
    }
}

/// "llama_model_load: error loading model: tensor …" without the functions' names.
fn plain(line: &str) -> String {
    let rest = line.split_once(": ").filter(|(function, _)| function.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    rest.map_or(line, |(_, rest)| rest).trim_start_matches("error loading model: ").to_owned()
}
