//! Real speech through the live segmenter, chunk by chunk as a microphone brings it.

use std::{fs, path::Path, time::Duration};

use crate::support::shared_models;
use xnai::audio::{
    listen::{Earshot, End, Event, Segmenter, Settings, VoiceDetector},
    load, resample,
};

/// Utterances of a recording with silence before and after it: seconds of it, and where each began and ended.
fn utterances(file: &Path, detector: Box<dyn VoiceDetector>) -> (f64, Vec<(f64, f64)>) {
    let sound = load::load(load::Source::File(file), Duration::from_secs(60)).unwrap();
    let speech = resample::for_ear(&sound).unwrap();
    let mut samples = vec![0.0; 16_000];
    samples.extend_from_slice(&speech.samples);
    samples.extend(vec![0.0; 32_000]);
    let mut ear = Segmenter::new(&Settings::default(), detector);
    let events = samples.chunks(320).flat_map(|chunk| ear.push(chunk)).collect::<Vec<_>>();
    let ended = events.into_iter().filter_map(|event| match event {
        Event::Ended { utterance, why, .. } => {
            assert_eq!(why, End::Silence, "{}", file.display());
            let start = utterance.at.as_secs_f64() - 1.0;
            Some((start, start + utterance.duration().as_secs_f64()))
        }
        _ => None,
    });
    (speech.duration().as_secs_f64(), ended.collect())
}

/// Every recording of a person is found, and little of it is left out.
fn hears_people(detector: impl Fn() -> Box<dyn VoiceDetector>) {
    let Some(models) = shared_models() else { return };
    let files = fs::read_dir(models.join("speech")).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for file in files.filter(|file| file.extension().is_some_and(|e| e == "wav")) {
        let (seconds, spans) = utterances(&file, detector());
        let heard: f64 = spans.iter().map(|(from, to)| to - from).sum();
        println!("{} {seconds:.1} s: {spans:.2?}", file.file_name().unwrap().display());
        assert!(heard > seconds * 0.4 && !spans.is_empty(), "{}: {spans:?} of {seconds} s", file.display());
        count += 1;
    }
    assert!(count >= 5);
}

#[test]
fn people_are_heard() {
    hears_people(|| Box::<Earshot>::default());
}

#[cfg(feature = "onnx")]
#[test]
fn people_are_heard_by_silero_too() {
    use crate::support::skipped;
    use xnai::{audio::listen, error::Room, onnx, parcel::ModelFile};

    let Some(models) = shared_models() else { return };
    let path = models.join("vad/silero_vad.onnx");
    if let Err(error) = onnx::runtime(Room::Audio) {
        return skipped(&error.to_string());
    }
    let file = ModelFile { id: listen::SILERO.into(), path, sha256: String::new() };
    let settings = Settings { vad: "silero".into(), ..Settings::default() };
    hears_people(|| listen::open_detector(&settings, Some(&file)).unwrap().0);
    // A file that is no such model: a note with `auto`, an error where it was asked for.
    let folder = tempfile::tempdir().unwrap();
    let file = ModelFile { path: folder.path().join("x.onnx"), ..file };
    fs::write(&file.path, "nothing").unwrap();
    assert!(listen::open_detector(&settings, Some(&file)).is_err());
    let (detector, note) = listen::open_detector(&Settings::default(), Some(&file)).unwrap();
    assert_eq!((detector.name(), note.is_some()), ("earshot", true));
}
