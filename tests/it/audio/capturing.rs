//! A real microphone, minus the hardware: byte for byte through ALSA's `file` plugin, in time through PulseAudio.

use std::{
    env, fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::pulse::{PATIENCE, Pulse, assert_well, child_test};
use xnai::{
    audio::{Settings, inputs, open_microphone, resample::Flow},
    error::Kind,
    parcel::Pcm,
};

const ORDER: &str = "XNAI_TEST_LISTEN";
const OUT: &str = "XNAI_TEST_OUT";
const RATE: u32 = 48_000;

/// Noise that repeats nowhere, under 7 kHz, so that resampling leaves it alone.
fn noise(seconds: f64) -> Vec<f32> {
    let mut seed = 7u32;
    let mut white = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let (mut last, count) = ([0.0f32; 3], (seconds * f64::from(RATE)) as usize);
    let smoothed = std::iter::repeat_with(|| {
        let mut sample = white();
        for stage in &mut last {
            *stage += 0.25 * (sample - *stage);
            sample = *stage;
        }
        sample * 1.5
    });
    smoothed.take(count).collect()
}

/// Not a test of its own: what the tests below run in a process with another sound configuration.
#[test]
fn the_child_listens() {
    let Ok(order) = env::var(ORDER) else { return };
    if order == "absent" {
        assert_eq!(open_microphone(&Settings::default()).err().map(|e| e.kind()), Some(Kind::Reopen));
        return;
    }
    let list = inputs().unwrap();
    assert!(list[0].default && list[0].rate == RATE && list[0].channels == 1, "{list:?}");
    let mut microphone = open_microphone(&Settings { input: "0".into(), ..Settings::default() }).unwrap();
    let (mut heard, mut dropped) = (Vec::new(), 0);
    // Until told to stop, or until there is enough.
    let (enough, end) = (order.parse::<usize>().unwrap(), Instant::now() + PATIENCE);
    while heard.len() < enough && Instant::now() < end && !Path::new(&(env::var(OUT).unwrap() + ".stop")).exists() {
        dropped += microphone.read(&mut heard, Duration::from_millis(50)).unwrap().dropped;
        if !heard.is_empty() {
            fs::write(env::var(OUT).unwrap() + ".begun", "").unwrap();
        }
    }
    println!("dropped {dropped}");
    let bytes: Vec<u8> = heard.iter().flat_map(|s| s.to_le_bytes()).collect();
    fs::write(env::var(OUT).unwrap(), bytes).unwrap();
}

fn floats(path: &Path) -> Vec<f32> {
    fs::read(path).unwrap().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[test]
fn every_sample_of_the_device_arrives_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // Less than the ring holds: the device is not paced.
    let sound = noise(1.5);
    fs::write(path("in.raw"), sound.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<_>>()).unwrap();
    let text = format!(
        "pcm.nothing {{ type null }}\npcm.!default {{ type file slave.pcm nothing file /dev/null infile \"{}\" format raw }}\n",
        path("in.raw").display()
    );
    fs::write(path("asound.conf"), text).unwrap();
    let mut child = child_test("audio::capturing::the_child_listens", &path("asound.conf"));
    assert_well(&child.env(ORDER, "24000").env(OUT, path("heard")).output().unwrap());
    let (heard, mut expected) = (floats(&path("heard")), Vec::new());
    Flow::new(16_000).push(&Pcm::new(sound, RATE), &mut expected).unwrap();
    assert!(heard.len() >= expected.len() && expected.len() > 23_000);
    assert!(heard[..expected.len()] == expected, "sample {:?}", heard.iter().zip(&expected).position(|(a, b)| a != b));
}

#[test]
fn a_machine_without_a_microphone_is_a_sentence_and_no_chatter() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("asound.conf");
    fs::write(&config, "pcm.!default { type hw card 97 }\n").unwrap();
    assert_well(&child_test("audio::capturing::the_child_listens", &config).env(ORDER, "absent").output().unwrap());
}

/// Normalised correlation of two stretches of the same length.
fn likeness(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
}

/// What the server recorded from the first sound on: the truth about what was to be captured. A player that a busy machine
/// holds up leaves gaps, and they are in both.
fn truth(recorded: &[f32], seconds: f64) -> Vec<f32> {
    let onset = recorded.iter().position(|s| s.abs() > 0.01).expect("nothing was recorded");
    let end = onset + (seconds * f64::from(RATE)) as usize;
    recorded.get(onset..end).expect("the end was not recorded").to_vec()
}

#[test]
fn what_is_played_into_a_microphone_is_captured_without_loss() {
    let modules = ["module-null-sink sink_name=mic rate=48000 format=s16le channels=1"];
    let Some(pulse) = Pulse::start(&modules, "mic.monitor") else { return };
    let out = pulse.path("heard");
    let mut child = child_test("audio::capturing::the_child_listens", &pulse.config());
    let child = child.envs(pulse.environment()).env(ORDER, "10000000").env(OUT, &out).spawn().unwrap();
    super::pulse::until("it captures", || out.with_extension("begun").exists());
    let recording = pulse.record("mic.monitor");
    pulse.play_all("mic", &noise(3.0));
    // It may have begun late: an idle sink runs ahead with silence.
    thread::sleep(Duration::from_secs(1));
    fs::write(out.with_extension("stop"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    let sound = truth(&recording.stop(), 2.9);
    assert_well(&output);
    assert!(String::from_utf8_lossy(&output.stdout).contains("dropped 0"), "the device had to drop what we did not take in time");
    let heard = floats(&out);
    // Where the first quarter of a second is found, to a third of a sample, there the last one is as well: nothing was
    // lost or doubled.
    const PART: usize = 4000;
    let begun = heard.iter().position(|s| s.abs() > 0.01).expect("nothing was heard").saturating_sub(200);
    let found = (0..3).map(|phase| {
        let mut played = Vec::new();
        Flow::new(16_000).push(&Pcm::new([vec![0.0; phase], sound.clone()].concat(), RATE), &mut played).unwrap();
        let like = |at: usize| likeness(&heard[at + PART..at + 2 * PART], &played[PART..2 * PART]);
        let at = (begun..begun + 400).max_by(|&a, &b| like(a).total_cmp(&like(b))).unwrap();
        (like(at), at, played)
    });
    let (_, at, played) = found.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    assert!(heard.len() > at + played.len(), "the end is missing");
    // The first of it is resampled from another past: silence there, nothing here.
    for from in (PART..played.len() - PART).step_by(PART).chain([played.len() - PART]) {
        let like = likeness(&heard[at + from..at + from + PART], &played[from..from + PART]);
        assert!(like > 0.999, "after {from} samples the sound is another: {like}");
    }
}
