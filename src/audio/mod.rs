//! Files and devices into samples and back. The only room that knows cpal, hound and symphonia.
//!
//! | file | turns |
//! |---|---|
//! | [`load`] | a sound file or a stream of bytes into mono samples (`wav` by our own reader, FLAC and OGG in `packed`) |
//! | [`resample`] | samples at one rate into samples at another, whole or as a stream |
//! | [`vad`] | long audio into utterances, split where nobody speaks |
//! | [`echo`] | what the microphone hears into the same without our own voice |
//! | [`save`] | samples into a WAV file or stream; `draft` is a file without a name until it is whole |
//! | [`Tee`] | one voice into two speakers |
//! | [`microphone`] | what every microphone gives |
//! | [`listen`] | live sound into utterances |
//! | [`live`] | samples into sound and back while people talk: the rings beside the callbacks, devices that come and go |
//! | [`fake`] | a script into a microphone, a speaker into a recording, on a clock of samples |
//! | `device` | what cpal calls a device into a microphone or a speaker |
//! | [`pipe`] | samples from one stage, or one program, to another, through memory on tmpfs |

use serde::{Deserialize, Serialize};

use crate::{error::Result, parcel::Pcm, turn::Turn};

#[cfg(feature = "audio")]
mod device;
#[cfg(not(feature = "audio"))]
#[path = "absent.rs"]
mod device;
mod draft;
pub mod echo;
pub mod fake;
pub mod listen;
// A build without devices still has the fake ones, which need only a part of it.
#[cfg_attr(not(feature = "audio"), allow(dead_code, unused_imports))]
pub mod live;
pub mod load;
pub mod microphone;
mod packed;
pub mod pipe;
pub mod resample;
pub mod save;
mod tee;
pub mod vad;
mod wav;

pub use live::{Knobs, Reference, SpeakerState};
pub use microphone::{DeviceNews, Heard, MicState, Microphone};
pub use tee::Tee;

/// Plays. The implementation decides how far ahead of the ear it lets the caller run, and blocks beyond that.
pub trait Speaker: Send {
    /// Queues sound; blocks while the queue is full; returns `Stale` as soon as the turn is superseded.
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()>;

    /// Waits until everything queued was heard (or written), then closes the file or leaves the device idle.
    fn drain(&mut self, turn: &Turn) -> Result<()>;

    /// Discards what is queued, at once.
    fn hush(&mut self);

    /// How often the ear outran the voice since opening: silence where sound was still to come.
    fn underruns(&self) -> u64 {
        0
    }

    /// A new turn's sound begins with the next `play`: [`Speaker::played`] counts from there.
    fn begin_turn(&mut self) {}

    /// The same speaker for other threads: this one may be waiting inside `play`. See [`Knobs`] for what each does.
    fn knobs(&self) -> Knobs {
        Knobs::default()
    }

    /// See [`Knobs::played`].
    fn played(&self) -> u64 {
        self.knobs().played()
    }

    /// See [`Knobs::hold`].
    fn hold(&mut self, on: bool) {
        self.knobs().hold(on);
    }

    /// See [`Knobs::set_volume`].
    fn set_volume(&mut self, volume: f32) {
        self.knobs().set_volume(volume);
    }
}

/// `[audio]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Device name or index, or `default`.
    pub input: String,
    /// Device name or index, or `default`.
    pub output: String,
    /// 0.0 to 1.0.
    pub volume: f32,
    /// Longest sound file taken as a question, in seconds.
    pub max_audio_s: u32,
    /// Longest stretch handed to the recogniser at once, in seconds, 2 to 29 (Whisper's window is 30).
    pub max_utterance_s: u32,
    /// A pause at least this long, in ms, always ends an utterance.
    pub pause_ms: u32,
    /// Kept around speech on both sides, in ms.
    pub pad_ms: u32,
    /// Shorter sounds, in ms, are clicks and no speech.
    pub min_speech_ms: u32,
    /// Probability above which a frame is speech, 0.0 to 1.0.
    pub speech_threshold: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            input: "default".into(),
            output: "default".into(),
            volume: 1.0,
            max_audio_s: 120,
            max_utterance_s: 28,
            pause_ms: 2000,
            pad_ms: 200,
            min_speech_ms: 100,
            speech_threshold: 0.5,
        }
    }
}

/// A sound device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// What `audio.input` and `audio.output` take, besides the name.
    pub index: usize,
    /// What `audio.input` and `audio.output` take.
    pub name: String,
    /// For people.
    pub description: String,
    /// Whether `default` means this one.
    pub default: bool,
    /// Hz, of the form we would open it in.
    pub rate: u32,
    pub channels: u16,
}

/// Which of these devices a name means: exactly, by number, or by a part of name or description that only one has. The
/// error is how many have it.
pub fn find(wanted: &str, devices: &[DeviceInfo]) -> Result<usize, usize> {
    let part = wanted.to_lowercase();
    let exact = |info: &DeviceInfo| info.name == wanted || wanted.parse() == Ok(info.index);
    let partly = |info: &DeviceInfo| info.name.to_lowercase().contains(&part) || info.description.to_lowercase().contains(&part);
    if let Some(at) = devices.iter().position(exact) {
        return Ok(at);
    }
    let found: Vec<usize> = devices.iter().enumerate().filter(|(_, info)| partly(info)).map(|(at, _)| at).collect();
    match found[..] {
        [at] => Ok(at),
        _ => Err(found.len()),
    }
}

/// Every device that can capture, the default one first.
pub fn inputs() -> Result<Vec<DeviceInfo>> {
    device::inputs()
}

/// Every device that can play, the default one first.
pub fn outputs() -> Result<Vec<DeviceInfo>> {
    device::outputs()
}

/// Opens the device that `audio.output` names. It makes no sound before the first [`Speaker::play`].
pub fn open_speaker(settings: &Settings) -> Result<Box<dyn Speaker>> {
    device::open(settings)
}

/// Opens the device that `audio.input` names, and captures from now on. Lost, it is lost for good.
pub fn open_microphone(settings: &Settings) -> Result<Box<dyn Microphone>> {
    device::open_microphone(&settings.input)
}

/// A speaker for a conversation: opened in the background, reopened when its device comes back, changed by
/// [`Knobs::retarget`]. Without a device its sound passes unheard at its own pace; [`Knobs::state`] says so.
pub fn open_live_speaker(settings: &Settings) -> Box<dyn Speaker> {
    device::open_live_speaker(settings)
}

/// A microphone for a conversation: opened in the background, reopened when its device comes back. Its `read` fails
/// never; [`Heard::state`] and [`Heard::news`] say how it is.
pub fn open_live_microphone(settings: &Settings) -> Box<dyn Microphone> {
    device::open_live_microphone(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(index: usize, name: &str, description: &str) -> DeviceInfo {
        DeviceInfo { index, name: name.into(), description: description.into(), default: index == 0, rate: 48_000, channels: 1 }
    }

    #[test]
    fn a_device_is_found_by_name_number_or_a_part_that_fits_only_one() {
        let list =
            [device(0, "pulse", "PulseAudio"), device(1, "hw:CARD=USB,DEV=0", "USB microphone"), device(2, "hw:CARD=PCH,DEV=0", "HDA")];
        for (wanted, found) in [
            ("pulse", Ok(0)),
            ("1", Ok(1)),
            ("usb", Ok(1)),
            ("USB MIC", Ok(1)),
            ("hda", Ok(2)),
            ("hw:", Err(2)),
            ("7", Err(0)),
            ("x", Err(0)),
        ] {
            assert_eq!(find(wanted, &list), found, "{wanted}");
        }
    }
}
