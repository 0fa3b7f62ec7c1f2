//! A chosen device into a running stream: its callbacks hand the samples over, its errors become flags.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use cpal::{ErrorKind, FromSample, InputCallbackInfo, OutputCallbackInfo, SampleFormat, SizedSample, traits::DeviceTrait};

use super::choose::Choice;
use crate::{
    audio::live::{Breath, Call, Caller, Lung, Playing, Shared},
    error::Result,
};

/// Opens it for playing. It begins when told to.
pub(super) fn play(choice: &Choice, shared: &Arc<Shared>) -> Result<Playing<cpal::Stream>> {
    let (mouth, seat) = Caller::new();
    let failed = Arc::new(AtomicBool::new(false));
    let stream = match choice.format() {
        SampleFormat::F32 => output::<f32>(choice, shared, mouth, &failed),
        SampleFormat::I32 => output::<i32>(choice, shared, mouth, &failed),
        SampleFormat::I16 => output::<i16>(choice, shared, mouth, &failed),
        _ => output::<u8>(choice, shared, mouth, &failed),
    };
    let stream = stream.map_err(|e| choice.fault(&e))?;
    let (name, channels, rate) = (choice.name(), choice.channels(), choice.rate());
    Ok(Playing { stream, name, channels, rate, seat, failed })
}

fn output<T: SizedSample + FromSample<f32>>(
    choice: &Choice,
    shared: &Arc<Shared>,
    mut mouth: Caller,
    failed: &Arc<AtomicBool>,
) -> Result<cpal::Stream, cpal::Error> {
    let (data_shared, shared, failed) = (shared.clone(), shared.clone(), failed.clone());
    let (well, mut faults) = Faults::pair();
    let data = move |out: &mut [T], info: &OutputCallbackInfo| {
        let _ours = Call::begin();
        well.store(0, Relaxed);
        let time = info.timestamp();
        if !mouth.is_given_up() {
            data_shared.asked_at(time.playback.saturating_duration_since(time.callback));
        }
        mouth.fill(out, T::from_sample);
    };
    let error = move |e: cpal::Error| match faults.remedy(&e) {
        Remedy::Count => drop(shared.underruns.fetch_add(1, Relaxed)),
        Remedy::Ignore => {}
        Remedy::Reopen => failed.store(true, Relaxed),
    };
    choice.device.build_output_stream(choice.config(), data, error, None)
}

/// Opens it for capturing. It begins when told to.
pub(super) fn capture(choice: &Choice, lung: Lung, breath: Arc<Breath>) -> Result<cpal::Stream> {
    let stream = match choice.format() {
        SampleFormat::F32 => input::<f32>(choice, lung, breath),
        SampleFormat::I32 => input::<i32>(choice, lung, breath),
        SampleFormat::I16 => input::<i16>(choice, lung, breath),
        _ => input::<u8>(choice, lung, breath),
    };
    stream.map_err(|e| choice.fault(&e))
}

fn input<T: SizedSample>(choice: &Choice, mut lung: Lung, breath: Arc<Breath>) -> Result<cpal::Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let (rate, channels) = (f64::from(choice.rate()), usize::from(choice.channels().max(1)));
    let (well, mut faults) = Faults::pair();
    let data = move |captured: &[T], info: &InputCallbackInfo| {
        let _ours = Call::begin();
        well.store(0, Relaxed);
        let time = info.timestamp();
        let oldest = time.callback.saturating_duration_since(time.capture);
        let length = Duration::from_secs_f64((captured.len() / channels) as f64 / rate);
        lung.breathe(captured, oldest.saturating_sub(length), |s| f32::from_sample_(s));
    };
    let error = move |e: cpal::Error| match faults.remedy(&e) {
        // The device had to drop what we did not take in time: at least a period, we are not told how much.
        Remedy::Count => drop(breath.dropped.fetch_add(1, Relaxed)),
        Remedy::Ignore => {}
        Remedy::Reopen => breath.failed.store(true, Relaxed),
    };
    choice.device.build_input_stream(choice.config(), data, error, None)
}

/// The call of ALSA, as cpal names it in words, that fails once PulseAudio's plugin has lost its server or its stream.
const DISCONNECTED: &str = "poll_descriptors";

/// So often in a row, without a sample between them, that is the end: who asks a dead server again is told again.
const TOO_OFTEN: u32 = 10;

/// Counts answers of a server that may be dead since the device was last well.
struct Faults(Arc<AtomicU32>);

enum Remedy {
    Count,
    Ignore,
    Reopen,
}

impl Faults {
    /// What to set to 0 whenever samples come or go, and what judges the errors.
    fn pair() -> (Arc<AtomicU32>, Self) {
        let count = Arc::new(AtomicU32::new(0));
        (count.clone(), Self(count))
    }

    fn remedy(&mut self, error: &cpal::Error) -> Remedy {
        let _ours = Call::begin();
        match error.kind() {
            ErrorKind::Xrun => Remedy::Count,
            ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => Remedy::Ignore,
            ErrorKind::BackendError => self.unexplained(error.message().unwrap_or_default()),
            _ => Remedy::Reopen,
        }
    }

    /// PulseAudio's plugin answers a question about its delay with an input/output error, as often as it is asked, until
    /// the server's first word on it: with an idle null sink for 2 s. Where an error means the end, the samples stop.
    fn unexplained(&mut self, message: &str) -> Remedy {
        match message.contains(DISCONNECTED) && self.0.fetch_add(1, Relaxed) >= TOO_OFTEN {
            true => Remedy::Reopen,
            false => Remedy::Ignore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(call: &str) -> cpal::Error {
        cpal::Error::with_message(ErrorKind::BackendError, format!("ALSA function '{call}' failed with error 'some words (5)'"))
    }

    #[test]
    fn a_disconnected_server_is_the_end_when_it_says_so_again_and_again() {
        let (well, mut faults) = Faults::pair();
        let mut fatal = |call, count| (0..count).filter(|_| matches!(faults.remedy(&error(call)), Remedy::Reopen)).count();
        let dead = "snd_pcm_poll_descriptors_revents";
        assert_eq!(fatal(dead, TOO_OFTEN), 0);
        well.store(0, Relaxed);
        assert_eq!(fatal(dead, TOO_OFTEN), 0);
        assert_eq!(fatal(dead, 1), 1);
        assert_eq!(fatal("snd_pcm_avail_delay", 1000), 0, "the delay is not known yet");
        assert!(matches!(faults.remedy(&cpal::Error::new(ErrorKind::DeviceNotAvailable)), Remedy::Reopen));
        assert!(matches!(faults.remedy(&cpal::Error::new(ErrorKind::Xrun)), Remedy::Count));
    }
}
