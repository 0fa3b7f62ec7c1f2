//! Speech and silence as told to a detector that believes what it is told.

use super::*;
use crate::parcel::Utterance;

const MS: usize = 16;

/// Takes the first sample of a frame for the probability.
struct Told;

impl VoiceDetector for Told {
    fn frame(&self) -> usize {
        160
    }

    fn probability(&mut self, frame: &[f32]) -> f32 {
        frame[0]
    }

    fn name(&self) -> &'static str {
        "told"
    }
}

fn segmenter() -> Segmenter {
    Segmenter::new(&Settings { max_utterance_s: 4, max_question_s: 10, ..Settings::default() }, Box::new(Told))
}

/// So many ms of speech or silence, and what it led to, without the levels.
fn hear(to: &mut Segmenter, ms: usize, probability: f32) -> Vec<Event> {
    let events: Vec<_> = vec![probability; ms * MS].chunks(777).flat_map(|chunk| to.push(chunk)).collect();
    events.into_iter().filter(|event| !matches!(event, Event::Level(_))).collect()
}

fn speak(to: &mut Segmenter, ms: usize) -> Vec<Event> {
    hear(to, ms, 0.9)
}

fn silence(to: &mut Segmenter, ms: usize) -> Vec<Event> {
    hear(to, ms, 0.0)
}

/// What was handed out, in ms.
fn heard(events: &[Event]) -> usize {
    let of = |event: &Event| match event {
        Event::Part { utterance, .. } | Event::Ended { utterance, .. } => length(utterance),
        _ => 0,
    };
    events.iter().map(of).sum()
}

/// In ms.
fn length(utterance: &Utterance) -> usize {
    utterance.samples.len() / MS
}

#[test]
fn an_utterance_begins_pauses_and_ends_with_preroll_and_tail() {
    let mut ear = segmenter();
    assert_eq!(silence(&mut ear, 1000), []);
    assert_eq!(speak(&mut ear, 600), [Event::Began { at: 700 * MS as u64 }]);
    let pause = silence(&mut ear, 600);
    let [Event::Paused { utterance, at }] = pause.as_slice() else { panic!("{pause:?}") };
    assert_eq!((length(utterance), *at, utterance.at), (300 + 600 + 200, 2100 * MS as u64, Duration::from_millis(700)));
    assert_eq!(utterance.samples[300 * MS - 1..300 * MS + 1], [0.0, 0.9]);
    let end = silence(&mut ear, 700);
    let [Event::Ended { utterance: whole, at, why: End::Silence }] = end.as_slice() else { panic!("{end:?}") };
    assert_eq!((whole, *at), (utterance, 2800 * MS as u64));
    assert_eq!(silence(&mut ear, 5000), []);
}

#[test]
fn speech_within_the_grace_period_goes_on_with_the_same_utterance() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    speak(&mut ear, 400);
    assert!(matches!(silence(&mut ear, 900).as_slice(), [Event::Paused { .. }]));
    assert!(matches!(speak(&mut ear, 400).as_slice(), [Event::Resumed { .. }]));
    let end = silence(&mut ear, 2000);
    let [Event::Paused { utterance: paused, .. }, Event::Ended { utterance, why: End::Silence, .. }] = end.as_slice() else {
        panic!("{end:?}")
    };
    assert_eq!(paused, utterance);
    assert_eq!(length(utterance), 300 + 400 + 900 + 400 + 200);
}

#[test]
fn a_click_within_the_grace_period_changes_nothing() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    speak(&mut ear, 400);
    let mut events = silence(&mut ear, 600);
    events.extend(speak(&mut ear, 20));
    events.extend(silence(&mut ear, 2000));
    let [Event::Paused { utterance: paused, .. }, Event::Ended { utterance, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(paused, utterance);
}

#[test]
fn clicks_and_coughs_are_dropped_and_unsure_sounds_too() {
    let mut ear = segmenter();
    assert_eq!([silence(&mut ear, 500), speak(&mut ear, 30), silence(&mut ear, 500)], [[], [], []], "a click does not even begin");
    assert!(matches!(speak(&mut ear, 80).as_slice(), [Event::Began { .. }]));
    assert!(matches!(silence(&mut ear, 300).as_slice(), [Event::Dropped { .. }]), "too short, known before the soft pause");
    assert!(matches!(hear(&mut ear, 900, 0.6).as_slice(), [Event::Began { .. }]));
    assert!(matches!(silence(&mut ear, 300).as_slice(), [Event::Dropped { .. }]), "never sure");
}

#[test]
fn short_gaps_belong_to_the_speech() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    let mut events = Vec::new();
    for _ in 0..5 {
        events.extend(speak(&mut ear, 60));
        events.extend(silence(&mut ear, 150));
    }
    assert!(matches!(events.as_slice(), [Event::Began { .. }]), "{events:?}");
}

#[test]
fn the_pause_can_be_shortened_while_somebody_speaks() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    speak(&mut ear, 400);
    ear.set_soft_pause(Duration::from_millis(250));
    assert!(matches!(silence(&mut ear, 260).as_slice(), [Event::Paused { .. }]));
}

#[test]
fn what_is_too_long_is_cut_at_its_quietest_moment_and_nothing_is_lost() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    let mut events = speak(&mut ear, 2500);
    events.extend(hear(&mut ear, 100, 0.6));
    events.extend(speak(&mut ear, 3000));
    events.extend(silence(&mut ear, 2000));
    let [Event::Began { at: first }, Event::Part { utterance: one, at: cut }, Event::Paused { .. }, Event::Ended { utterance: two, .. }] =
        events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((*first, two.at), (200 * MS as u64, Duration::from_millis(*cut / MS as u64)));
    assert!((3000..3100).contains(&(*cut as usize / MS)), "{cut}");
    assert_eq!(length(one) + length(two), 300 + 2500 + 100 + 3000 + 200);
}

#[test]
fn what_is_too_long_for_a_question_begins_the_next() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    let mut events = speak(&mut ear, 11_000);
    events.extend(silence(&mut ear, 2000));
    let cuts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Began { at } => Some(("began", *at)),
            Event::Part { at, .. } => Some(("part", *at)),
            Event::Ended { why: End::Length, at, .. } => Some(("length", *at)),
            Event::Ended { .. } => Some(("ended", 0)),
            _ => None,
        })
        .collect();
    let mut names: Vec<_> = cuts.iter().map(|(name, _)| *name).collect();
    names.dedup();
    assert_eq!(names, ["began", "part", "length", "began", "part", "ended"], "{events:?}");
    let at = |name| cuts.iter().rev().find(|cut| cut.0 == name).map(|cut| cut.1);
    assert_eq!(at("length"), at("began"), "nothing between them is lost");
}

#[test]
fn the_key_makes_one_utterance_of_all_trimmed_and_with_what_follows_the_release() {
    let mut ear = segmenter();
    ear.hands_free(false);
    silence(&mut ear, 500);
    assert_eq!(speak(&mut ear, 200), [], "without the key nothing begins");
    silence(&mut ear, 400);
    assert_eq!(ear.press(), [Event::Began { at: 800 * MS as u64 }]);
    assert!(ear.snapshot().is_none(), "nothing to transcribe yet");
    assert_eq!(silence(&mut ear, 1000), []);
    speak(&mut ear, 300);
    assert_eq!(length(&ear.snapshot().unwrap()), 300 + 300);
    assert_eq!([silence(&mut ear, 1500), speak(&mut ear, 300)], [[], []], "a pause while the key is down is no end");
    assert_eq!(ear.release(), []);
    assert_eq!(speak(&mut ear, 100), [], "a word that was not finished yet");
    let end = silence(&mut ear, 150);
    let [Event::Ended { utterance, why: End::Released, .. }] = end.as_slice() else { panic!("{end:?}") };
    assert_eq!(length(utterance), 300 + 300 + 1500 + 400 + 100, "and 100 ms of the silence after it had come by then");
    assert!(ear.snapshot().is_none());
}

#[test]
fn who_was_silent_long_before_the_release_does_not_wait() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    ear.press();
    speak(&mut ear, 500);
    silence(&mut ear, 210);
    let end = ear.release();
    let [Event::Ended { utterance, .. }] = end.as_slice() else { panic!("{end:?}") };
    assert_eq!(length(utterance), 300 + 500 + 200);
}

#[test]
fn a_key_without_a_word_is_dropped() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    ear.press();
    silence(&mut ear, 1000);
    assert!(matches!(ear.release().as_slice(), [Event::Dropped { .. }]));
    ear.press();
    assert_eq!(ear.release(), []);
    assert!(matches!(silence(&mut ear, 210).as_slice(), [Event::Dropped { .. }]));
}

#[test]
fn a_key_held_long_brings_parts_and_all_of_them_are_heard() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    ear.press();
    let mut events = speak(&mut ear, 6000);
    events.extend(silence(&mut ear, 500));
    events.extend(ear.release());
    assert!(matches!(events.as_slice(), [Event::Part { .. }, .., Event::Ended { why: End::Released, .. }]), "{events:?}");
    assert_eq!(heard(&events), 300 + 6000 + 200);
}

#[test]
fn who_holds_the_key_may_be_silent_for_long() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    ear.press();
    let mut events = silence(&mut ear, 5000);
    events.extend(speak(&mut ear, 1000));
    events.extend(silence(&mut ear, 1000));
    events.extend(ear.release());
    assert!(matches!(events.last(), Some(Event::Ended { why: End::Released, .. })), "{events:?}");
    assert_eq!(heard(&events), 300 + 1000 + 200, "the silence before it was cut off");
}

#[test]
fn a_key_held_too_long_ends_once_and_must_be_pressed_again() {
    let mut ear = segmenter();
    ear.hands_free(false);
    silence(&mut ear, 500);
    ear.press();
    let events = speak(&mut ear, 20_000);
    let ends: Vec<_> = events.iter().filter(|event| matches!(event, Event::Ended { why: End::Length, .. })).collect();
    assert_eq!(ends.len(), 1, "{events:?}");
    assert!((9900..=10_100).contains(&heard(&events)), "{events:?}");
    assert_eq!(ear.release(), []);
    silence(&mut ear, 2000);
    assert!(matches!(ear.press().as_slice(), [Event::Began { .. }]));
}

#[test]
fn hands_free_what_follows_a_key_held_too_long_is_the_next_utterance() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    ear.press();
    let mut events = speak(&mut ear, 13_000);
    events.extend(silence(&mut ear, 2000));
    let at = |wanted: fn(&Event) -> bool| events.iter().rposition(wanted);
    let length = at(|event| matches!(event, Event::Ended { why: End::Length, .. }));
    let next = at(|event| matches!(event, Event::Began { .. }));
    assert!(length.is_some() && next > length, "{events:?}");
    assert!(matches!(events.last(), Some(Event::Ended { why: End::Silence, .. })), "{events:?}");
    assert_eq!(heard(&events), 300 + 13_000 + 200, "nothing is lost, and nothing said twice");
}

#[test]
fn a_key_held_too_long_does_not_make_hands_free_deaf_when_it_is_switched_on() {
    let mut ear = segmenter();
    ear.hands_free(false);
    silence(&mut ear, 500);
    ear.press();
    speak(&mut ear, 11_000);
    assert_eq!([silence(&mut ear, 500), ear.hands_free(true)], [[], []]);
    assert!(matches!(speak(&mut ear, 500).as_slice(), [Event::Began { .. }]));
}

#[test]
fn hands_free_what_follows_a_release_in_the_middle_of_a_word_is_not_heard_twice() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    ear.press();
    let mut events = speak(&mut ear, 2000);
    ear.release();
    events.extend(speak(&mut ear, 1000));
    events.extend(silence(&mut ear, 2000));
    let ends: Vec<_> = events.iter().filter_map(|e| if let Event::Ended { why, .. } = e { Some(*why) } else { None }).collect();
    assert_eq!(ends, [End::Released, End::Silence], "{events:?}");
    assert_eq!(heard(&events), 300 + 3000 + 200);
}

#[test]
fn a_key_pressed_in_the_middle_of_speech_takes_over_what_was_said() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    speak(&mut ear, 500);
    assert_eq!(ear.press(), []);
    assert_eq!([speak(&mut ear, 500), silence(&mut ear, 1500)], [[], []]);
    let end = ear.release();
    assert!(matches!(end.as_slice(), [Event::Ended { utterance, .. }] if length(utterance) == 300 + 1000 + 200), "{end:?}");
}

#[test]
fn a_lost_microphone_ends_what_was_said_and_forgetting_says_nothing() {
    let mut ear = segmenter();
    silence(&mut ear, 500);
    speak(&mut ear, 500);
    assert!(matches!(ear.flush().as_slice(), [Event::Ended { why: End::Flushed, .. }]));
    assert_eq!(ear.flush(), []);
    silence(&mut ear, 500);
    speak(&mut ear, 500);
    ear.forget();
    assert_eq!([silence(&mut ear, 3000), ear.flush()], [[], []]);
}

#[test]
fn every_frame_has_a_level_and_the_lamp_stays_on_through_gaps() {
    let mut ear = segmenter();
    let mut levels = Vec::new();
    for probability in [0.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.0] {
        levels
            .extend(ear.push(&[probability; 160]).into_iter().filter_map(|e| if let Event::Level(level) = e { Some(level) } else { None }));
    }
    assert_eq!(levels.len(), 13);
    assert_eq!((levels[0].db, levels[0].speech), (-90.0, false));
    assert!((levels[1].db - 20.0 * 0.9f32.log10()).abs() < 0.01 && levels[1].speech);
    assert!(levels[12].speech && levels[12].probability == 0.0);
}

#[test]
fn hours_of_silence_take_no_memory_and_samples_that_are_no_numbers_do_no_harm() {
    let mut ear = segmenter();
    for _ in 0..100 {
        ear.push(&vec![0.0; 160_000]);
    }
    assert!(ear.sound.end() - ear.sound.start() < 16_000);
    ear.push(&[f32::NAN, f32::INFINITY, -9.0].repeat(1000));
    assert!(ear.sound.cut(0, u64::MAX).iter().all(|s| s.is_finite() && s.abs() <= 1.0));
}

/// What comes out does not depend on how the sound was cut into pieces, and nothing is said twice.
#[test]
fn chunks_do_not_matter() {
    let told = |ms: usize, probability: f32| std::iter::repeat_n(probability, ms * MS);
    let sound: Vec<f32> = [(500, 0.0), (700, 0.9), (600, 0.0), (300, 0.8), (2000, 0.0), (60, 0.9), (900, 0.0)]
        .iter()
        .flat_map(|&(ms, p)| told(ms, p))
        .collect();
    let heard = |size: usize| -> Vec<Event> {
        let mut ear = segmenter();
        sound.chunks(size).flat_map(|chunk| ear.push(chunk)).collect()
    };
    let whole = heard(sound.len());
    assert!(whole.iter().any(|event| matches!(event, Event::Resumed { .. })));
    for size in [1, 159, 160, 161, 5000] {
        assert_eq!(heard(size), whole, "{size}");
    }
}
