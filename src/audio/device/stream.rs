//! A chosen device into a running stream: its callbacks hand the samples over, its errors become flags.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use cpal::{ErrorKind, FromSample, InputCallbackInfo, OutputCallbackInfo, SampleFormat, SizedSample, traits::DeviceTrait};

use super::choose::Choice;
use crate::{
    audio::live::{Breath, Lung, Playing, Returning, Shared},
    error::Result,
};

/// Opens it for playing. It begins when told to.
pub(super) fn play(choice: &Choice, shared: &Arc<Shared>) -> Result<Playing<cpal::Stream>> {
    let (mouth, inlet, back) = Returning::new();
    let failed = Arc::new(AtomicBool::new(false));
    let stream = match choice.format() {
        SampleFormat::F32 => output::<f32>(choice, shared, mouth, &failed),
        SampleFormat::I32 => output::<i32>(choice, shared, mouth, &failed),
        SampleFormat::I16 => output::<i16>(choice, shared, mouth, &failed),
        _ => output::<u8>(choice, shared, mouth, &failed),
    };
    let stream = stream.map_err(|e| choice.fault(&e))?;
    let (name, channels, rate) = (choice.name(), choice.channels(), choice.rate());
    Ok(Playing { stream, name, channels, rate, inlet, failed, back })
}

fn output<T: SizedSample + FromSample<f32>>(
    choice: &Choice,
    shared: &Arc<Shared>,
    mut mouth: Returning,
    failed: &Arc<AtomicBool>,
) -> Result<cpal::Stream, cpal::Error> {
    let (data_shared, shared, failed) = (shared.clone(), shared.clone(), failed.clone());
    let data = move |out: &mut [T], info: &OutputCallbackInfo| {
        let time = info.timestamp();
        data_shared.asked_at(time.playback.saturating_duration_since(time.callback));
        mouth.fill(out, T::from_sample);
    };
    let error = move |e: cpal::Error| match remedy(&e) {
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
    let data = move |captured: &[T], info: &InputCallbackInfo| {
        let time = info.timestamp();
        let oldest = time.callback.saturating_duration_since(time.capture);
        let length = Duration::from_secs_f64((captured.len() / channels) as f64 / rate);
        lung.breathe(captured, oldest.saturating_sub(length), |s| f32::from_sample_(s));
    };
    let error = move |e: cpal::Error| match remedy(&e) {
        // The device had to drop what we did not take in time: at least a period, we are not told how much.
        Remedy::Count => drop(breath.dropped.fetch_add(1, Relaxed)),
        Remedy::Ignore => {}
        Remedy::Reopen => breath.failed.store(true, Relaxed),
    };
    choice.device.build_input_stream(choice.config(), data, error, None)
}

enum Remedy {
    Count,
    Ignore,
    Reopen,
}

fn remedy(error: &cpal::Error) -> Remedy {
    match error.kind() {
        ErrorKind::Xrun => Remedy::Count,
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => Remedy::Ignore,
        // PulseAudio's plugin answers so to a question about its delay that comes before the server's first word on
        // it. Where it means the end, the samples stop, and that is noticed.
        ErrorKind::BackendError => Remedy::Ignore,
        _ => Remedy::Reopen,
    }
}
