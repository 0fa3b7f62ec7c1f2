//! Real voices in a simulated room: ours goes, a person's stays, as the speech detector hears it.

use std::{ops::Range, path::PathBuf, time::Duration};

use xnai::{
    audio::{
        Settings,
        echo::{self, Canceller},
        load::{Source, load},
        resample::for_ear,
        vad::{has_speech, split},
    },
    parcel::{EAR_RATE, Utterance},
};

use crate::support::shared_models;

const RATE: usize = EAR_RATE as usize;

fn recording(folder: &std::path::Path, name: &str) -> Vec<f32> {
    let path: PathBuf = folder.join("speech").join(name);
    for_ear(&load(Source::File(&path), Duration::from_secs(60)).unwrap()).unwrap().samples.to_vec()
}

/// Heard after 70 ms, with two reflections, and 14 dB weaker.
fn echo(played: &[f32]) -> Vec<f32> {
    let at = |n: usize, late: usize| n.checked_sub(late * RATE / 1000).map_or(0.0, |from| played[from]);
    (0..played.len()).map(|n| 0.2 * at(n, 70) + 0.08 * at(n, 83) - 0.05 * at(n, 101)).collect()
}

fn cancelled(settings: &echo::Settings, played: &[f32], captured: &[f32]) -> Vec<f32> {
    let (mut canceller, mut out) = (Canceller::new(settings, EAR_RATE).unwrap(), Vec::new());
    for (played, captured) in played.chunks(1_000).zip(captured.chunks(1_000)) {
        canceller.played(played);
        canceller.captured(captured, &mut out);
    }
    out
}

fn speech_in(sound: &[f32], at: Range<usize>) -> bool {
    has_speech(&Utterance::new(&sound[at]), &Settings::default())
}

#[test]
fn what_we_say_is_no_speech_and_what_a_person_says_meanwhile_is() {
    let Some(models) = shared_models() else { return };
    let played = [recording(&models, "kokoro_am_michael.wav"), recording(&models, "kokoro_af_heart.wav")].concat().repeat(2);
    let person = recording(&models, "weather_question.wav");
    let mut captured = echo(&played);
    let begins = played.len() - 2 * RATE - person.len();
    captured[begins..].iter_mut().zip(&person).for_each(|(heard, said)| *heard += 0.5 * said);
    let out = cancelled(&echo::Settings::default(), &played, &captured);
    let before = 2 * RATE..begins;
    assert!(speech_in(&captured, before.clone()), "without cancellation we are heard: this test proves something");
    assert!(!speech_in(&out, before), "we are not heard any more");
    let heard = split(&Utterance::new(&out[begins - RATE / 2..]), &Settings::default());
    let speech: Duration = heard.iter().map(|heard| heard.speech.duration()).sum();
    assert!((1.0..2.7).contains(&speech.as_secs_f64()), "the question is heard: {speech:?}");
}

#[test]
fn quiet_people_are_made_louder_on_request() {
    let Some(models) = shared_models() else { return };
    let quiet: Vec<f32> = recording(&models, "jfk.wav").iter().map(|s| s * 0.05).collect();
    let loudness = |sound: &[f32]| sound[5 * RATE..].iter().map(|s| s * s).sum::<f32>();
    let louder = cancelled(&echo::Settings { cancel: false, auto_gain: true, ..echo::Settings::default() }, &quiet, &quiet);
    let gain = 10.0 * (loudness(&louder) / loudness(&quiet)).log10();
    assert!((6.0..40.0).contains(&gain), "{gain} dB");
    assert!(louder.iter().all(|s| s.abs() < 1.0), "nothing is clipped");
}
