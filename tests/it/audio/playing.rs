//! A real device, minus the hardware: ALSA's `file` plugin is byte-exact, PulseAudio's null sink keeps time.
//!
//! ALSA reads its configuration from the environment, so each test plays in a child: this binary, run again for one
//! test that does nothing unless it is told to.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

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
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "audio::playing::the_child_plays", "--nocapture"]);
    command.env(ORDER, order).env("ALSA_CONFIG_PATH", config).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn assert_well(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
    assert!(!said.contains("ALSA lib"), "ALSA complains on the terminal: {said}");
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

/// A PulseAudio server of our own with a sink that nobody hears, and an ALSA configuration that leads to it.
struct Pulse {
    folder: tempfile::TempDir,
    server: Child,
}

impl Pulse {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm"]);
        command.args(["-L", "module-null-sink sink_name=out rate=48000 format=s16le channels=1", "-L"]);
        command.arg(format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display()));
        command.envs([("XDG_RUNTIME_DIR", folder.path()), ("HOME", folder.path())]);
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let plugin = ["x86_64-linux-gnu", "aarch64-linux-gnu", "", "../lib64"]
            .iter()
            .any(|place| Path::new("/usr/lib").join(place).join("alsa-lib/libasound_module_pcm_pulse.so").exists());
        let (Ok(server), true) = (server, plugin) else {
            assert!(env::var_os("CI").is_none(), "PulseAudio or its ALSA plugin is missing");
            println!("skipped: PulseAudio or its ALSA plugin is missing");
            return None;
        };
        let pulse = Self { folder, server };
        fs::write(pulse.config(), format!("pcm.!default {{ type pulse server \"unix:{}\" }}\n", socket.display())).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !socket.exists() {
            assert!(Instant::now() < deadline, "PulseAudio does not start");
            thread::sleep(Duration::from_millis(20));
        }
        Some(pulse)
    }

    fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("asound.conf")
    }

    fn child(&self, order: &str) -> Command {
        let mut command = child(order, &self.config());
        command.envs([("XDG_RUNTIME_DIR", self.folder.path()), ("HOME", self.folder.path())]);
        command
    }

    /// What the sink played while the child ran, 48 kHz mono.
    fn hear(&self, order: &str) -> Vec<f32> {
        let raw = self.folder.path().join("heard.raw");
        let mut parec = Command::new("parec");
        parec.args(["-d", "out.monitor", "--raw", "--rate=48000", "--channels=1", "--format=s16le", "--latency-msec=20"]);
        parec.env("PULSE_SERVER", format!("unix:{}", self.folder.path().join("socket").display()));
        let mut recorder = parec.stdout(fs::File::create(&raw).unwrap()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while fs::metadata(&raw).unwrap().len() == 0 {
            assert!(Instant::now() < deadline, "nothing is recorded");
            thread::sleep(Duration::from_millis(20));
        }
        let output = self.child(order).output().unwrap();
        thread::sleep(Duration::from_millis(300));
        recorder.kill().unwrap();
        recorder.wait().unwrap();
        assert_well(&output);
        let bytes = fs::read(&raw).unwrap();
        bytes.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0).collect()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Seconds of a recording in which there is a sound.
fn sounding(heard: &[f32]) -> f64 {
    heard.chunks(480).filter(|piece| piece.iter().any(|s| s.abs() > 0.1)).count() as f64 * 0.01
}

#[test]
fn a_sound_server_plays_all_of_it_before_drain_returns() {
    let Some(pulse) = Pulse::start() else { return };
    let heard = pulse.hear("resampled");
    let seconds = sounding(&heard);
    assert!((0.45..0.8).contains(&seconds), "{seconds} s of sound instead of 0.5");
    let loudest = heard.iter().fold(0.0f32, |most, s| most.max(s.abs()));
    assert!((loudest - 0.5).abs() < 0.05, "{loudest}");
}

/// A sink that nobody used runs up to two seconds ahead with silence, and takes no more sound until that is over.
#[test]
fn a_sink_that_was_idle_is_waited_for() {
    let Some(pulse) = Pulse::start() else { return };
    for _ in 0..3 {
        assert_well(&pulse.child("exact").output().unwrap());
    }
}

#[test]
fn a_hush_silences_what_was_queued() {
    let Some(pulse) = Pulse::start() else { return };
    let seconds = sounding(&pulse.hear("hushed"));
    assert!(seconds < 2.5, "{seconds} s of sound instead of about 0.3 out of 2.9");
}

#[test]
fn a_superseded_turn_ends_a_wait_for_room() {
    let Some(pulse) = Pulse::start() else { return };
    assert_well(&pulse.child("stale").output().unwrap());
}

#[test]
fn a_sound_server_that_dies_is_noticed() {
    let Some(mut pulse) = Pulse::start() else { return };
    let playing = pulse.child("lost").spawn().unwrap();
    thread::sleep(Duration::from_millis(1500));
    pulse.server.kill().unwrap();
    assert_well(&playing.wait_with_output().unwrap());
}
