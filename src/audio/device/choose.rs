//! A name from the configuration into an opened device: which one, in which form, with what buffer.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use cpal::{
    BufferSize, ErrorKind, OutputCallbackInfo, SampleFormat, SizedSample, StreamConfig, SupportedStreamConfig, SupportedStreamConfigRange,
    traits::{DeviceTrait, HostTrait},
};

use super::{
    DeviceInfo,
    mouth::{Mouth, Shared},
    quiet,
};
use crate::error::{Error, Result, Room};

/// Each of the device's two buffers: small enough that a hush is heard at once, large enough for a busy machine.
const BUFFER_MS: u32 = 20;

/// In the order in which we like them: speech needs no more.
const RATES: [u32; 2] = [48_000, 44_100];

pub(in super::super) fn list() -> Result<Vec<DeviceInfo>> {
    Ok(playing()?.into_iter().map(|(info, _)| info).collect())
}

/// The devices that can play, the default one first.
fn playing() -> Result<Vec<(DeviceInfo, Choice)>> {
    quiet::alsa();
    let host = cpal::default_host();
    let default = host.default_output_device();
    let default_id = default.as_ref().and_then(|d| d.id().ok());
    // Asking ALSA's JACK plugin what it can do makes libjack print to stderr wherever no JACK server runs.
    let is_jack = |d: &cpal::Device| d.id().is_ok_and(|id| id.to_string().ends_with(":jack"));
    let others = host.devices().map_err(|e| fault("default", &e))?.filter(|d| d.id().ok() != default_id && !is_jack(d));
    let able = default.into_iter().chain(others).filter_map(|device| Choice::of(device).ok());
    let described = able.enumerate().map(|(index, choice)| (choice.info(index, default_id.as_ref()), choice));
    Ok(described.collect())
}

/// By `default`, exact name, number in the list, or a part of the name or the description that fits only one.
pub(super) fn choose(wanted: &str) -> Result<Choice> {
    quiet::alsa();
    if wanted.is_empty() || wanted == "default" {
        let none = || Error::reopen(Room::Audio, "there is no sound device").hint("plug one in, or use --out FILE.wav");
        return Choice::of(cpal::default_host().default_output_device().ok_or_else(none)?);
    }
    let devices = playing()?;
    let part = wanted.to_lowercase();
    let exact = |(info, _): &(DeviceInfo, Choice)| info.name == wanted || wanted.parse() == Ok(info.index);
    let partly =
        |(info, _): &(DeviceInfo, Choice)| info.name.to_lowercase().contains(&part) || info.description.to_lowercase().contains(&part);
    let found = match devices.iter().position(exact) {
        None if devices.iter().filter(|d| partly(d)).count() == 1 => devices.iter().position(partly),
        found => found,
    };
    let names: Vec<_> = devices.iter().map(|(info, _)| info.name.clone()).collect();
    match found.and_then(|at| devices.into_iter().nth(at)) {
        Some((_, choice)) => Ok(choice),
        None => Err(Error::reopen(Room::Audio, format!("no sound device is called {wanted:?}"))
            .hint(format!("set audio.output to one of: {}", if names.is_empty() { "default".into() } else { names.join(", ") }))),
    }
}

/// A device and the form in which we would open it.
pub(super) struct Choice {
    device: cpal::Device,
    form: SupportedStreamConfig,
}

impl Choice {
    fn of(device: cpal::Device) -> Result<Self> {
        let forms = device.supported_output_configs().map_err(|e| fault(&name(&device), &e))?;
        match best(forms) {
            Some(form) => Ok(Self { device, form }),
            None => Err(Error::reopen(Room::Audio, format!("the sound device {} takes no form of sound that we make", name(&device)))),
        }
    }

    pub fn rate(&self) -> u32 {
        self.form.sample_rate()
    }

    pub fn channels(&self) -> u16 {
        self.form.channels()
    }

    pub fn name(&self) -> String {
        name(&self.device)
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

    /// Opens it; the mouth's samples are what it plays. It begins when told to.
    pub fn stream(&self, shared: Arc<Shared>, mouth: Mouth) -> Result<cpal::Stream> {
        match self.form.sample_format() {
            SampleFormat::F32 => self.typed::<f32>(shared, mouth),
            SampleFormat::I32 => self.typed::<i32>(shared, mouth),
            SampleFormat::I16 => self.typed::<i16>(shared, mouth),
            _ => self.typed::<u8>(shared, mouth),
        }
    }

    fn typed<T: SizedSample + cpal::FromSample<f32>>(&self, shared: Arc<Shared>, mut mouth: Mouth) -> Result<cpal::Stream> {
        let errors = shared.clone();
        let data = move |out: &mut [T], info: &OutputCallbackInfo| {
            let time = info.timestamp();
            let ahead = time.playback.saturating_duration_since(time.callback).as_micros();
            shared.latency_us.store(ahead.min(u128::from(u64::MAX)) as u64, Relaxed);
            mouth.fill(out);
        };
        let error = move |e: cpal::Error| match e.kind() {
            ErrorKind::Xrun => {
                errors.underruns.fetch_add(1, Relaxed);
            }
            ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
            // PulseAudio's plugin answers so to a question about its delay that comes before the server's first word on
            // it. Where it means the end, the samples stop, and that is noticed.
            ErrorKind::BackendError => {}
            _ => errors.lost.store(true, Relaxed),
        };
        let built = self.device.build_output_stream(self.config(), data, error, None);
        built.map_err(|e| fault(&self.name(), &e))
    }

    /// Small buffers where the device has them, else whatever it likes.
    fn config(&self) -> StreamConfig {
        let wanted = self.rate() * BUFFER_MS / 1000;
        let buffer_size = match self.form.buffer_size() {
            cpal::SupportedBufferSize::Range { min, max } if min <= max => BufferSize::Fixed(wanted.clamp(*min, *max)),
            _ => BufferSize::Default,
        };
        StreamConfig { channels: self.channels(), sample_rate: self.rate(), buffer_size }
    }
}

/// The form nearest to what speech needs: few channels, a common rate, floats or 16 bits.
fn best(forms: impl Iterator<Item = SupportedStreamConfigRange>) -> Option<SupportedStreamConfig> {
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
        // Stereo before mono: a mono stream reaches only one ear on some devices.
        let channels = match form.channels() {
            2 => 0,
            1 => 1,
            more => more,
        };
        Some(((liked.unwrap_or(RATES.len()), channels, kind), form, rate))
    });
    let (_, form, rate) = ours.min_by_key(|(rank, ..)| *rank)?;
    form.try_with_sample_rate(rate)
}

/// What `audio.output` takes.
fn name(device: &cpal::Device) -> String {
    device.id().map_or_else(|_| device.to_string(), |id| id.id().to_owned())
}

/// What cpal says, as a remedy.
pub(super) fn fault(name: &str, error: &cpal::Error) -> Error {
    let say = |what: &str| Error::reopen(Room::Audio, format!("the sound device {name} {what}"));
    match error.kind() {
        ErrorKind::DeviceBusy => say("is in use by another program").hint("close that program, or name another device as audio.output"),
        ErrorKind::PermissionDenied => say("may not be used by you").hint("join the group `audio`, or start a sound server"),
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => say("is not there").hint("plug it in, or use --out FILE.wav"),
        _ => say(&format!("cannot be opened ({error})")).hint("name another as audio.output, or use --out FILE.wav"),
    }
}
