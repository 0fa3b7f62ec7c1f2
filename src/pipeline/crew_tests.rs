//! Tests of who is called: what cannot fit into memory is refused with its parts, before anything is opened.

use std::path::Path;

use super::*;
use crate::{config::Config, error::Kind, os::paths::Paths};

/// A file that says it is a model of 28 layers with 2 heads of 128 values, made for 32768 tokens.
fn gguf(path: &Path) {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let keys = [("block_count", 28u32), ("context_length", 32768), ("embedding_length", 1536), ("attention.head_count", 12)];
    let keys = keys.into_iter().chain([("attention.head_count_kv", 2)]);
    let entries = keys.map(|(name, value)| [text(&format!("x.{name}")), 4u32.to_le_bytes().into(), value.to_le_bytes().into()].concat());
    let head = [&b"GGUF"[..], &3u32.to_le_bytes(), &1u64.to_le_bytes(), &5u64.to_le_bytes()].concat();
    fs::write(path, [head, entries.collect::<Vec<_>>().concat()].concat()).unwrap();
}

#[test]
fn a_context_that_does_not_fit_is_refused_with_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.gguf");
    gguf(&model);
    let path = model.to_str().unwrap().to_owned();
    let paths = Paths::under(folder.path());
    let mut config = Config::default();
    config.models.trust = vec![path.clone()];
    config.llm = llm::Settings { backend: llm::Backend::Llama, model: path, kv: llm::KvType::F16, ..llm::Settings::default() };
    config.memory.budget_mb = 1000;
    let mut context = Context { config, paths };
    let needs = Needs { ear: false, documents: false, listener: Listener::Nobody };
    assert!(Crew::call(&context, &needs).is_ok(), "8192 tokens take 224 MB");
    context.config.llm.context = 32768;
    let error = Crew::call(&context, &needs).err().unwrap();
    assert_eq!(error.kind(), Kind::Shrink);
    assert!(error.message().contains("its KV cache 896 MB"), "{error}");
    assert!(error.message().contains("the language model's buffers"), "{error}");
}

#[test]
fn a_voice_that_espeak_does_not_have_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut context = Context { config: Config::default(), paths: Paths::under(folder.path()) };
    context.config.llm.backend = llm::Backend::Fake;
    context.config.tts.backend = tts::Backend::Espeak;
    let needs = |name: &str| Needs {
        ear: false,
        documents: false,
        listener: Listener::File { path: folder.path().join(name), also_device: false },
    };
    let warned = |context: &Context, name: &str| Crew::call(context, &needs(name)).unwrap().warnings;
    assert_eq!(warned(&context, "a.wav"), Vec::<String>::new());
    context.config.tts.voice = "nosuch".into();
    let told = warned(&context, "b.wav").concat();
    assert!(told.contains("espeak-ng speaks, and has no voice called nosuch"), "{told}");
    if tts::espeak::installed() {
        context.config.tts.voice = "en-gb".into();
        assert_eq!(warned(&context, "c.wav"), Vec::<String>::new(), "it is one of those that speak");
    }
}
