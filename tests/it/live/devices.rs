//! Microphone and speaker that go, come back, or are exchanged for others.

use std::time::{Duration, Instant};

use xnai::{
    audio::fake::{Clock, PERIOD},
    error::Kind,
    pipeline::{
        News, Notice,
        live::{Command, Start},
        news::{DeviceState, Origin, Side},
    },
};

use super::{PATIENCE, Rig};

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
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    rig.plays("fake speaker");
    rig.send(Command::Output("usb".into()));
    rig.plays("usb");
}

#[test]
fn a_key_is_obeyed_while_there_is_no_microphone() {
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
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
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    rig.send(Command::Press);
    rig.at_once(|n| matches!(n, Notice::Began(Origin::Key)));
    let over = rig.script.say_at(rig.clock.now(), Rig::question());
    rig.pass(over);
    rig.script.unplug();
    rig.until(|n| matches!(n, Notice::Transcript(_)));
    rig.until(|n| matches!(n, Notice::Sounded));
}
