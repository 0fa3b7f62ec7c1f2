//! One frame of 10 ms through the stages of the crate `aec3`: low rumble, echo, noise, loudness.

use std::time::Duration;

use aec3::{
    api::{config::EchoCanceller3Config, control::EchoControl},
    audio_processing::{
        aec3::echo_canceller3::EchoCanceller3,
        agc2::input_volume_controller,
        audio_buffer::AudioBuffer,
        gain_controller2::{GainController2, GainController2Config, InputVolumeControllerRuntimeConfig},
        high_pass_filter::HighPassFilter,
        ns::{NoiseSuppressor, NsConfig},
        stream_config::StreamConfig,
    },
};

use super::{super::wav::sane, FRAME, Frame, Settings};
use crate::parcel::EAR_RATE;

const RATE: usize = EAR_RATE as usize;

pub(super) const PRESENT: bool = true;

/// Samples by which the echo canceller is late: a block of 64 waits to be whole, and its filter overlaps the next one.
pub(super) const ECHO_LATENCY: usize = 128;

/// And by which noise suppression is: the overlap of its frames.
pub(super) const NOISE_LATENCY: usize = 96;

pub(super) struct Chain {
    form: StreamConfig,
    /// Samples on their way in and out, in the shape that the crate takes.
    samples: Vec<Vec<f32>>,
    heard: AudioBuffer,
    said: AudioBuffer,
    rumble: HighPassFilter,
    echo: Option<EchoCanceller3>,
    noise: Option<NoiseSuppressor>,
    loudness: Option<GainController2>,
}

// SAFETY: the crate's stages keep their parts in boxes of traits that do not ask for Send, so the compiler cannot see
// it; but each of those parts is plain numbers and vectors of its own, without Rc, Cell, raw pointer or thread-local
// (read in version 0.4.0, and a test notices another version), so a chain may move to another thread.
unsafe impl Send for Chain {}

impl Chain {
    pub fn new(settings: &Settings) -> Self {
        let buffer = || AudioBuffer::from_sample_rates(RATE, 1, RATE, 1, RATE);
        Self {
            form: StreamConfig::new(RATE, 1, false),
            samples: vec![vec![0.0; FRAME]],
            heard: buffer(),
            said: buffer(),
            rumble: HighPassFilter::new(EAR_RATE as i32, 1),
            echo: settings.cancel.then(|| EchoCanceller3::new(EchoCanceller3Config::default(), EAR_RATE as i32, 1, 1)),
            noise: settings.noise_suppression.then(|| NoiseSuppressor::new(NsConfig::default(), RATE, 1)),
            loudness: settings.auto_gain.then(loudness),
        }
    }

    /// Takes what was said out of what was heard.
    pub fn run(&mut self, heard: &mut Frame, said: &Frame) {
        self.samples[0].copy_from_slice(heard);
        self.rumble.process(&mut self.samples);
        self.heard.copy_from(&[&self.samples[0]], &self.form);
        if let Some(echo) = &mut self.echo {
            self.said.copy_from(&[said], &self.form);
            echo.analyze_render(&mut self.said);
            echo.analyze_capture(&mut self.heard);
            echo.process_capture(&mut self.heard, false);
        }
        if let Some(noise) = &mut self.noise {
            noise.analyze(&self.heard);
            noise.process(&mut self.heard);
        }
        if let Some(loudness) = &mut self.loudness {
            loudness.process(false, &mut self.heard);
        }
        self.heard.copy_to_stream(&self.form, &mut [heard]);
        heard.iter_mut().for_each(|s| *s = sane(*s));
    }

    /// How long after the frame it is paired with an echo is to be expected.
    pub fn expect(&mut self, delay: Duration) {
        if let Some(echo) = &mut self.echo {
            echo.set_audio_buffer_delay(i32::try_from(delay.as_millis()).unwrap_or(i32::MAX));
        }
    }

    /// The adaptive filter's echo return loss enhancement in dB, and the delay found.
    pub fn found(&self) -> (f32, Duration) {
        let metrics = self.echo.as_ref().map(EchoControl::metrics).unwrap_or_default();
        (metrics.echo_return_loss_enhancement as f32, Duration::from_millis(u64::try_from(metrics.delay_ms).unwrap_or(0)))
    }
}

/// Digital gain only: the microphone's own volume belongs to its user.
fn loudness() -> GainController2 {
    let config = GainController2Config {
        input_volume_controller: InputVolumeControllerRuntimeConfig { enabled: false },
        ..GainController2Config::default()
    };
    GainController2::new(config, input_volume_controller::Config::default(), RATE, 1, true)
}
