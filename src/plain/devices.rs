//! News of microphone and speaker into what is said about them: changes, and a silent microphone once.

use super::face::{Act, tell};
use crate::pipeline::news::{DeviceState, Side};

/// What is known of the devices.
#[derive(Debug, Default)]
pub struct Devices {
    microphone: Option<DeviceState>,
    speaker: Option<DeviceState>,
    /// It was said that a microphone gives nothing but silence.
    muted: bool,
}

impl Devices {
    /// Why there is none to talk into.
    pub fn no_microphone(&self) -> Option<&str> {
        if let Some(DeviceState::Lost(why)) = &self.microphone { Some(why) } else { None }
    }

    pub fn told(&mut self, side: Side, state: &DeviceState) -> Vec<Act> {
        let (name, known) = match side {
            Side::Input => ("microphone", &mut self.microphone),
            Side::Output => ("speaker", &mut self.speaker),
        };
        if known.as_ref() == Some(state) {
            return Vec::new();
        }
        let before = known.replace(state.clone());
        // A virtual microphone is silent after every question: said once, that is of use.
        let again = self.muted;
        self.muted |= *state == DeviceState::Muted;
        match state {
            DeviceState::Open(_) if before == Some(DeviceState::Muted) => Vec::new(),
            DeviceState::Muted if again => Vec::new(),
            DeviceState::Open(device) => vec![tell(format!("{name}: {device}"))],
            DeviceState::Lost(why) => vec![tell(format!("{name} gone: {why}"))],
            DeviceState::Muted => vec![tell(format!("{name} gives nothing but silence: is it muted?"))],
        }
    }
}
