//! llama.cpp on a model of 260,000 parameters that tells stories.

use std::{fs, os::unix::ffi::OsStrExt, path::PathBuf, thread};

use xnai::{
    llm::{self, Backend, Cores, Llm, Settings},
    os::{pin, topology},
    parcel::{Exchange, FinishReason, ModelFile, Passage, Passages, Prompt},
};

use super::{ask, turn, write};
use crate::support::shared_models;

const START: &str = "Once upon a time, there was a little girl named Lily.";

fn settings() -> Settings {
    Settings { backend: Backend::Llama, ubatch: 32, ..Settings::default() }
}

fn file(path: PathBuf) -> ModelFile {
    ModelFile { id: "test".into(), path, sha256: String::new() }
}

/// The shared story model.
fn stories() -> Option<ModelFile> {
    shared_models().map(|folder| file(folder.join("llm/stories260K.gguf")))
}

fn open(settings: &Settings) -> Option<Box<dyn Llm>> {
    stories().map(|model| llm::open(settings, Some(&model), &Cores::default()).unwrap())
}

fn fresh_answer(prompt: &Prompt) -> String {
    write(&mut *open(&settings()).unwrap(), prompt, &turn()).0.concat()
}

#[test]
fn a_story_is_streamed_and_told_the_same_twice() {
    let Some(mut llm) = open(&settings()) else { return };
    let (pieces, finish) = write(&mut *llm, &ask(START, 60), &turn());
    let finish = finish.unwrap();
    assert!(pieces.len() > 10, "{pieces:?}");
    assert!(pieces.concat().contains("She"), "{pieces:?}");
    assert_eq!((finish.generated, finish.reason), (60, FinishReason::Length));
    assert!(finish.prefilled > 10 && finish.kv_bytes > 0, "{finish:?}");
    let foretold = stories().map(|model| llm::gguf::cache::bytes(&settings(), &model.path));
    assert_eq!(foretold, Some(finish.kv_bytes), "the memory budget counts what there will be");
    let (again, finish) = write(&mut *llm, &ask(START, 60), &turn());
    assert_eq!(pieces, again);
    assert_eq!(finish.unwrap().prefilled, 1);
}

#[test]
fn heads_too_small_for_eight_bits_are_kept_in_sixteen_and_that_is_said() {
    let Some(llm) = open(&settings()) else { return };
    assert!(llm.notes().iter().any(|note| note.contains("16 bits")), "{:?}", llm.notes());
}

#[test]
fn an_equal_beginning_is_not_read_again_and_changes_nothing() {
    let Some(mut llm) = open(&settings()) else { return };
    write(&mut *llm, &ask(START, 20), &turn()).1.unwrap();
    let second = ask(&format!("{START} She had a red ball and a big dog."), 40);
    let (pieces, finish) = write(&mut *llm, &second, &turn());
    let finish = finish.unwrap();
    assert!(finish.restored > 10 && finish.prefilled > 0, "{finish:?}");
    assert_eq!(pieces.concat(), fresh_answer(&second));
}

#[test]
fn priming_leaves_only_the_rest_to_be_read() {
    let Some(mut llm) = open(&settings()) else { return };
    llm.prime(&ask(START, 40), &turn()).unwrap();
    let (pieces, finish) = write(&mut *llm, &ask(START, 40), &turn());
    assert_eq!(finish.unwrap().prefilled, 1);
    assert_eq!(pieces.concat(), fresh_answer(&ask(START, 40)));
}

#[test]
fn a_superseded_turn_stops_and_the_next_one_is_right() {
    let Some(mut llm) = open(&settings()) else { return };
    let prompt = ask(START, 40);
    let stale = turn();
    let mut pieces = 0;
    let told = llm.write(&prompt, &stale, &mut |_| {
        pieces += 1;
        if pieces == 5 {
            stale.cancel();
        }
        Ok(())
    });
    assert!(told.unwrap_err().is_stale());
    assert_eq!(pieces, 5);
    assert_eq!(write(&mut *llm, &prompt, &turn()).0.concat(), fresh_answer(&prompt));
}

#[test]
fn a_turn_superseded_while_its_prompt_is_read_stops_too() {
    let Some(mut llm) = open(&settings()) else { return };
    let long = ask(&START.repeat(20), 40);
    // Cancelled at many moments, before, inside and after decodes: every one must leave the next turn right.
    for microseconds in [0, 200, 1_000, 3_000, 8_000, 20_000] {
        let stale = turn();
        let canceller = stale.clone();
        let waiter = thread::spawn(move || {
            thread::sleep(std::time::Duration::from_micros(microseconds));
            canceller.cancel();
        });
        let (_, told) = write(&mut *llm, &long, &stale);
        waiter.join().unwrap();
        assert!(told.is_ok_and(|finish| finish.generated > 0) || stale.is_stale());
        assert_eq!(write(&mut *llm, &ask(START, 30), &turn()).0.concat(), fresh_answer(&ask(START, 30)), "after {microseconds} µs");
    }
}

#[test]
fn a_conversation_longer_than_the_context_still_gets_an_answer() {
    let Some(mut llm) = open(&Settings { context: 256, ..settings() }) else { return };
    let mut prompt = ask(&"tell me about the dog and the ball ".repeat(200), 64);
    prompt.history = (0..50).map(|i| Exchange { question: format!("Question {i}?"), answer: START.into() }).collect();
    let passage = Passage { title: "Dogs".into(), text: START.repeat(10), ..Passage::default() };
    prompt.passages = Passages { list: vec![passage; 5], found: true, notes: Vec::new() };
    for _ in 0..2 {
        let finish = write(&mut *llm, &prompt, &turn()).1.unwrap();
        assert!(finish.prefilled + finish.restored + finish.generated <= 256, "{finish:?}");
        assert!(finish.generated > 0);
    }
    prompt.system = "Be kind. ".repeat(300);
    let told = write(&mut *llm, &prompt, &turn()).1.unwrap_err().to_string();
    assert!(told.contains("llm.system"), "{told}");
}

#[test]
fn an_answer_ends_with_the_context() {
    let Some(mut llm) = open(&Settings { context: 256, ..settings() }) else { return };
    let mut prompt = ask(START, 100_000);
    prompt.sampling.force_length = true;
    let finish = write(&mut *llm, &prompt, &turn()).1.unwrap();
    assert_eq!(finish.prefilled + finish.generated, 256);
    assert_eq!(finish.reason, FinishReason::Length);
}

#[test]
fn a_stop_string_ends_the_answer_unseen() {
    let Some(mut llm) = open(&settings()) else { return };
    let whole = fresh_answer(&ask(START, 60));
    let stop: String = whole.chars().skip(20).take(7).collect();
    let mut prompt = ask(START, 60);
    prompt.sampling.stop = vec![stop.clone()];
    let (pieces, finish) = write(&mut *llm, &prompt, &turn());
    assert_eq!(pieces.concat(), whole.split(&stop).next().unwrap());
    assert_eq!(finish.unwrap().reason, FinishReason::Stop);
}

#[test]
fn the_same_seed_draws_the_same_story_and_another_seed_another() {
    let Some(_) = stories() else { return };
    // A fresh engine each: a prompt that is read in other steps rounds differently in the last digits.
    let drawn = |seed| {
        let mut prompt = ask(START, 60);
        (prompt.sampling.temperature, prompt.sampling.seed) = (1.2, seed);
        fresh_answer(&prompt)
    };
    let (first, second, other) = (drawn(7), drawn(7), drawn(8));
    assert_eq!(first, second);
    assert_ne!(first, other);
}

#[test]
fn control_tokens_in_a_question_are_only_text() {
    let Some(mut llm) = open(&settings()) else { return };
    let finish = write(&mut *llm, &ask("Hi</s><s>", 1), &turn()).1.unwrap();
    // As tokens, "</s>" and "<s>" would be one each; as text, every one of their characters is.
    assert!(finish.prefilled > 6, "{finish:?}");
}

#[test]
fn the_threads_that_compute_stay_on_the_planned_cpus() {
    let Some(model) = stories() else { return };
    let cpu = topology::this_machine().plan().model[0];
    let before: Vec<i32> = pin::threads().into_iter().map(|t| t.tid).collect();
    let started = thread::spawn(move || {
        let settings = Settings { threads: 2, ..settings() };
        let mut llm = llm::open(&settings, Some(&model), &Cores { cpus: vec![cpu] }).unwrap();
        write(&mut *llm, &ask(START, 5), &turn()).1.unwrap();
        (pin::allowed(), pin::threads())
    });
    let (mine, threads) = started.join().unwrap();
    assert_eq!(mine, [cpu]);
    // The pinned thread and the one worker it started, at least; other tests' threads may come and go unpinned.
    let pinned = threads.iter().filter(|t| !before.contains(&t.tid) && t.cpus == [cpu]).count();
    assert!(pinned >= 2, "{threads:?}");
}

#[test]
fn a_bad_model_is_a_sentence() {
    let Some(good) = stories() else { return };
    let bytes = fs::read(&good.path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let random: Vec<u8> = (0..20_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut garbled = bytes.clone();
    garbled[24..2_000].copy_from_slice(&random[..1_976]);
    let mut bad: Vec<Vec<u8>> = vec![Vec::new(), random.clone(), garbled];
    bad.extend([1, 24, 100, 5_000, bytes.len() / 2, bytes.len() - 1].map(|length| bytes[..length].to_vec()));
    for bytes in bad {
        fs::write(&path, &bytes).unwrap();
        let told = llm::open(&settings(), Some(&file(path.clone())), &Cores::default()).err().map(|e| e.to_string());
        let told = told.unwrap_or_else(|| panic!("{} bytes were taken for a model", bytes.len()));
        assert!(told.contains("m.gguf") && told.contains("llm.model"), "{told}");
    }
    let missing = llm::open(&settings(), None, &Cores::default()).err().unwrap().to_string();
    assert!(missing.contains("models pull"), "{missing}");
}

#[test]
fn a_path_that_is_not_utf8_is_a_path() {
    let Some(good) = stories() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"m\xff.gguf"));
    std::os::unix::fs::symlink(&good.path, &path).unwrap();
    let mut llm = llm::open(&settings(), Some(&file(path)), &Cores::default()).unwrap();
    assert_eq!(write(&mut *llm, &ask(START, 20), &turn()).0.concat(), fresh_answer(&ask(START, 20)));
}

#[test]
fn opening_and_closing_many_times_leaves_no_threads_or_memory_behind() {
    let Some(_) = stories() else { return };
    let resident = || {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    let once = || {
        let mut llm = open(&Settings { threads: 1, context: 512, ..settings() }).unwrap();
        write(&mut *llm, &ask(START, 5), &turn()).1.unwrap();
    };
    (0..3).for_each(|_| once());
    // One context is a megabyte and more: thirty that stayed would show in every round. Other tests load models in the
    // same process meanwhile, so the calmest of three rounds counts.
    let round = || {
        let before = resident();
        (0..30).for_each(|_| once());
        resident().saturating_sub(before) >> 20
    };
    let grown = (0..3).map(|_| round()).min().unwrap();
    assert!(grown < 20, "{grown} MB more after 30 models");
}
