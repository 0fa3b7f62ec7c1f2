//! A name from the configuration into a device and the form in which we would open it.

use cpal::{
    BufferSize, ErrorKind, SampleFormat, StreamConfig, SupportedStreamConfig, SupportedStreamConfigRange,
    traits::{DeviceTrait, HostTrait},
};

use super::{DeviceInfo, quiet};
use crate::audio::find;
use crate::error::{Error, Result, Room};

/// Each of the device's two buffers: small enough that a hush is heard at once, large enough for a busy machine.
const BUFFER_MS: u32 = 20;

/// In the order in which we like them: speech needs no more.
const RATES: [u32; 2] = [48_000, 44_100];

/// What a device is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

impl Way {
    fn key(self) -> &'static str {
        match self {
            Way::In => "audio.input",
            Way::Out => "audio.output",
        }
    }

    /// What else one could do.
    fn instead(self) -> &'static str {
        match self {
            Way::In => "type the question",
            Way::Out => "use --out FILE.wav",
        }
    }

    fn default(self, host: &cpal::Host) -> Option<cpal::Device> {
        match self {
            Way::In => host.default_input_device(),
            Way::Out => host.default_output_device(),
        }
    }

    fn best(self, device: &cpal::Device) -> Result<Option<SupportedStreamConfig>, cpal::Error> {
        Ok(match self {
            Way::In => best(device.supported_input_configs()?, self),
            Way::Out => best(device.supported_output_configs()?, self),
        })
    }
}

/// The devices that can do it, the default one first.
pub(super) fn list(way: Way) -> Result<Vec<DeviceInfo>> {
    Ok(able(way)?.into_iter().map(|(info, _)| info).collect())
}

fn able(way: Way) -> Result<Vec<(DeviceInfo, Choice)>> {
    quiet::alsa();
    let host = cpal::default_host();
    let default = way.default(&host);
    let default_id = default.as_ref().and_then(|d| d.id().ok());
    // Asking ALSA's JACK plugin what it can do makes libjack print to stderr wherever no JACK server runs.
    let is_jack = |d: &cpal::Device| d.id().is_ok_and(|id| id.to_string().ends_with(":jack"));
    let all = host.devices().map_err(|e| fault("default", way, &e))?;
    let others = all.filter(|d| d.id().ok() != default_id && !is_jack(d));
    let able = default.into_iter().chain(others).filter_map(|device| Choice::of(device, way).ok());
    let described = able.enumerate().map(|(index, choice)| (choice.info(index, default_id.as_ref()), choice));
    Ok(described.collect())
}

/// By `default`, exact name, number in the list, or a part of the name or the description that fits only one.
pub(super) fn choose(wanted: &str, way: Way) -> Result<Choice> {
    quiet::alsa();
    if wanted.is_empty() || wanted == "default" {
        let none = || Error::reopen(Room::Audio, "there is no sound device").hint(format!("plug one in, or {}", way.instead()));
        return Choice::of(way.default(&cpal::default_host()).ok_or_else(none)?, way);
    }
    let devices = able(way)?;
    let infos: Vec<DeviceInfo> = devices.iter().map(|(info, _)| info.clone()).collect();
    match find(wanted, &infos).ok().and_then(|at| devices.into_iter().nth(at)) {
        Some((_, choice)) => Ok(choice),
        None => {
            let names: Vec<_> = infos.iter().map(|info| info.name.as_str()).collect();
            let names = if names.is_empty() { "default".to_owned() } else { names.join(", ") };
            let error = Error::reopen(Room::Audio, format!("no sound device is called {wanted:?}"));
            Err(error.hint(format!("set {} to one of: {names}", way.key())))
        }
    }
}

/// A device and the form in which we would open it.
pub(super) struct Choice {
    pub device: cpal::Device,
    form: SupportedStreamConfig,
    way: Way,
}

impl Choice {
    fn of(device: cpal::Device, way: Way) -> Result<Self> {
        match way.best(&device).map_err(|e| fault(&name(&device), way, &e))? {
            Some(form) => Ok(Self { device, form, way }),
            None => Err(Error::reopen(Room::Audio, format!("the sound device {} has no form of sound that we know", name(&device)))),
        }
    }

    pub fn rate(&self) -> u32 {
        self.form.sample_rate()
    }

    pub fn channels(&self) -> u16 {
        self.form.channels()
    }

    pub fn format(&self) -> SampleFormat {
        self.form.sample_format()
    }

    pub fn name(&self) -> String {
        name(&self.device)
    }

    pub fn fault(&self, error: &cpal::Error) -> Error {
        fault(&self.name(), self.way, error)
    }

    fn info(&self, index: usize, default: Option<&cpal::DeviceId>) -> DeviceInfo {
        DeviceInfo {
            index,
            name: self.name(),
            description: self.device.to_string(),
            default: self.device.id().ok().as_ref() == default,
            rate: self.rate(),
            channels: self.channels(),
        }
    }

    /// Small buffers where the device has them, else whatever it likes.
    pub fn config(&self) -> StreamConfig {
        let wanted = self.rate() * BUFFER_MS / 1000;
        let buffer_size = match self.form.buffer_size() {
            cpal::SupportedBufferSize::Range { min, max } if min <= max => BufferSize::Fixed(wanted.clamp(*min, *max)),
            _ => BufferSize::Default,
        };
        StreamConfig { channels: self.channels(), sample_rate: self.rate(), buffer_size }
    }
}

/// The form nearest to what speech needs: few channels, a common rate, floats or 16 bits.
fn best(forms: impl Iterator<Item = SupportedStreamConfigRange>, way: Way) -> Option<SupportedStreamConfig> {
    let ours = forms.filter_map(|form| {
        let kind = match form.sample_format() {
            SampleFormat::F32 => 0,
            SampleFormat::I16 => 1,
            SampleFormat::I32 => 2,
            SampleFormat::U8 => 3,
            _ => return None,
        };
        let (low, high) = (form.min_sample_rate(), form.max_sample_rate());
        let liked = RATES.iter().position(|rate| (low..=high).contains(rate));
        let rate = liked.map_or_else(|| RATES[0].clamp(low, high), |n| RATES[n]);
        let channels = match (form.channels(), way) {
            // Heard, stereo comes before mono: a mono stream reaches only one ear on some devices.
            (2, Way::Out) | (1, Way::In) => 0,
            (1, Way::Out) | (2, Way::In) => 1,
            (more, _) => more,
        };
        Some(((liked.unwrap_or(RATES.len()), channels, kind), form, rate))
    });
    let (_, form, rate) = ours.min_by_key(|(rank, ..)| *rank)?;
    form.try_with_sample_rate(rate)
}

/// What `audio.input` and `audio.output` take.
fn name(device: &cpal::Device) -> String {
    device.id().map_or_else(|_| device.to_string(), |id| id.id().to_owned())
}

/// What cpal says, as a remedy.
fn fault(name: &str, way: Way, error: &cpal::Error) -> Error {
    let say = |what: &str| Error::reopen(Room::Audio, format!("the sound device {name} {what}"));
    let (key, instead) = (way.key(), way.instead());
    match error.kind() {
        ErrorKind::DeviceBusy => say("is in use by another program").hint(format!("close that program, or name another device as {key}")),
        ErrorKind::PermissionDenied => say("may not be used by you").hint("join the group `audio`, or start a sound server"),
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => say("is not there").hint(format!("plug it in, or {instead}")),
        _ => say(&format!("cannot be opened ({error})")).hint(format!("name another as {key}, or {instead}")),
    }
}
