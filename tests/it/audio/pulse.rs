//! A PulseAudio server of a test's own, in a temporary folder, and this binary run again where ALSA leads to it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support::skipped;

/// No test waits longer for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// This binary, for that one test, with ALSA configured by a file.
pub fn child_test(test: &str, config: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command.env("ALSA_CONFIG_PATH", config).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn assert_well(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
    assert!(!said.contains("ALSA lib"), "ALSA complains on the terminal: {said}");
}

/// Waits until it is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Samples of a file of 16-bit sound.
pub fn samples(raw: &Path) -> Vec<f32> {
    let bytes = fs::read(raw).unwrap();
    bytes.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0).collect()
}

pub struct Pulse {
    folder: tempfile::TempDir,
    server: Child,
    modules: Vec<String>,
}

impl Pulse {
    /// With these modules; `device` is the sink or source that ALSA's default device leads to, empty for the server's.
    pub fn start(modules: &[&str], device: &str) -> Option<Self> {
        let plugin = ["x86_64-linux-gnu", "aarch64-linux-gnu", "", "../lib64"]
            .iter()
            .any(|place| Path::new("/usr/lib").join(place).join("alsa-lib/libasound_module_pcm_pulse.so").exists());
        let folder = tempfile::tempdir().unwrap();
        let modules: Vec<String> = modules.iter().map(|&module| module.to_owned()).collect();
        let (Some(server), true) = (spawn(folder.path(), &modules), plugin) else {
            skipped("PulseAudio or its ALSA plugin is missing");
            return None;
        };
        let pulse = Self { folder, server, modules };
        let device = if device.is_empty() { String::new() } else { format!("device \"{device}\"") };
        fs::write(pulse.config(), format!("pcm.!default {{ type pulse server \"{}\" {device} }}\n", pulse.address())).unwrap();
        pulse.wait();
        Some(pulse)
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("asound.conf")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("XDG_RUNTIME_DIR", self.folder.path().into()), ("HOME", self.folder.path().into())]
    }

    /// A command to the server; what it says.
    pub fn pactl(&self, args: &[&str]) -> String {
        let output = self.client("pactl").args(args).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "pactl {args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Plays 48 kHz mono into a sink.
    pub fn play(&self, sink: &str, sound: &[f32]) -> Child {
        let raw = self.path("played.raw");
        let bytes: Vec<u8> = sound.iter().flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes()).collect();
        fs::write(&raw, bytes).unwrap();
        let mut pacat = self.client("pacat");
        pacat.args(["--playback", "-d", sink, "--raw", "--rate=48000", "--channels=1", "--format=s16le"]).arg(&raw);
        pacat.stdout(Stdio::null()).spawn().unwrap()
    }

    /// Plays all of that into a sink.
    pub fn play_all(&self, sink: &str, sound: &[f32]) {
        let status = self.play(sink, sound).wait().unwrap();
        assert!(status.success(), "the sound was not played: {status}");
    }

    /// Records a source until told to stop.
    pub fn record(&self, source: &str) -> Recording {
        let raw = self.path("heard.raw");
        let mut parec = self.client("parec");
        parec.args(["-d", source, "--raw", "--rate=48000", "--channels=1", "--format=s16le", "--latency-msec=20"]);
        let recorder = parec.stdout(fs::File::create(&raw).unwrap()).spawn().unwrap();
        until("something is recorded", || fs::metadata(&raw).unwrap().len() > 0);
        Recording { recorder, raw }
    }

    pub fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Sends the server a signal of that name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.server.id().to_string()]).status().unwrap();
        assert!(status.success(), "kill -s {name}: {status}");
    }

    /// Begins again as it was.
    pub fn restart(&mut self) {
        let _ = fs::remove_file(self.socket());
        self.server = spawn(self.folder.path(), &self.modules).unwrap();
        self.wait();
    }

    fn wait(&self) {
        until("PulseAudio starts", || self.socket().exists());
        until("PulseAudio answers", || {
            self.client("pactl").arg("info").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
        });
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn address(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("PULSE_SERVER", self.address()).envs(self.environment()).stdin(Stdio::null()).stderr(Stdio::null());
        command
    }
}

fn spawn(folder: &Path, modules: &[String]) -> Option<Child> {
    let mut command = Command::new("pulseaudio");
    command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm"]);
    command.args(modules.iter().flat_map(|module| ["-L", module]));
    command.arg("-L").arg(format!("module-native-protocol-unix socket={} auth-anonymous=1", folder.join("socket").display()));
    command.envs([("XDG_RUNTIME_DIR", folder), ("HOME", folder)]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub struct Recording {
    recorder: Child,
    raw: PathBuf,
}

impl Recording {
    pub fn stop(mut self) -> Vec<f32> {
        self.recorder.kill().unwrap();
        self.recorder.wait().unwrap();
        samples(&self.raw)
    }
}
