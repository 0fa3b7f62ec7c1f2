//! What became of the microphone and the speaker, told when it changes.

use std::time::{Duration, Instant};

use super::{Gone, Listening};
use crate::{
    audio::{DeviceNews, Heard, MicState, SpeakerState},
    pipeline::{
        conductor::{Change, Event},
        news::{DeviceState, News, Side},
    },
};

/// A speaker that is back so soon is not told to be gone: a sound server's sink that ran ahead of its time stands still
/// for a while, is taken for lost, and opens again at once.
const BRIEFLY: Duration = Duration::from_millis(150);

/// A question that nothing of is heard any more would otherwise be blamed on whoever asked it.
const ENDED: &str = "the microphone went away in the middle of your question: press the talk key again when it is back";

impl Listening {
    pub(super) fn device(&mut self, heard: &Heard) -> Result<(), Gone> {
        let lost = heard.state == MicState::Lost;
        if std::mem::replace(&mut self.lost, lost) && !lost {
            self.parts.cleaner.begin_anew();
        }
        let name = self.parts.microphone.name();
        let state = match heard.news {
            None => return Ok(()),
            Some(DeviceNews::Back | DeviceNews::Unmuted) => DeviceState::Open(name),
            Some(DeviceNews::Muted) => DeviceState::Muted,
            Some(DeviceNews::Lost) => {
                if self.key {
                    self.tell(News::Note(ENDED.into()))?;
                }
                let events = self.lose_microphone();
                events.into_iter().try_for_each(|event| self.noticed(event))?;
                let why = self.parts.microphone.trouble();
                DeviceState::Lost(why.map_or_else(|| format!("{name} went away"), |error| error.to_string()))
            }
        };
        self.tell(News::Device(Side::Input, state))
    }

    /// Without a speaker the answer is text alone.
    pub(super) fn speaker(&mut self) -> Result<(), Gone> {
        let Some(knobs) = self.parts.lane.knobs() else { return Ok(()) };
        let state = match (knobs.state(), knobs.device(), knobs.trouble()) {
            (SpeakerState::Fine, Some(name), _) => DeviceState::Open(name),
            (SpeakerState::Lost, _, Some(why)) => DeviceState::Lost(why.to_string()),
            // None was tried yet.
            _ => return Ok(()),
        };
        let lost = |state: &DeviceState| matches!(state, DeviceState::Lost(_));
        let told = self.output.as_ref();
        if told == Some(&state) {
            self.gone = None;
            return Ok(());
        }
        if lost(&state) && told.is_some_and(|told| !lost(told)) && self.gone.get_or_insert_with(Instant::now).elapsed() < BRIEFLY {
            return Ok(());
        }
        (self.output, self.gone) = (Some(state.clone()), None);
        self.report(Event::Changed(Change::Audible(!lost(&state))))?;
        self.tell(News::Device(Side::Output, state))
    }
}
