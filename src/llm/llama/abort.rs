//! Lets a superseded turn stop llama.cpp inside a decode.
//!
//! llama-cpp-2 has no setter for llama.cpp's abort callback, so it is written into the context parameters directly.

use std::{
    ffi::c_void,
    sync::{Arc, Mutex, PoisonError},
};

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_sys_2 as sys;

use crate::turn::Turn;

/// Which turn is being computed; llama.cpp asks it between the operations of a decode.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Option<Turn>>);

impl Watch {
    /// Watches a turn until the guard is dropped.
    pub fn turn(self: &Arc<Self>, turn: &Turn) -> Watching {
        self.set(Some(turn.clone()));
        Watching(self.clone())
    }

    fn set(&self, turn: Option<Turn>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    }

    fn is_stale(&self) -> bool {
        self.0.try_lock().is_ok_and(|turn| turn.as_ref().is_some_and(Turn::is_stale))
    }

    /// Parameters whose context asks this watch.
    ///
    /// # Safety
    ///
    /// The watch must outlive every context made from the parameters.
    pub unsafe fn install(self: &Arc<Self>, mut params: LlamaContextParams) -> LlamaContextParams {
        const {
            assert!(size_of::<LlamaContextParams>() == size_of::<sys::llama_context_params>());
            assert!(align_of::<LlamaContextParams>() == align_of::<sys::llama_context_params>());
        };
        // SAFETY: `LlamaContextParams` has one field, the C struct; the sizes are equal (above), so its offset is 0.
        let raw = unsafe { &mut *std::ptr::from_mut(&mut params).cast::<sys::llama_context_params>() };
        raw.abort_callback = Some(asked);
        raw.abort_callback_data = Arc::as_ptr(self).cast_mut().cast();
        params
    }
}

/// Ends the watch when dropped.
pub struct Watching(Arc<Watch>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

unsafe extern "C" fn asked(watch: *mut c_void) -> bool {
    // SAFETY: `install` put a `Watch` there that outlives the context; it is only shared, never moved.
    unsafe { &*watch.cast::<Watch>() }.is_stale()
}
