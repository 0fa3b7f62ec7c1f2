//! A microphone that goes and comes in the middle of a conversation.

use std::{
    thread,
    time::{Duration, Instant},
};

use xnai::{
    audio::fake::{CLOCK_RATE, Clock, FakeMicrophone, PERIOD},
    config::Config,
    pipeline::{
        Crew, News, Notice,
        live::Start,
        news::{DeviceState, Side},
    },
};

use super::{PATIENCE, Rig, Tagged};

const HANDS_FREE: Start = Start { hands_free: true, edit: false, history: Vec::new() };

/// A conversation whose microphone is opened again when it is back.
fn rig(tune: impl FnOnce(&mut Config, &mut Crew)) -> Rig {
    let clock = Clock::by_hand();
    let microphone = FakeMicrophone::open_live(&clock);
    Rig::hearing(microphone, (clock, HANDS_FREE), |_| Box::new(Tagged), tune)
}

impl Rig {
    /// Waits until that has become of the microphone. Time passes as it does for a real one.
    #[track_caller]
    fn microphone(&self, wanted: impl Fn(&DeviceState) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let is = |news: &News| matches!(news, News::Device(Side::Input, state) if wanted(state));
        while !self.news.try_iter().any(|told| is(&told.news)) {
            assert!(Instant::now() < deadline, "no such news of the microphone");
            self.clock.advance(PERIOD);
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn lose_and_find_the_microphone(&self) {
        self.microphone(|state| matches!(state, DeviceState::Open(_)));
        self.script.unplug();
        self.microphone(|state| matches!(state, DeviceState::Lost(_)));
        self.script.plug();
        self.microphone(|state| matches!(state, DeviceState::Open(_)));
    }
}

#[test]
fn who_speaks_after_the_microphone_was_gone_is_heard() {
    let rig = rig(|_, _| ());
    rig.lose_and_find_the_microphone();
    rig.script.say_at(rig.clock.now() + u64::from(CLOCK_RATE), Rig::question());
    let Notice::Transcript(transcript) = rig.until(|n| matches!(n, Notice::Transcript(_))) else { unreachable!() };
    assert_eq!(transcript.text, "How long is the refund window?");
    rig.until(|n| matches!(n, Notice::Sounded));
}

#[test]
fn what_was_begun_when_the_microphone_went_away_comes_to_an_end() {
    let rig = rig(|_, _| ());
    rig.microphone(|state| matches!(state, DeviceState::Open(_)));
    rig.script.say_at(rig.clock.now(), Rig::question().repeat(4));
    rig.until(|n| matches!(n, Notice::Began(_)));
    rig.pass(rig.clock.now() + 2 * u64::from(CLOCK_RATE));
    rig.script.unplug();
    rig.until(|n| matches!(n, Notice::Transcript(_)));
    rig.until(|n| matches!(n, Notice::Sounded));
}

#[cfg(feature = "echo")]
mod echo {
    use xnai::{
        error::Result,
        parcel::{EAR_RATE, Pcm, Sentence, Spoken, Transcript, Utterance},
        pipeline::{conductor::Voice, live::Command},
        stt::Stt,
        tts::{PcmSink, Tts},
        turn::Turn,
    };

    use super::*;

    /// Says the same for every fragment, as people do.
    struct Human(Vec<f32>);

    impl Tts for Human {
        fn say(&mut self, _: &Sentence, turn: &Turn, out: &mut PcmSink<'_>) -> Result<Spoken> {
            turn.alive()?;
            out(Pcm::new(self.0.clone(), EAR_RATE))?;
            Ok(Spoken { samples: self.0.len(), cached: false })
        }

        fn cost(&self, _: &Sentence) -> Duration {
            Duration::ZERO
        }
    }

    /// Understands nothing, so that every answer goes on.
    struct Dull;

    impl Stt for Dull {
        fn transcribe(&mut self, _: &Utterance, turn: &Turn) -> Result<Transcript> {
            turn.alive()?;
            Ok(Transcript::default())
        }
    }

    impl Rig {
        /// Lets so many seconds pass, no faster than the microphone is read; how often the voice held its breath.
        #[track_caller]
        fn listen(&self, seconds: u64) -> usize {
            let (end, mut held, mut count) = (self.clock.now() + seconds * u64::from(CLOCK_RATE), false, 0);
            while self.clock.now() < end {
                self.clock.advance(PERIOD);
                let deadline = Instant::now() + PATIENCE;
                while self.script.read() < self.clock.now() {
                    assert!(Instant::now() < deadline, "the microphone is not read");
                    thread::sleep(Duration::from_micros(100));
                }
                for told in self.news.try_iter() {
                    let News::Doing(doing) = told.news else { continue };
                    count += usize::from(doing.voice == Voice::Held && !held);
                    held = doing.voice == Voice::Held;
                }
            }
            count
        }
    }

    #[test]
    fn its_own_voice_makes_it_stutter_no_more_after_the_microphone_was_gone() {
        let clock = Clock::by_hand();
        let voice = |_: &_| -> Box<dyn Tts> { Box::new(Human(Rig::question())) };
        let mut rig = Rig::hearing(FakeMicrophone::open_live(&clock), (clock, HANDS_FREE), voice, |config, crew| {
            config.echo.cancel = true;
            crew.ear = Some(Box::new(|| Ok(Box::new(Dull))));
        });
        rig.script.hear_speaker(&rig.heard, 0.3, Duration::from_millis(60));
        rig.microphone(|state| matches!(state, DeviceState::Open(_)));
        rig.send(Command::Ask("why?".into()));
        rig.until(|n| matches!(n, Notice::Sounded));
        let first = [rig.listen(2), rig.listen(4)];
        rig.script.unplug();
        rig.microphone(|state| matches!(state, DeviceState::Lost(_)));
        // As much as is kept of what is played.
        (0..30).for_each(|_| {
            rig.clock.advance(PERIOD * 10);
            thread::sleep(Duration::from_millis(30));
        });
        rig.script.plug();
        rig.microphone(|state| matches!(state, DeviceState::Open(_)));
        let again = [rig.listen(2), rig.listen(4)];
        println!("held {first:?} times, and {again:?} times after the microphone was gone");
        assert_eq!((first[1], again[1]), (0, 0));
    }
}
