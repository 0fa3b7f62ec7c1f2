//! Keeps ALSA's own complaints off the terminal: what matters of them comes back as an error anyway.

/// Once is enough; more often does no harm.
#[cfg(target_os = "linux")]
pub(super) fn alsa() {
    use std::ffi::{c_char, c_int};

    type Handler = extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char);

    unsafe extern "C" {
        fn snd_lib_error_set_handler(handler: Option<Handler>) -> c_int;
    }

    extern "C" fn nothing(_file: *const c_char, _line: c_int, _function: *const c_char, _code: c_int, _format: *const c_char) {}

    // SAFETY: libasound is linked by cpal and has had this function, with this signature, since 1.0. It calls the handler
    // with the five arguments named here and a format's further ones, which on Linux's calling conventions a function
    // that does not look at them may be handed. The handler is static and touches nothing, on any thread.
    unsafe { snd_lib_error_set_handler(Some(nothing)) };
}

#[cfg(not(target_os = "linux"))]
pub(super) fn alsa() {}
