//! Real recordings, made long: split at pauses, nothing of what was said lost.

use std::{env, path::PathBuf, time::Duration};

use xnai::{
    audio::{
        Settings,
        load::{Source, load},
        resample::for_ear,
        vad::{has_speech, split},
    },
    parcel::{EAR_RATE, Utterance},
};

/// The recordings, or nothing where they are not; then CI fails, because it must have them.
fn recording(name: &str) -> Option<Utterance> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/models");
    let path = env::var_os("XNAI_MODELS_PATH").map_or_else(beside, PathBuf::from).join("speech").join(name);
    if !path.exists() {
        assert!(env::var_os("CI").is_none(), "{} is missing", path.display());
        println!("skipped: {} is missing", path.display());
        return None;
    }
    Some(for_ear(&load(Source::File(&path), Duration::from_secs(60)).unwrap()).unwrap())
}

fn seconds(samples: usize) -> f64 {
    samples as f64 / f64::from(EAR_RATE)
}

#[test]
fn a_short_question_is_one_utterance_with_a_little_room_around_it() {
    for name in ["jfk.wav", "hello_world.wav", "weather_question.wav", "kokoro_af_heart.wav", "001.wav", "005.wav"] {
        let Some(sound) = recording(name) else { return };
        let pieces = split(&sound, &Settings::default());
        assert!(has_speech(&sound, &Settings::default()), "{name}");
        assert_eq!(pieces.len(), 1, "{name}");
        assert!(pieces[0].speech.samples.len() <= sound.samples.len(), "{name}");
        assert!(pieces[0].speech.duration() >= sound.duration().mul_f64(0.6), "{name}: {:?}", pieces[0].speech.duration());
    }
}

#[test]
fn a_long_speech_is_split_into_windows_at_pauses() {
    let Some(jfk) = recording("jfk.wav") else { return };
    // Sixty-six seconds without a pause longer than the speaker's own.
    let long = Utterance::new(jfk.samples.repeat(6));
    let settings = Settings::default();
    let pieces = split(&long, &settings);
    assert!((3..=5).contains(&pieces.len()), "{} pieces", pieces.len());
    let mut last = 0.0;
    for piece in &pieces {
        let (from, length) = (piece.at.as_secs_f64(), piece.speech.duration().as_secs_f64());
        assert!(length <= 28.0, "{length} s");
        assert!(from >= last - 1e-9 && from - last < 1.0, "{} s between {last} and {from}", from - last);
        // It begins and ends in a pause: 50 ms there are quieter by far than the speech.
        let power = |s: &[f32]| s.iter().map(|x| x * x).sum::<f32>() / s.len().max(1) as f32;
        let edge = EAR_RATE as usize / 20;
        let whole = power(&piece.speech.samples);
        assert!(power(&piece.speech.samples[..edge]) < whole / 10.0, "a word was cut at {from} s");
        last = from + length;
    }
    assert!(last > seconds(long.samples.len()) - 1.0);
}

#[test]
fn a_long_silence_separates_two_questions_and_is_left_out() {
    let (Some(first), Some(second)) = (recording("hello_world.wav"), recording("weather_question.wav")) else { return };
    let silence = vec![0.0; 5 * EAR_RATE as usize];
    let sound = Utterance::new([&*first.samples, &silence, &*second.samples, &silence].concat());
    let pieces = split(&sound, &Settings::default());
    assert_eq!(pieces.len(), 2);
    assert!(pieces[0].at < Duration::from_secs(1) && pieces[1].at > Duration::from_secs(6));
    let kept: f64 = pieces.iter().map(|p| p.speech.duration().as_secs_f64()).sum();
    assert!(kept < (first.duration() + second.duration()).as_secs_f64() + 0.8, "{kept} s");
}
