//! Microphone and speaker that go, come back, or are exchanged for others.

use std::time::{Duration, Instant};

use xnai::{
    audio::{
        DeviceNews, Heard, MicState, Microphone,
        fake::{Clock, FakeMicrophone, PERIOD, Script},
    },
    error::{Kind, Result},
    pipeline::{
        News, Notice,
        live::{Command, Start},
        news::{DeviceState, Origin, Side},
    },
};

use super::{PATIENCE, Rig, Tagged};

/// The fake microphone as one that comes back: unplugged it is lost, which is no error. Unlike `FakeMicrophone::open_live`,
/// which is opened on a thread of its own, it hears from the first sample of the clock on.
struct Returning(FakeMicrophone, MicState);

impl Microphone for Returning {
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard> {
        let gone = Heard { samples: 0, dropped: 0, at: Instant::now(), state: MicState::Lost, news: None };
        let heard = self.0.read(out, patience).unwrap_or(gone);
        let news = match (std::mem::replace(&mut self.1, heard.state), heard.state) {
            (MicState::Live, MicState::Lost) => Some(DeviceNews::Lost),
            (MicState::Lost, MicState::Live) => Some(DeviceNews::Back),
            _ => None,
        };
        Ok(Heard { news, ..heard })
    }

    fn name(&self) -> String {
        self.0.name()
    }
}

pub fn returning(clock: &Clock) -> (Box<dyn Microphone>, Script) {
    let (microphone, script) = FakeMicrophone::open(clock);
    (Box::new(Returning(microphone, MicState::Live)), script)
}

fn rig() -> Rig {
    let clock = Clock::by_hand();
    Rig::hearing(returning(&clock), (clock, Start::default()), |_| Box::new(Tagged), |_, _| ())
}

impl Rig {
    /// Waits until the face is told this of a device.
    #[track_caller]
    fn told_of(&self, side: Side, wanted: impl Fn(&DeviceState) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.news.recv_timeout(Duration::from_millis(1)).map(|told| told.news) {
                Ok(News::Device(which, state)) if which == side && wanted(&state) => return,
                Ok(_) => {}
                Err(_) => self.clock.advance(PERIOD),
            }
        }
        panic!("not told of the {side:?}");
    }

    #[track_caller]
    fn plays(&self, device: &str) {
        self.told_of(Side::Output, |state| *state == DeviceState::Open(device.into()));
    }
}

#[test]
fn a_face_is_told_the_name_of_the_speaker_that_plays_and_of_the_next() {
    let mut rig = rig();
    rig.plays("fake speaker");
    rig.send(Command::Output("usb".into()));
    rig.plays("usb");
}

#[test]
fn whoever_holds_the_key_is_told_that_the_microphone_ended_the_question() {
    let mut rig = rig();
    rig.plays("fake speaker");
    rig.send(Command::Press);
    rig.at_once(|n| matches!(n, Notice::Began(Origin::Key)));
    rig.script.unplug();
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "not told");
        match rig.news.recv_timeout(Duration::from_millis(1)).map(|told| told.news) {
            Ok(News::Note(note)) if note.contains("in the middle of your question") => return,
            _ => rig.clock.advance(PERIOD),
        }
    }
}

#[test]
fn a_key_is_obeyed_while_there_is_no_microphone() {
    let mut rig = rig();
    rig.script.unplug();
    rig.told_of(Side::Input, |state| matches!(state, DeviceState::Lost(_)));
    rig.send(Command::Press);
    rig.at_once(|n| matches!(n, Notice::Began(Origin::Key)));
    rig.send(Command::Release);
    assert!(matches!(rig.at_once(|n| matches!(n, Notice::Failed(_))), Notice::Failed(error) if error.kind() == Kind::Repeat));
    rig.script.plug();
    rig.told_of(Side::Input, |state| matches!(state, DeviceState::Open(_)));
}

#[test]
fn what_was_said_until_the_microphone_went_is_answered() {
    let mut rig = rig();
    rig.send(Command::Press);
    rig.at_once(|n| matches!(n, Notice::Began(Origin::Key)));
    let over = rig.script.say_at(rig.clock.now(), Rig::question());
    rig.pass(over);
    rig.script.unplug();
    rig.until(|n| matches!(n, Notice::Transcript(_)));
    rig.until(|n| matches!(n, Notice::Sounded));
}
