//! The ear on real sound: the small model, spoken questions, noise, and files that are no models.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use xnai::{
    error::Kind,
    models::{self, registry::Role},
    parcel::{EAR_RATE, ModelFile, Transcript, Utterance},
    stt::{self, Settings, Stt},
    turn::{Session, Turn},
};

use crate::support::{shared_models, skipped};

pub fn model(path: PathBuf) -> ModelFile {
    ModelFile { id: "under test".into(), path, sha256: String::new() }
}

pub fn nano() -> Option<ModelFile> {
    let file = "nano/ggml-nano.en-q8_0.bin";
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(file);
    if ours.is_file() { Some(model(ours)) } else { Some(model(shared_models()?.join(file))) }
}

pub fn open(settings: &Settings, model: &ModelFile) -> Box<dyn Stt> {
    // One thread: two that wait for each other in a spin crawl when other tests want the cores.
    stt::open(settings, Some(model), 1).unwrap()
}

fn turn() -> Turn {
    Session::new().turn()
}

/// The words of a line as an utterance, spoken by espeak-ng, 16 kHz.
pub fn spoken(line: &str) -> Option<Utterance> {
    let folder = TempDir::new().unwrap();
    let (wide, narrow) = (folder.path().join("wide.wav"), folder.path().join("narrow.wav"));
    let said = Command::new("espeak-ng").args(["-v", "en-us", "-w"]).arg(&wide).arg(line).status();
    let made = said.and_then(|_| Command::new("sox").arg(&wide).args(["-r", "16000", "-c", "1", "-b", "16"]).arg(&narrow).status());
    match made {
        Ok(status) if status.success() => Some(Utterance::new(samples(&narrow))),
        _ => {
            skipped("espeak-ng and sox are needed to speak test sentences");
            None
        }
    }
}

pub fn samples(wav: &Path) -> Vec<f32> {
    let mut reader = hound::WavReader::open(wav).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels, reader.spec().bits_per_sample), (EAR_RATE, 1, 16));
    reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32768.0).collect()
}

/// Noise that is the same every time, from a linear congruential generator.
fn hiss(seconds: usize, level: f32) -> Utterance {
    let mut state = 7_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state as f32 / u32::MAX as f32 * 2.0 - 1.0) * level
    });
    Utterance::new(noise.take(seconds * EAR_RATE as usize).collect::<Vec<_>>())
}

fn words(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
    kept.to_lowercase()
}

#[test]
fn it_hears_the_demo_questions_spoken_by_a_machine() {
    let Some(nano) = nano() else { return };
    let mut ear = open(&Settings::default(), &nano);
    for line in ["How long is the refund window?", "How far away is the moon?", "How often should I oil the chain?"] {
        let Some(speech) = spoken(line) else { return };
        let heard = ear.transcribe(&speech, &turn()).unwrap();
        assert_eq!(words(&heard.text), words(line));
        assert_eq!(heard.language, "en");
        assert!(heard.confidence > 0.8, "{heard:?}");
        assert!(heard.no_speech < 0.3, "{heard:?}");
        let end = speech.duration().as_millis() as u64;
        assert!(heard.segments.iter().all(|s| s.start_ms < s.end_ms && s.end_ms <= end), "{heard:?}");
        assert_eq!(heard.segments.len(), 1);
        assert_eq!(ear.transcribe(&speech, &turn()).unwrap(), heard, "the state carries nothing over");
        assert_eq!(ear.partial(&speech, &turn()).unwrap().text, heard.text);
    }
}

#[test]
fn silence_and_noise_are_heard_as_nothing() {
    let Some(nano) = nano() else { return };
    let mut ear = open(&Settings::default(), &nano);
    let hum = (0..48_000).map(|i| (i as f32 * 0.0196).sin() * 0.2).collect::<Vec<_>>();
    let nothing = [Utterance::new(vec![0.0; 48_000]), hiss(2, 0.0002), hiss(3, 0.02), hiss(3, 0.3), Utterance::new(hum)];
    for sound in nothing {
        let heard = ear.transcribe(&sound, &turn()).unwrap();
        assert_eq!(heard.text, "");
        assert!(heard.segments.is_empty());
        assert_eq!(heard.language, "en");
    }
}

#[test]
fn the_shortest_sounds_do_no_harm() {
    let Some(nano) = nano() else { return };
    let mut ear = open(&Settings::default(), &nano);
    for length in [0, 1, 10, 200, 201, 1600] {
        let click = Utterance::new(vec![0.5; length]);
        assert_eq!(ear.transcribe(&click, &turn()).unwrap().text, "", "{length} samples");
    }
    let bad = Utterance::new([f32::NAN, f32::INFINITY, f32::NEG_INFINITY].repeat(3000));
    assert_eq!(ear.transcribe(&bad, &turn()).unwrap().text, "");
}

#[test]
fn more_than_a_window_is_heard_in_pieces() {
    let Some(nano) = nano() else { return };
    let (Some(first), Some(second)) = (spoken("How old is the moon?"), spoken("Who takes the notes?")) else { return };
    let mut samples = first.samples.to_vec();
    samples.resize(33 * EAR_RATE as usize, 0.0);
    samples.extend_from_slice(&second.samples);
    let heard = open(&Settings::default(), &nano).transcribe(&Utterance::new(samples), &turn()).unwrap();
    assert_eq!(words(&heard.text), "how old is the moon who takes the notes");
    let last = heard.segments.last().unwrap();
    assert!(last.start_ms >= 25_000 && last.end_ms > 33_000, "{heard:?}");
}

#[test]
fn a_superseded_turn_stops_at_once_and_the_next_is_right() {
    let Some(nano) = nano() else { return };
    let Some(speech) = spoken("What is the refund policy?") else { return };
    let mut ear = open(&Settings::default(), &nano);
    let over = turn();
    over.cancel();
    assert!(ear.transcribe(&speech, &over).unwrap_err().is_stale());

    // Ten minutes take the small model far longer than the 50 ms after which they are cancelled.
    let long = Utterance::new(speech.samples.iter().copied().cycle().take(600 * EAR_RATE as usize).collect::<Vec<_>>());
    let over = turn();
    let outcome = std::thread::scope(|scope| {
        let running = scope.spawn(|| ear.transcribe(&long, &over));
        std::thread::sleep(Duration::from_millis(50));
        over.cancel();
        running.join().unwrap()
    });
    assert!(outcome.unwrap_err().is_stale());
    assert_eq!(words(&ear.transcribe(&speech, &turn()).unwrap().text), "what is the refund policy");
}

#[test]
fn prompt_words_and_language_are_taken() {
    let Some(nano) = nano() else { return };
    let Some(speech) = spoken("How far away is the moon?") else { return };
    let german = Settings { language: "de".into(), ..Settings::default() };
    let heard = open(&german, &nano).transcribe(&speech, &turn()).unwrap();
    assert_eq!((words(&heard.text).as_str(), heard.language.as_str()), ("how far away is the moon", "en"));
    let unknown = Settings { language: "tlh".into(), ..Settings::default() };
    let error = stt::open(&unknown, Some(&nano), 1).err().unwrap();
    assert_eq!(error.kind(), Kind::Reword);
    let long = Settings { initial_prompt: "Ä \u{1F319} ".repeat(700), words: vec!["xnai".into(), " ".into()], ..Settings::default() };
    open(&long, &nano).transcribe(&speech, &turn()).unwrap();
}

#[test]
fn forced_tokens_are_written_whatever_the_model_says() {
    let Some(nano) = nano() else { return };
    let settings = Settings { force_tokens: 40, ..Settings::default() };
    let silence = Utterance::new(vec![0.0; 32_000]);
    let heard = open(&settings, &nano).transcribe(&silence, &turn()).unwrap();
    assert!(heard.text.split_whitespace().count() > 10, "{heard:?}");
}

#[test]
fn what_is_no_model_is_refused_in_a_sentence() {
    let Some(nano) = nano() else { return };
    let folder = TempDir::new().unwrap();
    let whole = fs::read(&nano.path).unwrap();
    let noise = hiss(4, 1.0).samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut files = vec![("empty.bin", Vec::new()), ("random.bin", noise)];
    for (name, length) in [("a", 3), ("b", 40), ("c", 1000), ("d", 70_000), ("e", 600_000), ("f", whole.len() / 2)] {
        files.push((name, whole[..length].to_vec()));
    }
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        refused(&path);
    }
    if let Some(shared) = shared_models() {
        refused(&shared.join("whisper/for-tests-ggml-tiny.en.bin"));
    }
    refused(folder.path());
    refused(&folder.path().join("missing.bin"));
    assert_eq!(stt::open(&Settings::default(), None, 1).err().unwrap().kind(), Kind::Fetch);
}

fn refused(path: &Path) {
    let error =
        stt::open(&Settings::default(), Some(&model(path.into())), 1).err().unwrap_or_else(|| panic!("{} was taken", path.display()));
    assert_eq!(error.kind(), Kind::Fetch, "{error}");
    assert!(error.message().contains(path.to_str().unwrap()) && error.remedy().is_some(), "{error}");
}

/// Both doors, as in life: `models` walks the file, then the engine looks at its header.
fn admitted(path: &Path) -> bool {
    models::inspect(path, Role::Stt).is_ok() && stt::open(&Settings::default(), Some(&model(path.into())), 1).is_ok()
}

/// Numbers of the header, the vocabulary and the first tensor, made absurd in turn: refused, never the end of the process.
#[test]
fn a_model_with_one_wrong_number_is_refused() {
    let Some(nano) = nano() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("odd.bin");
    let whole = fs::read(&nano.path).unwrap();
    assert!(admitted(&nano.path));
    let first_tensor = tensors_at(&whole);
    let places = (0..14).map(|i| i * 4).chain([WORDS_AT]).chain((0..5).map(|i| first_tensor + i * 4));
    for place in places {
        for value in [0_u32, 7, 1 << 20, 1 << 31, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
            fs::write(&path, bytes).unwrap();
            let harmless = number(&whole, place) == value as usize || (place, value) == (44, 7);
            assert!(!admitted(&path) || harmless, "{value} at {place}");
        }
    }
    for changed in [&whole[..whole.len() - 1], &[&whole[..], b"more"].concat()] {
        fs::write(&path, changed).unwrap();
        assert!(!admitted(&path));
    }
}

/// Where the number of words is: behind the header and the mel filters.
const WORDS_AT: usize = 56 + 80 * 201 * 4;

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Where the vocabulary ends and the tensors begin.
fn tensors_at(bytes: &[u8]) -> usize {
    (0..number(bytes, WORDS_AT)).fold(WORDS_AT + 4, |at, _| at + 4 + number(bytes, at))
}

#[test]
fn people_are_beyond_the_small_model_and_it_says_so() {
    let Some(nano) = nano() else { return };
    assert!(stt::note(&nano).is_some());
    let Some(folder) = shared_models() else { return };
    let mut ear = open(&Settings::default(), &nano);
    let mut answers: Vec<Transcript> = Vec::new();
    for name in ["jfk", "001", "002", "living_room_light_en"] {
        let wav = folder.join("speech").join(name).with_extension("wav");
        answers.push(ear.transcribe(&Utterance::new(samples(&wav)), &turn()).unwrap());
    }
    assert!(answers.iter().all(|a| a.confidence < 0.8), "{answers:?}");
}
