//! The fake devices keep the promises of real ones, to the sample.

use super::*;
use crate::{
    audio::{DeviceNews, Microphone},
    parcel::Pcm,
    turn::Session,
};

const RATE: u32 = 24_000;

/// A ramp: every sample says where it belongs.
fn ramp(from: usize, count: usize) -> Pcm {
    Pcm::new((from..from + count).map(|n| n as f32 / 1e6 + 0.1).collect::<Vec<_>>(), RATE)
}

#[test]
fn what_is_played_is_heard_to_the_sample_when_the_clock_says() {
    let clock = Clock::by_hand();
    clock.advance(PERIOD * 3);
    let (mut speaker, heard) = FakeSpeaker::open(&clock, RATE);
    let turn = Session::new().turn();
    speaker.play(&ramp(0, 600), &turn).unwrap();
    clock.advance(PERIOD);
    assert_eq!(speaker.played(), 240);
    clock.advance(PERIOD * 3);
    let samples = heard.samples();
    assert_eq!(samples[..600], ramp(0, 600).samples[..]);
    assert!(samples[600..].iter().all(|s| *s == 0.0));
    assert_eq!((samples.len(), heard.at(0), heard.rate()), (960, PERIOD * 3, RATE));
    assert_eq!(heard.between(PERIOD * 4, PERIOD * 5), samples[240..480]);
    assert_eq!((speaker.played(), speaker.underruns()), (600, 1));
}

#[test]
fn a_clock_that_runs_by_itself_plays_all_and_drain_waits_for_it() {
    let clock = Clock::paced(50.0);
    let (mut speaker, heard) = FakeSpeaker::open(&clock, RATE);
    let turn = Session::new().turn();
    // Longer than the ring: `play` has to wait for room.
    (0..5).for_each(|n| speaker.play(&ramp(n * 24_000, 24_000), &turn).unwrap());
    speaker.drain(&turn).unwrap();
    let sound: Vec<f32> = heard.samples().into_iter().filter(|s| *s != 0.0).collect();
    assert_eq!(sound, ramp(0, 120_000).samples[..]);
    assert_eq!(speaker.played(), 120_000);
}

#[test]
fn a_hush_from_another_thread_lets_nothing_stale_through_after_the_fade() {
    let (clock, session) = (Clock::by_hand(), Session::new());
    let (mut speaker, heard) = FakeSpeaker::open(&clock, RATE);
    let (old, new) = (session.turn(), session.turn());
    speaker.play(&Pcm::new(vec![0.5; 24_000], RATE), &old).unwrap();
    clock.advance(PERIOD * 10);
    let knobs = speaker.knobs();
    old.cancel();
    knobs.hush();
    // Too late, although its owner has not noticed yet.
    assert!(speaker.play(&Pcm::new(vec![0.5; 100], RATE), &old).unwrap_err().is_stale());
    clock.advance(PERIOD * 10);
    let after = heard.between(PERIOD * 10, PERIOD * 20);
    let fade = RATE as usize / 200;
    assert!(after[..fade].windows(2).all(|w| w[1] < w[0]) && after[fade..].iter().all(|s| *s == 0.0), "{:?}", &after[..fade + 5]);
    assert_eq!(knobs.played(), 2400 + fade as u64);
    // The next turn sounds from its first sample on.
    speaker.play(&Pcm::new(vec![0.25; 1000], RATE), &new).unwrap();
    assert_eq!(knobs.played(), 0);
    clock.advance(PERIOD * 10);
    assert_eq!(heard.between(PERIOD * 20, PERIOD * 22), [0.25; 480]);
    assert_eq!(knobs.played(), 1000);
}

#[test]
fn a_push_that_crosses_a_hush_is_not_heard() {
    let (clock, session) = (Clock::by_hand(), Session::new());
    let (mut speaker, heard) = FakeSpeaker::open(&clock, RATE);
    let old = session.turn();
    // As if the hush had come between the owner's question and its push.
    speaker.knobs().hush();
    speaker.play(&Pcm::new(vec![0.5; 240], RATE), &old).unwrap();
    speaker.knobs().hush();
    clock.advance(PERIOD * 5);
    assert!(heard.samples().iter().all(|s| *s == 0.0));
}

#[test]
fn a_hold_keeps_what_is_queued_and_goes_on_where_it_stopped() {
    let clock = Clock::by_hand();
    let (mut speaker, heard) = FakeSpeaker::open(&clock, RATE);
    let turn = Session::new().turn();
    speaker.play(&ramp(0, 24_000), &turn).unwrap();
    clock.advance(PERIOD * 10);
    speaker.hold(true);
    clock.advance(PERIOD * 50);
    let fade = RATE as usize / 200;
    let held = heard.between(PERIOD * 10, PERIOD * 60);
    assert!(held[fade + 1..].iter().all(|s| *s == 0.0) && held[0] > 0.09);
    let played = speaker.played();
    assert!((2400 + fade as u64..=2401 + fade as u64).contains(&played), "{played}");
    speaker.hold(false);
    clock.advance(PERIOD * 10);
    let on = heard.between(PERIOD * 60, PERIOD * 70);
    let whole = ramp(played as usize, 2400);
    assert!(on[0] > 0.0 && on[0] < whole.samples[0] / 20.0, "it comes back with a fade");
    assert_eq!(on[fade..], whole.samples[fade..]);
    assert_eq!(speaker.underruns(), 0);
}

#[test]
fn a_hush_ends_a_hold_without_a_sound() {
    let (clock, session) = (Clock::by_hand(), Session::new());
    let (mut speaker, heard) = FakeSpeaker::open(&clock, RATE);
    let (old, new) = (session.turn(), session.turn());
    speaker.play(&ramp(0, 24_000), &old).unwrap();
    clock.advance(PERIOD * 10);
    speaker.hold(true);
    clock.advance(PERIOD * 10);
    old.cancel();
    speaker.knobs().hush();
    assert!(!speaker.knobs().held());
    clock.advance(PERIOD * 10);
    assert!(heard.between(PERIOD * 11, PERIOD * 30).iter().all(|s| *s == 0.0));
    speaker.play(&Pcm::new(vec![0.25; 480], RATE), &new).unwrap();
    clock.advance(PERIOD * 2);
    assert_eq!(heard.between(PERIOD * 30, PERIOD * 32), [0.25; 480]);
}

#[test]
fn the_volume_changes_within_a_period_and_without_a_click() {
    let clock = Clock::by_hand();
    let (mut speaker, heard) = FakeSpeaker::open(&clock, RATE);
    speaker.play(&Pcm::new(vec![0.8; 4800], RATE), &Session::new().turn()).unwrap();
    clock.advance(PERIOD * 5);
    speaker.set_volume(0.5);
    clock.advance(PERIOD * 5);
    let samples = heard.between(PERIOD * 4, PERIOD * 6);
    assert_eq!((samples[0], *samples.last().unwrap()), (0.8, 0.4));
    assert!(samples.windows(2).all(|w| (w[0] - w[1]).abs() < 0.01));
}

#[test]
fn the_reference_is_what_was_heard() {
    let clock = Clock::by_hand();
    let (mut speaker, heard) = FakeSpeaker::open(&clock, 16_000);
    let mut reference = speaker.knobs().reference().unwrap();
    assert!(speaker.knobs().reference().is_none());
    let sound: Vec<f32> = (0..1600).map(|n| n as f32 / 1600.0).collect();
    speaker.play(&Pcm::new(sound, 16_000), &Session::new().turn()).unwrap();
    speaker.set_volume(0.5);
    clock.advance(PERIOD * 20);
    let mut far = Vec::new();
    reference.read(&mut far).unwrap();
    assert_eq!(far, heard.samples());
    assert!(far[1599] > 0.49 && far[1600] == 0.0);
}

#[test]
fn the_microphone_hears_its_script_when_it_says_and_the_speaker_too() {
    let clock = Clock::by_hand();
    let (mut mic, script) = FakeMicrophone::open(&clock);
    let (mut speaker, recording) = FakeSpeaker::open(&clock, RATE);
    let end = script.say_at(PERIOD, [0.1, 0.2, 0.3]);
    assert_eq!(end, PERIOD + 9);
    assert_eq!(script.say_at(0, [0.4]), PERIOD + 12, "after what was already to be said");
    let mut out = Vec::new();
    assert_eq!(mic.read(&mut out, Duration::ZERO).unwrap().samples, 0);
    clock.advance(PERIOD * 2);
    assert_eq!(mic.read(&mut out, Duration::from_secs(5)).unwrap().samples, 320);
    assert_eq!(out[159..165], [0.0, 0.1, 0.2, 0.3, 0.4, 0.0]);
    script.hear_speaker(&recording, 0.5, Duration::from_millis(10));
    speaker.play(&Pcm::new(vec![0.8; 240], RATE), &Session::new().turn()).unwrap();
    clock.advance(PERIOD * 3);
    out.clear();
    mic.read(&mut out, Duration::ZERO).unwrap();
    assert!(out[..160].iter().all(|s| *s == 0.0) && out[160..320].iter().all(|s| *s == 0.4) && out[320..].iter().all(|s| *s == 0.0));
}

#[test]
fn a_live_microphone_is_lost_while_it_is_unplugged_and_comes_back() {
    let clock = Clock::by_hand();
    let (mut mic, script) = FakeMicrophone::open_live(&clock);
    let mut until = |wanted| {
        let deadline = Instant::now() + Duration::from_secs(30);
        while mic.read(&mut Vec::new(), Duration::from_millis(5)).unwrap().news != Some(wanted) {
            assert!(Instant::now() < deadline, "no news of {wanted:?}");
            clock.advance(PERIOD);
        }
        clock.now()
    };
    assert_eq!(until(DeviceNews::Back), script.read());
    script.unplug();
    until(DeviceNews::Lost);
    script.plug();
    assert_eq!(until(DeviceNews::Back), script.read());
}

#[test]
fn unplugged_both_say_so() {
    let clock = Clock::by_hand();
    let ((mut mic, script), (mut speaker, recording)) = (FakeMicrophone::open(&clock), FakeSpeaker::open(&clock, RATE));
    script.unplug();
    recording.unplug();
    clock.advance(PERIOD);
    let turn = Session::new().turn();
    assert_eq!(mic.read(&mut Vec::new(), Duration::ZERO).unwrap_err().kind(), crate::error::Kind::Reopen);
    assert_eq!(speaker.play(&ramp(0, 10), &turn).unwrap_err().kind(), crate::error::Kind::Reopen);
    script.plug();
    recording.plug();
    assert!(mic.read(&mut Vec::new(), Duration::ZERO).is_ok() && speaker.play(&ramp(0, 10), &turn).is_ok());
}
