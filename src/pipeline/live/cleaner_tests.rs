//! A speaker in the same room as the microphone, sample by sample: what is left of it, also after the microphone was gone.

use std::time::Duration;

use super::*;
use crate::{
    audio::{
        Microphone, Speaker,
        fake::{CLOCK_RATE, Clock, FakeMicrophone, FakeSpeaker},
    },
    parcel::Pcm,
    turn::{Session, Turn},
};

/// Played and heard at a time, in ms and in samples.
const STEP_MS: usize = 20;
const STEP: usize = EAR_RATE as usize * STEP_MS / 1000;

struct Room {
    clock: Clock,
    speaker: Box<dyn Speaker>,
    microphone: FakeMicrophone,
    cleaner: Cleaner,
    turn: Turn,
    /// What is said, again and again, and where we are in it.
    voice: Vec<f32>,
    at: usize,
}

impl Room {
    fn new() -> Self {
        let clock = Clock::by_hand();
        let (speaker, recording) = FakeSpeaker::open(&clock, EAR_RATE);
        let (microphone, script) = FakeMicrophone::open(&clock);
        script.hear_speaker(&recording, 0.4, Duration::from_millis(60));
        let mut reader = hound::WavReader::open("assets/question.wav").unwrap();
        let voice = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
        let cleaner = Cleaner::new(&echo::Settings::default()).unwrap();
        Self { clock, speaker, microphone, cleaner, turn: Session::new().turn(), voice, at: 0 }
    }

    /// Speaks for so many ms; what was heard of it, and what was left of that. Without a microphone nothing is.
    fn speak(&mut self, ms: usize, plugged: bool) -> (Vec<f32>, Vec<f32>) {
        let (mut heard, mut left) = (Vec::new(), Vec::new());
        for _ in 0..ms / STEP_MS {
            let sound: Vec<f32> = (0..STEP).map(|n| self.voice[(self.at + n) % self.voice.len()]).collect();
            self.at += STEP;
            self.speaker.play(&Pcm::new(sound, EAR_RATE), &self.turn).unwrap();
            self.clock.advance(u64::from(CLOCK_RATE) * STEP_MS as u64 / 1000);
            let mut raw = Vec::new();
            self.microphone.read(&mut raw, Duration::ZERO).unwrap();
            raw.truncate(if plugged { raw.len() } else { 0 });
            self.cleaner.clean(&raw, Some(&self.speaker.knobs()), &mut left);
            heard.append(&mut raw);
        }
        (heard, left)
    }
}

fn decibels((heard, left): (Vec<f32>, Vec<f32>)) -> f32 {
    let power = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
    10.0 * (power(&heard) / (power(&left) + 1e-12)).log10()
}

#[test]
fn our_voice_goes_again_soon_after_the_microphone_was_gone() {
    let mut room = Room::new();
    room.speak(2000, true);
    let first = decibels(room.speak(2000, true));
    room.speak(3000, false);
    room.cleaner.begin_anew();
    // As long as it takes to know a room.
    room.speak(1500, true);
    let again = decibels(room.speak(2000, true));
    assert!(first > 20.0 && again > 20.0, "{first} dB, and then {again}");
}
