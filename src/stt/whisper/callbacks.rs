//! What whisper.cpp calls back in the midst of a run: is the turn still wanted, and which word may come next?

use std::ffi::{c_int, c_void};

use whisper_rs::{FullParams, WhisperSysContext, WhisperSysState, WhisperTokenData};

use crate::turn::Turn;

/// Holds the decoder to a number of tokens, for made-up weights that would stop at once or never.
pub struct Force {
    pub tokens: c_int,
    /// Words of the model.
    pub vocabulary: usize,
    /// The word that ends a text.
    pub eot: usize,
}

/// Has whisper.cpp ask whether the turn is alive, and hold to the number of tokens where there is one.
///
/// # Safety
///
/// `turn` and `force` must live until the run with these parameters, and with every clone of them, is over.
pub unsafe fn set(params: &mut FullParams<'_, '_>, turn: &Turn, force: Option<&Force>) {
    // SAFETY: `superseded` and `force_length` only read what they are handed: a `Turn`, which is `Sync`, because the
    // engine's threads may ask; and a `Force`. The caller keeps both for long enough.
    unsafe {
        params.set_abort_callback(Some(superseded));
        params.set_abort_callback_user_data(std::ptr::from_ref(turn).cast_mut().cast());
        if let Some(force) = force {
            params.set_filter_logits_callback(Some(force_length));
            params.set_filter_logits_callback_user_data(std::ptr::from_ref(force).cast_mut().cast());
        }
    }
}

unsafe extern "C" fn superseded(turn: *mut c_void) -> bool {
    // SAFETY: `set` hands over its `&Turn`, which outlives every call.
    unsafe { &*turn.cast::<Turn>() }.is_stale()
}

unsafe extern "C" fn force_length(
    _: *mut WhisperSysContext,
    _: *mut WhisperSysState,
    _: *const WhisperTokenData,
    written: c_int,
    logits: *mut f32,
    force: *mut c_void,
) {
    // SAFETY: `set` hands over its `&Force`; whisper.cpp's logits are one per word of the vocabulary.
    let (force, logits) = unsafe {
        let force = &*force.cast::<Force>();
        (force, std::slice::from_raw_parts_mut(logits, force.vocabulary))
    };
    if written < force.tokens {
        logits[force.eot] = f32::NEG_INFINITY;
    } else {
        logits.fill(f32::NEG_INFINITY);
        logits[force.eot] = 0.0;
    }
}
