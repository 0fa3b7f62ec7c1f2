//! A real device, minus the hardware: ALSA's `file` plugin is byte-exact, PulseAudio's null sink keeps time.
//!
//! ALSA reads its configuration from the environment, so each test plays in a child: this binary, run again for one
//! test that does nothing unless it is told to.

use std::{env, fs, path::Path, process::Command, thread, time::Duration};

use super::pulse::{Pulse, assert_well, child_test};
use xnai::{
    audio::{Settings, open_speaker, outputs},
    error::Kind,
    parcel::Pcm,
    turn::Session,
};

const ORDER: &str = "XNAI_TEST_PLAY";
const RATE: u32 = 48_000;

fn tone(seconds: f64, rate: u32) -> Pcm {
    let step = 440.0 * std::f64::consts::TAU / f64::from(rate);
    let samples = (0..(seconds * f64::from(rate)) as usize).map(|n| ((n as f64 * step).sin() * 0.5) as f32);
    Pcm::new(samples.collect::<Vec<_>>(), rate)
}

/// Not a test of its own: what the tests below run in a process with another sound configuration.
#[test]
fn the_child_plays() {
    let Ok(order) = env::var(ORDER) else { return };
    let turn = Session::new().turn();
    if order == "absent" || order == "lost" {
        // Longer than the ring: it has to wait for a device that is not there any more.
        let played = open_speaker(&Settings::default()).and_then(|mut speaker| speaker.play(&tone(60.0, 24_000), &turn));
        assert_eq!(played.unwrap_err().kind(), Kind::Reopen);
        return;
    }
    let mut speaker = open_speaker(&Settings::default()).unwrap();
    match order.as_str() {
        "exact" => speaker.play(&tone(0.5, RATE), &turn).unwrap(),
        "resampled" => tone(0.5, 24_000).samples.chunks(1000).for_each(|s| speaker.play(&Pcm::new(s, 24_000), &turn).unwrap()),
        "hushed" => {
            speaker.play(&tone(2.9, 24_000), &turn).unwrap();
            thread::sleep(Duration::from_millis(300));
            speaker.hush();
        }
        "stale" => {
            let other = turn.clone();
            let canceller = thread::spawn(move || {
                thread::sleep(Duration::from_millis(300));
                other.cancel();
            });
            assert!(speaker.play(&tone(10.0, 24_000), &turn).unwrap_err().is_stale());
            canceller.join().unwrap();
            speaker.hush();
            return;
        }
        "list" => {
            let list = outputs().unwrap();
            assert!(list[0].default && list[0].index == 0 && list[0].rate == RATE, "{list:?}");
            let named = Settings { output: "no such device".into(), ..Settings::default() };
            assert!(open_speaker(&named).is_err_and(|e| e.kind() == Kind::Reopen));
            return;
        }
        other => panic!("unknown order {other}"),
    }
    speaker.drain(&turn).unwrap();
}

fn child(order: &str, config: &Path) -> Command {
    let mut command = child_test("audio::playing::the_child_plays", config);
    command.env(ORDER, order);
    command
}

/// Plays by order into ALSA's `file` plugin and returns the left and right samples.
fn played_into_file(order: &str) -> Vec<[f32; 2]> {
    let folder = tempfile::tempdir().unwrap();
    let (config, raw) = (folder.path().join("asound.conf"), folder.path().join("out.raw"));
    let text =
        format!("pcm.nothing {{ type null }}\npcm.!default {{ type file slave.pcm nothing file \"{}\" format raw }}\n", raw.display());
    fs::write(&config, text).unwrap();
    assert_well(&child(order, &config).output().unwrap());
    let bytes = fs::read(&raw).unwrap_or_default();
    let samples: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    samples.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
}

#[test]
fn every_sample_comes_out_of_the_device_once_and_in_order() {
    let heard = played_into_file("exact");
    // The tone begins with a zero of its own.
    let start = heard.iter().position(|frame| frame[0] != 0.0).expect("only silence") - 1;
    let tone = tone(0.5, RATE);
    for (n, (frame, sample)) in heard[start..].iter().zip(tone.samples.iter()).enumerate() {
        assert_eq!(frame, &[*sample; 2], "sample {n}");
    }
    assert!(heard.len() >= start + tone.samples.len());
    assert!(heard[start + tone.samples.len()..].iter().all(|frame| *frame == [0.0; 2]));
}

#[test]
fn another_rate_is_resampled_without_joints() {
    let heard = played_into_file("resampled");
    // The device is not paced and may find the ring empty between two parcels: only whole frames of silence come then.
    let sound: Vec<f32> = heard.iter().map(|frame| frame[0]).filter(|s| *s != 0.0).collect();
    let expected: Vec<f32> = tone(0.5, RATE).samples.iter().copied().filter(|s| *s != 0.0).collect();
    assert!(sound.len().abs_diff(expected.len()) < 100, "{} samples instead of {}", sound.len(), expected.len());
    let jump = sound.windows(2).skip(500).take(20_000).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    // 440 Hz at half of full scale moves by at most 0.029 from one sample to the next.
    assert!(jump < 0.08, "a click of {jump}");
}

#[test]
fn devices_are_listed_and_a_wrong_name_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("asound.conf");
    fs::write(&config, "pcm.!default { type null }\n").unwrap();
    assert_well(&child("list", &config).output().unwrap());
}

#[test]
fn a_machine_without_sound_is_a_sentence_and_no_chatter() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("asound.conf");
    fs::write(&config, "pcm.!default { type hw card 97 }\n").unwrap();
    assert_well(&child("absent", &config).output().unwrap());
}

/// A server with a sink that nobody hears, and an ALSA configuration that leads to it.
fn pulse() -> Option<Pulse> {
    Pulse::start(&["module-null-sink sink_name=out rate=48000 format=s16le channels=1"], "")
}

/// What the sink played while the child ran, 48 kHz mono.
fn hear(pulse: &Pulse, order: &str) -> Vec<f32> {
    let recording = pulse.record("out.monitor");
    let output = in_pulse(pulse, order).output().unwrap();
    thread::sleep(Duration::from_millis(300));
    let heard = recording.stop();
    assert_well(&output);
    heard
}

fn in_pulse(pulse: &Pulse, order: &str) -> Command {
    let mut command = child(order, &pulse.config());
    command.envs(pulse.environment());
    command
}

/// Seconds of a recording in which there is a sound.
fn sounding(heard: &[f32]) -> f64 {
    heard.chunks(480).filter(|piece| piece.iter().any(|s| s.abs() > 0.1)).count() as f64 * 0.01
}

#[test]
fn a_sound_server_plays_all_of_it_before_drain_returns() {
    let Some(pulse) = pulse() else { return };
    let heard = hear(&pulse, "resampled");
    let seconds = sounding(&heard);
    assert!((0.45..0.8).contains(&seconds), "{seconds} s of sound instead of 0.5");
    let loudest = heard.iter().fold(0.0f32, |most, s| most.max(s.abs()));
    assert!((loudest - 0.5).abs() < 0.05, "{loudest}");
}

/// A sink that nobody used runs up to two seconds ahead with silence, and takes no more sound until that is over.
#[test]
fn a_sink_that_was_idle_is_waited_for() {
    let Some(pulse) = pulse() else { return };
    for _ in 0..3 {
        assert_well(&in_pulse(&pulse, "exact").output().unwrap());
    }
}

#[test]
fn a_hush_silences_what_was_queued() {
    let Some(pulse) = pulse() else { return };
    let seconds = sounding(&hear(&pulse, "hushed"));
    assert!(seconds < 2.5, "{seconds} s of sound instead of about 0.3 out of 2.9");
}

#[test]
fn a_superseded_turn_ends_a_wait_for_room() {
    let Some(pulse) = pulse() else { return };
    assert_well(&in_pulse(&pulse, "stale").output().unwrap());
}

#[test]
fn a_sound_server_that_dies_is_noticed() {
    let Some(mut pulse) = pulse() else { return };
    let playing = in_pulse(&pulse, "lost").spawn().unwrap();
    thread::sleep(Duration::from_millis(1500));
    pulse.kill();
    assert_well(&playing.wait_with_output().unwrap());
}
