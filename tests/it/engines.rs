//! Two engines, each with a ggml of its own, in one program: neither may notice the other.

use std::{collections::HashSet, path::Path, process::Command, thread};

use xnai::{
    llm::{self, Cores, Llm},
    parcel::{ModelFile, Prompt, Sampling, Utterance},
    stt::Settings,
    turn::Session,
};

use crate::{
    stt::{model, nano, open, samples, spoken},
    support::{shared_models, skipped},
};

/// What `nm` lists of a program: address, type (`t` a local function, `T` a global one) and name.
fn symbols(program: &Path, options: &[&str]) -> Option<Vec<(u64, char, String)>> {
    let Ok(listing) = Command::new("nm").arg("--defined-only").args(options).arg(program).output() else {
        skipped("nm is not installed");
        return None;
    };
    assert!(listing.status.success(), "nm: {}", String::from_utf8_lossy(&listing.stderr));
    let parse = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let address = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some((address, parts.next()?.chars().next()?, parts.next()?.to_owned()))
    };
    Some(String::from_utf8_lossy(&listing.stdout).lines().filter_map(parse).collect())
}

/// What goes wrong without the hook in `cmake/`: one of the two definitions wins, and the other engine runs on structures
/// of another layout. So there must be one definition per engine, at addresses of their own. Whisper's is local and can
/// be bound by nothing else; llama.cpp's is the only global one (a linker may make it local too), and neither is
/// exported, so that no library that is loaded at run time binds to it.
fn check(program: &Path) {
    let Some(all) = symbols(program, &[]) else { return };
    let exported = symbols(program, &["-D"]).unwrap_or_default();
    let has = |name: &str| all.iter().any(|(_, _, n)| n == name);
    let engines = [has("whisper_full_with_state"), has("llama_decode")];
    for symbol in ["ggml_init", "ggml_graph_plan", "ggml_backend_sched_new"] {
        let found: Vec<_> = all.iter().filter(|(_, _, name)| name == symbol).collect();
        let places: HashSet<u64> = found.iter().map(|(address, ..)| *address).collect();
        let global = found.iter().filter(|(_, kind, _)| *kind != 't').count();
        let wanted = engines.iter().filter(|e| **e).count();
        assert_eq!((found.len(), places.len()), (wanted, wanted), "{symbol} in {}: {found:?}", program.display());
        assert!(global <= usize::from(engines[1]), "{symbol} in {}: {found:?}", program.display());
        assert!(exported.iter().all(|(_, _, name)| name != symbol), "{} exports {symbol}", program.display());
    }
}

#[test]
fn each_engine_has_a_ggml_of_its_own() {
    let this = std::env::current_exe().unwrap();
    let Some(all) = symbols(&this, &[]) else { return };
    for name in ["whisper_full_with_state", "llama_decode"] {
        assert!(all.iter().any(|(_, _, n)| n == name), "this test has to be linked with both engines");
    }
    check(&this);
    check(Path::new(env!("CARGO_BIN_EXE_xnai")));
}

fn story(writer: &mut dyn Llm) -> String {
    let sampling = Sampling { temperature: 0.0, max_tokens: 40, force_length: true, ..Sampling::default() };
    let prompt = Prompt { question: "Once upon a time, there was a little girl named Lily.".into(), sampling, ..Prompt::default() };
    let mut text = String::new();
    let finish = writer.write(&prompt, &Session::new().turn(), &mut |piece| {
        text += &piece.text;
        Ok(())
    });
    assert_eq!(finish.unwrap().generated, 40);
    text
}

fn writer(model: &ModelFile) -> Box<dyn Llm> {
    let settings = llm::Settings { backend: llm::Backend::Llama, ..llm::Settings::default() };
    llm::open(&settings, Some(model), &Cores::default()).unwrap()
}

#[test]
fn alternating_and_side_by_side_they_say_what_they_say_alone() {
    let (Some(folder), Some(nano), Some(speech)) = (shared_models(), nano(), spoken("How long is the refund window?")) else { return };
    let person = Utterance::new(samples(&folder.join("speech/jfk.wav")));
    let stories = model(folder.join("llm/stories260K.gguf"));
    let mut ear = open(&Settings::default(), &nano);
    let mut hear = || [&speech, &person].map(|u| ear.transcribe(u, &Session::new().turn()).unwrap());
    let mut pen = writer(&stories);

    let heard_alone = hear();
    let written_alone = story(&mut *pen);
    assert!(heard_alone[0].text.contains("refund window"), "{heard_alone:?}");
    assert!(written_alone.split_whitespace().count() > 10, "{written_alone}");
    for _ in 0..3 {
        assert_eq!(hear(), heard_alone);
        assert_eq!(story(&mut *pen), written_alone);
    }
    thread::scope(|scope| {
        let writing = || scope.spawn(|| story(&mut *writer(&stories)) == written_alone && story(&mut *writer(&stories)) == written_alone);
        let pens = [writing(), writing()];
        for _ in 0..3 {
            assert_eq!(hear(), heard_alone);
        }
        assert!(pens.into_iter().all(|pen| pen.join().unwrap()));
    });
}
