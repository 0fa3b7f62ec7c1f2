//! Invariant 5: what the device's threads call allocates nothing, whatever is done to the speaker meanwhile.

use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

use super::pulse::{Pulse, assert_well, child_test, until};
use crate::allocations;
use xnai::{
    audio::{Settings, Speaker, open_live_speaker, open_microphone, open_speaker},
    parcel::Pcm,
    turn::Session,
};

const ORDER: &str = "XNAI_TEST_COUNT";
const TEST: &str = "audio::silent_callbacks::the_child_counts";

/// Not a test of its own: a process with a sound configuration of its own.
#[test]
fn the_child_counts() {
    let Ok(order) = env::var(ORDER) else { return };
    allocations::watch();
    match order.as_str() {
        "hears" => hears(),
        "speaks" => speaks(),
        "is paced" => paced(),
        other => panic!("unknown order {other}"),
    }
}

fn hears() {
    let mut microphone = open_microphone(&Settings::default()).unwrap();
    let mut heard = Vec::new();
    until("something is captured", || microphone.read(&mut heard, Duration::from_millis(50)).unwrap().samples > 0);
    let before = allocations::count();
    assert!(before > 0, "the thread of the device is not watched");
    let end = Instant::now() + Duration::from_secs(1);
    while Instant::now() < end {
        heard.clear();
        microphone.read(&mut heard, Duration::from_millis(50)).unwrap();
    }
    // Nobody reads: the ring runs over.
    thread::sleep(Duration::from_millis(500));
    assert_eq!(allocations::count(), before, "the capturing callback allocates");
    assert!(microphone.read(&mut heard, Duration::from_millis(50)).unwrap().dropped > 0);
}

type Opens = fn(&Settings) -> Box<dyn Speaker>;

fn speaks() {
    let (session, sound) = (Session::new(), Pcm::new(vec![0.3; 24_000], 24_000));
    // One after the other: the threads of a device are made when it is opened, and that allocates.
    let open: [Opens; 2] = [|settings| open_speaker(settings).unwrap(), open_live_speaker];
    for open in open {
        let mut speaker = open(&Settings::default());
        let (turn, knobs) = (session.turn(), speaker.knobs());
        speaker.play(&sound, &turn).unwrap();
        speaker.drain(&turn).unwrap();
        let before = allocations::count();
        assert!(before > 0, "the thread of the device is not watched");
        speaker.play(&sound, &turn).unwrap();
        knobs.set_volume(0.5);
        knobs.hold(true);
        thread::sleep(Duration::from_millis(100));
        knobs.hold(false);
        thread::sleep(Duration::from_millis(100));
        turn.cancel();
        knobs.hush();
        thread::sleep(Duration::from_millis(100));
        let turn = session.turn();
        speaker.play(&sound, &turn).unwrap();
        speaker.drain(&turn).unwrap();
        assert_eq!(allocations::count(), before, "the playing callback allocates");
    }
}

/// Both at once with a server that keeps time, from before they are opened until after they are closed. What cpal makes
/// of every error that ALSA returns, and a busy server returns some, is not ours.
fn paced() {
    let (mut heard, session) = (Vec::new(), Session::new());
    {
        let (mut speaker, mut microphone) = (open_live_speaker(&Settings::default()), open_microphone(&Settings::default()).unwrap());
        let (turn, knobs) = (session.turn(), speaker.knobs());
        let sound = Pcm::new(vec![0.3; 4800], 24_000);
        until("two seconds are played and heard", || {
            speaker.play(&sound, &turn).unwrap();
            microphone.read(&mut heard, Duration::from_millis(50)).unwrap();
            knobs.set_volume(if heard.len() % 2 == 0 { 0.5 } else { 1.0 });
            knobs.played() > 48_000 && heard.len() > 32_000
        });
        knobs.hold(true);
        thread::sleep(Duration::from_millis(200));
        knobs.hold(false);
        // Nobody reads and nobody plays: one ring runs over, the other runs dry.
        thread::sleep(Duration::from_millis(2500));
        assert!(microphone.read(&mut heard, Duration::from_millis(50)).unwrap().dropped > 0);
        turn.cancel();
        knobs.hush();
        thread::sleep(Duration::from_millis(200));
    }
    assert!(allocations::count() > 0, "the threads of the devices are not watched");
    assert_eq!(allocations::ours(), 0, "a callback of ours allocates");
}

#[test]
fn the_callbacks_of_an_unpaced_device_allocate_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("asound.conf");
    fs::write(&config, "pcm.!default { type null }\n").unwrap();
    for order in ["hears", "speaks"] {
        assert_well(&child_test(TEST, &config).env(ORDER, order).output().unwrap());
    }
}

#[test]
fn the_callbacks_of_a_sound_server_allocate_nothing() {
    let modules = ["module-null-sink sink_name=out rate=48000 format=s16le channels=1"];
    let Some(pulse) = Pulse::start(&modules, "") else { return };
    let mut child = child_test(TEST, &pulse.config());
    assert_well(&child.envs(pulse.environment()).env(ORDER, "is paced").output().unwrap());
}
