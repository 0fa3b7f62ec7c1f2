//! Voices as a user hears them: espeak-ng the program, and Kokoro's true network with made-up weights.

use xnai::{
    error::Kind,
    parcel::{Sentence, Spoken},
    tts::{self, Backend, Files, Settings, Tts},
    turn::Session,
};

use crate::support::skipped;

/// Rate and samples of a line.
fn hear(voice: &mut dyn Tts, text: &str) -> (u32, Vec<f32>, Spoken) {
    let (mut rate, mut heard) = (0, Vec::new());
    let line = Sentence { text: text.into(), index: 0 };
    let spoken = voice.say(&line, &Session::new().turn(), &mut |pcm| {
        rate = pcm.rate;
        heard.extend_from_slice(&pcm.samples);
        Ok(())
    });
    (rate, heard, spoken.unwrap())
}

fn loudness(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

/// Without the program these tests cannot say anything; in CI it must be there.
fn espeak(settings: &Settings) -> Option<Box<dyn Tts>> {
    if !tts::espeak::installed() {
        skipped("espeak-ng is not installed");
        return None;
    }
    let settings = Settings { backend: Backend::Espeak, ..settings.clone() };
    Some(tts::open(&settings, &Files::default(), 1).unwrap())
}

#[test]
fn espeak_speaks_and_remembers_what_it_said() {
    let Some(mut voice) = espeak(&Settings::default()) else { return };
    let (rate, first, spoken) = hear(&mut *voice, "The kettle is on.");
    assert_eq!((rate, spoken.samples, spoken.cached), (22_050, first.len(), false));
    assert!(first.len() > 11_025 && loudness(&first) > 0.01);
    let (_, second, again) = hear(&mut *voice, "The kettle is on.");
    assert!(again.cached && first == second);
}

#[test]
fn espeak_speaks_faster_when_told() {
    let length = |speed| espeak(&Settings { speed, ..Settings::default() }).map(|mut v| hear(&mut *v, "The kettle is on.").1.len());
    let (Some(slow), Some(fast)) = (length(0.5), length(2.0)) else { return };
    assert!(slow > 2 * fast, "{slow} {fast}");
}

#[test]
fn text_that_crashes_espeak_is_spoken_all_the_same() {
    let Some(mut voice) = espeak(&Settings::default()) else { return };
    for bad in ["a.".repeat(220), ".a ".repeat(150), "-h".into(), "…".into(), "<speak> [[x]]".into()] {
        hear(&mut *voice, &bad);
    }
    assert!(hear(&mut *voice, &"a.".repeat(220)).1.len() > 22_050);
}

#[test]
fn an_unknown_espeak_voice_is_named_with_the_remedy() {
    let Some(mut voice) = espeak(&Settings { espeak_voice: "xx-nowhere".into(), ..Settings::default() }) else { return };
    let line = Sentence { text: "hello".into(), index: 0 };
    let error = voice.say(&line, &Session::new().turn(), &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), Kind::Reword);
    assert!(error.to_string().contains("xx-nowhere") && error.to_string().contains("tts.espeak_voice"), "{error}");
}

#[cfg(feature = "onnx")]
mod kokoro {
    use std::{
        fs::{self, File},
        path::{Path, PathBuf},
        process::Command,
        sync::OnceLock,
    };

    use xnai::{
        error::{Error, Result, Room},
        onnx,
        parcel::ModelFile,
        tts::{
            Phonemes, Speed,
            kokoro::{Kokoro, Manner},
        },
    };

    use super::*;
    use crate::support::shared_models;

    /// Text that already is phonemes.
    struct AsGiven;

    impl Phonemes for AsGiven {
        fn phonemes(&mut self, text: &str) -> Result<String> {
            Ok(text.to_owned())
        }
    }

    const HELLO: &str = "həlˈO wˈɜɹld.";

    fn library() -> Option<()> {
        onnx::runtime(Room::Tts).map(|_| ()).map_err(|e| skipped(&e.to_string())).ok()
    }

    fn file(path: PathBuf) -> ModelFile {
        ModelFile { id: path.file_name().unwrap().to_string_lossy().into_owned(), path, sha256: "ab".repeat(32) }
    }

    fn voices(shared: &Path) -> Vec<ModelFile> {
        ["af_heart", "am_michael"].map(|v| file(shared.join(format!("kokoro/voices/{v}.bin")))).into()
    }

    /// Unpacked once for all runs of the tests: 310 MB.
    fn shape_model(shared: &Path) -> Option<PathBuf> {
        static ONCE: OnceLock<Option<PathBuf>> = OnceLock::new();
        let unpack = || {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kokoro-82m-shape.onnx");
            if !path.is_file() {
                let part = path.with_extension(format!("part{}", std::process::id()));
                let packed = shared.join("shape/kokoro-82m-shape.onnx.xz");
                let xz = Command::new("xz").arg("-dc").arg(&packed).stdout(File::create(&part).unwrap()).status();
                if !xz.is_ok_and(|s| s.success()) {
                    let _ = fs::remove_file(&part);
                    skipped("the program xz cannot unpack the shape model");
                    return None;
                }
                fs::rename(&part, &path).unwrap();
            }
            Some(path)
        };
        ONCE.get_or_init(unpack).clone()
    }

    fn tiny(name: &str) -> ModelFile {
        file(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx").join(name))
    }

    fn open(model: ModelFile, voices: Vec<ModelFile>, voice: &str, speed: f32) -> Result<Kokoro> {
        let manner = Manner { voice, speed: Speed::try_from(speed)?, threads: 2, cache: None };
        Kokoro::open(&Files { model: Some(model), voices }, &manner, || Ok(Box::new(AsGiven)))
    }

    #[test]
    fn both_published_conventions_are_understood() {
        let (Some(shared), Some(())) = (shared_models(), library()) else { return };
        let loudest = |name, speed| {
            let mut voice = open(tiny(name), voices(&shared), "af_heart", speed).unwrap();
            let (rate, samples, _) = hear(&mut voice, "aA"); // tokens 0 43 24 0
            assert_eq!(rate, 24_000);
            samples.iter().copied().fold(0.0, f32::max)
        };
        assert!((loudest("voice-tokens.onnx", 0.5) - 0.43).abs() < 1e-5, "43 / 200 / 0.5");
        assert!((loudest("voice-input-ids-whole-speed.onnx", 2.0) - 0.1075).abs() < 1e-5, "43 / 200 / 2");
        assert!((loudest("voice-input-ids-whole-speed.onnx", 0.5) - 0.215).abs() < 1e-5, "never slower than 1");
    }

    #[test]
    fn a_model_that_is_no_voice_says_what_it_takes() {
        let (Some(shared), Some(())) = (shared_models(), library()) else { return };
        let error = open(tiny("embedder-unpooled.onnx"), voices(&shared), "af_heart", 1.0).err().unwrap();
        assert!(error.to_string().contains("no Kokoro model: its inputs are input_ids, attention_mask"), "{error}");
    }

    #[test]
    fn the_true_network_speaks_at_the_speed_and_stops_when_stale() {
        let (Some(shared), Some(())) = (shared_models(), library()) else { return };
        let Some(model) = shape_model(&shared) else { return };
        let mut natural = open(file(model.clone()), voices(&shared), "af_heart.6+am_michael.4", 1.0).unwrap();
        let (rate, samples, spoken) = hear(&mut natural, HELLO);
        assert_eq!((rate, spoken.samples), (24_000, samples.len()));
        assert!(samples.len() > 6_000 && loudness(&samples) > 1e-4, "{} {}", samples.len(), loudness(&samples));
        assert!(natural.cost(&Sentence { text: HELLO.into(), index: 0 }).as_millis() > 0);
        stops_when_stale(&mut natural);
        drop(natural);
        let mut fast = open(file(model), voices(&shared), "af_heart", 2.0).unwrap();
        assert!(hear(&mut fast, HELLO).1.len() < samples.len() * 3 / 4);
    }

    /// The line would take seconds; the turn is superseded as soon as the voice has begun with it.
    fn stops_when_stale(voice: &mut Kokoro) {
        let turn = Session::new().turn();
        let other = turn.clone();
        let canceller = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            other.cancel();
        });
        let line = Sentence { text: "həlˈO wˈɜɹld, ".repeat(30), index: 0 };
        let end = voice.say(&line, &turn, &mut |_| Err(Error::stopped()));
        canceller.join().unwrap();
        assert!(end.unwrap_err().is_stale());
        assert!(!hear(voice, HELLO).1.is_empty(), "and it can speak again");
    }
}
