//! Two engines, each with a ggml of its own, in one program: neither may notice the other.

use std::{num::NonZeroU32, path::Path, process::Command, sync::LazyLock, thread};

use llama_cpp_2::{
    context::params::LlamaContextParams,
    llama_backend::LlamaBackend,
    llama_batch::LlamaBatch,
    model::{LlamaModel, params::LlamaModelParams},
    sampling::LlamaSampler,
};
use xnai::{parcel::Utterance, stt::Settings, turn::Session};

use crate::stt::{nano, open, samples, shared_models, spoken};

/// Addresses and types (`t`: local, `T`: global) under which `nm` lists a function of a program.
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
fn each_engine_has_its_own_ggml() {
    let programs = [std::env::current_exe().unwrap(), env!("CARGO_BIN_EXE_xnai").into()];
    for program in programs {
        for symbol in ["ggml_init", "ggml_graph_plan", "ggml_backend_sched_new", "ggml_log_set"] {
            let Some(found) = definitions(&program, symbol) else { return };
            println!("{} {symbol} {found:?}", program.display());
        }
    }
}

/// Forty tokens of a story, the same every time.
fn story(model: &LlamaModel) -> String {
    let shape = LlamaContextParams::default().with_n_ctx(NonZeroU32::new(256)).with_n_threads(1).with_n_threads_batch(1);
    let mut context = model.new_context(&BACKEND, shape).unwrap();
    let prompt = model.vocab().tokenize(b"Once upon a time, there was a little girl", true, false);
    let mut batch = LlamaBatch::new(64, 1);
    batch.add_sequence(&prompt, 0, false).unwrap();
    context.decode(&mut batch).unwrap();
    let mut greedy = LlamaSampler::greedy();
    let mut written = Vec::new();
    for step in 0..40 {
        let token = greedy.sample(&context, -1);
        written.extend(model.vocab().token_to_piece(token, false, None));
        batch.clear();
        batch.add(token, (prompt.len() + step) as i32, &[0], true).unwrap();
        context.decode(&mut batch).unwrap();
    }
    String::from_utf8(written).unwrap()
}

/// Not by `init`, which may be called once in a process and belongs to the room; starting llama.cpp twice does no harm.
static BACKEND: LazyLock<LlamaBackend> = LazyLock::new(|| {
    // SAFETY: fills tables that are the same every time, under a lock of its own.
    unsafe { llama_cpp_sys_2::llama_backend_init() };
    LlamaBackend {}
});

#[test]
fn alternating_and_side_by_side_they_say_what_they_say_alone() {
    let (Some(folder), Some(nano), Some(speech)) = (shared_models(), nano(), spoken("How long is the refund window?")) else { return };
    let person = Utterance::new(samples(&folder.join("speech/jfk.wav")));
    let model = LlamaModel::load_from_file(&BACKEND, folder.join("llm/stories260K.gguf"), &LlamaModelParams::default()).unwrap();
    let session = Session::new();
    let mut ear = open(&Settings::default(), &nano);
    let mut hear = || [&speech, &person].map(|u| ear.transcribe(u, &session.turn()).unwrap());

    let heard_alone = hear();
    let written_alone = story(&model);
    assert!(heard_alone[0].text.contains("refund window"), "{heard_alone:?}");
    assert!(written_alone.split_whitespace().count() > 10, "{written_alone}");
    for _ in 0..3 {
        assert_eq!(hear(), heard_alone);
        assert_eq!(story(&model), written_alone);
    }
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2).map(|_| scope.spawn(|| [(); 6].map(|()| story(&model)))).collect();
        for _ in 0..6 {
            assert_eq!(hear(), heard_alone);
        }
        for writer in writers {
            assert!(writer.join().unwrap().iter().all(|text| *text == written_alone));
        }
    });
}
