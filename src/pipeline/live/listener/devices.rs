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

/// A speaker that is lost again sooner was not back: one that can be opened and not used is opened again and again.
const STEADY: Duration = Duration::from_millis(500);

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
        if !is_worth_telling(self.output.as_ref(), &state, &mut self.turned, Instant::now()) {
            return Ok(());
        }
        self.output = Some(state.clone());
        self.report(Event::Changed(Change::Audible(!is_lost(&state))))?;
        self.tell(News::Device(Side::Output, state))
    }
}

fn is_lost(state: &DeviceState) -> bool {
    matches!(state, DeviceState::Lost(_))
}

/// Whether a face that was `told` another state is told this one; `turned` is since when it is away, or back, and that was
/// not told.
fn is_worth_telling(told: Option<&DeviceState>, state: &DeviceState, turned: &mut Option<Instant>, now: Instant) -> bool {
    let turns = told.is_some_and(|told| is_lost(told) != is_lost(state));
    let lasting = if is_lost(state) { BRIEFLY } else { STEADY };
    if turns && now - *turned.get_or_insert(now) < lasting {
        return false;
    }
    *turned = None;
    told != Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_that_is_gone_for_a_moment_is_not_told_to_be() {
        let (open, lost) = (DeviceState::Open("spk".into()), |why: &str| DeviceState::Lost(why.into()));
        let (start, mut turned) = (Instant::now(), None);
        let mut told = |before: Option<&DeviceState>, state: &DeviceState, after: Duration| {
            is_worth_telling(before, state, &mut turned, start + after)
        };
        let moment = BRIEFLY - Duration::from_millis(1);
        assert!(told(None, &lost("none"), Duration::ZERO), "from the beginning");
        assert!(told(Some(&lost("none")), &lost("it hangs"), Duration::ZERO), "another reason");
        assert!(!told(Some(&open), &lost("gone"), Duration::ZERO) && !told(Some(&open), &lost("gone"), moment));
        assert!(!told(Some(&open), &open, moment), "it is back");
        assert!(!told(Some(&open), &lost("gone"), BRIEFLY), "the next time counts anew");
        assert!(told(Some(&open), &lost("gone"), BRIEFLY * 2));
    }

    #[test]
    fn a_speaker_that_is_back_for_a_moment_is_not_told_to_be() {
        let (open, lost) = (DeviceState::Open("spk".into()), DeviceState::Lost("gone".into()));
        let (start, mut turned) = (Instant::now(), None);
        let mut told = |state: &DeviceState, after: Duration| is_worth_telling(Some(&lost), state, &mut turned, start + after);
        let moment = STEADY - Duration::from_millis(1);
        assert!(!told(&open, Duration::ZERO) && !told(&open, moment), "it may be lost again");
        assert!(!told(&lost, moment), "as it is");
        assert!(!told(&open, STEADY), "the next time counts anew");
        assert!(told(&open, STEADY * 2), "it lasts");
    }
}
