//! Two engines, each with a ggml of its own, in one program: neither may notice the other.

use std::{num::NonZeroU32, path::Path, process::Command, thread};

use llama_cpp_2::{
    context::params::LlamaContextParams,
    llama_backend::LlamaBackend,
    llama_batch::LlamaBatch,
    model::{LlamaModel, params::LlamaModelParams},
    sampling::LlamaSampler,
};
use xnai::{
    parcel::Utterance,
    stt::{Settings, Stt},
    turn::Session,
};

use crate::stt::{nano, open, samples, shared_models, spoken};

/// Lines of `nm` for one symbol: address, type, name.
fn definitions(program: &Path, symbol: &str) -> Option<Vec<(u64, char)>> {
    let Ok(listing) = Command::new("nm").arg("--defined-only").arg(program).output() else {
        assert!(std::env::var_os("CI").is_none(), "nm is needed");
        println!("skipped: nm is not installed");
        return None;
    };
    assert!(listing.status.success(), "nm: {}", String::from_utf8_lossy(&listing.stderr));
    let text = String::from_utf8(listing.stdout).unwrap();
    let parse = |line: &str| {
        let mut parts = line.split(' ');
        let (address, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
        (name == symbol).then(|| (u64::from_str_radix(address, 16).unwrap(), kind.chars().next().unwrap()))
    };
    Some(text.lines().filter_map(parse).collect())
}

#[test]
fn print_symbols() {
    for name in ["ggml_init", "ggml_graph_compute", "ggml_backend_sched_new", "whisper_full_with_state", "llama_decode", "ggml_log_set"] {
        println!("{name} {:?}", definitions(&std::env::current_exe().unwrap(), name));
    }
    let _ = (nano, open, samples, shared_models, spoken);
}
