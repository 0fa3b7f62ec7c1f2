//! What is wanted of the listener: by who holds the key, by a face, by the conductor.

use std::time::{Duration, Instant};

use super::{Gone, Listening};
use crate::{
    audio::listen::Event as Noticed,
    pipeline::{
        conductor::{Event, Expect, Sound},
        live::{Wanted, waking::Waking},
        news::Origin,
    },
    turn::Turn,
};

/// When what was said ends like a sentence, this share of the configured pause means the end.
const SHORTER: f64 = 0.6;

impl Listening {
    pub(super) fn obey(&mut self, wanted: Wanted) -> Result<(), Gone> {
        let events = match wanted {
            Wanted::Press => self.press()?,
            Wanted::Release => self.release()?,
            Wanted::HandsFree(on) => self.switch(on)?,
            Wanted::Input(name) => self.retarget(&name),
            Wanted::Forget => self.forget(),
            Wanted::GiveUp(turn) if self.turn.as_ref().map(Turn::id) == Some(turn) => self.forget(),
            // Something else is being heard by now.
            Wanted::GiveUp(_) => Vec::new(),
            Wanted::Understood => self.understood(),
            Wanted::Expect(expect) => self.reckon_with(expect),
        };
        events.into_iter().try_for_each(|event| self.noticed(event))
    }

    fn press(&mut self) -> Result<Vec<Noticed>, Gone> {
        (self.key, self.released) = (true, None);
        let events = self.parts.segmenter.press();
        let begins = events.iter().any(|event| matches!(event, Noticed::Began { .. }));
        if self.turn.is_some() && !begins {
            // What was being heard already is meant now; the press silenced the turn that it had.
            let turn = self.parts.session.turn();
            self.turn = Some(turn.clone());
            self.report(Event::Sound(Sound::Began { turn, origin: Origin::Key }))?;
        }
        Ok(events)
    }

    fn release(&mut self) -> Result<Vec<Noticed>, Gone> {
        self.released = Some(Instant::now());
        // On a busy machine this thread may be late: what was said while the key was down waits to be read.
        self.hear(Duration::ZERO)?;
        let mut events = self.parts.segmenter.release();
        if self.lost {
            // No sound comes any more that could be the rest of it.
            events.extend(self.parts.segmenter.flush());
        }
        Ok(events)
    }

    fn switch(&mut self, on: bool) -> Result<Vec<Noticed>, Gone> {
        if self.key && self.released.is_none() {
            self.obey(Wanted::Release)?;
        }
        self.hands_free = on;
        if let Some(waking) = &mut self.parts.waking {
            waking.switch(on);
        }
        Ok(self.parts.segmenter.hands_free(on && self.parts.waking.is_none()))
    }

    fn retarget(&mut self, name: &str) -> Vec<Noticed> {
        self.parts.microphone.retarget(name);
        self.lose_microphone()
    }

    /// What was begun can get no end any more.
    pub(super) fn lose_microphone(&mut self) -> Vec<Noticed> {
        self.parts.waking.iter_mut().for_each(Waking::lose);
        self.parts.segmenter.flush()
    }

    fn forget(&mut self) -> Vec<Noticed> {
        self.parts.segmenter.forget();
        (self.turn, self.key, self.released) = (None, false, None);
        self.understood()
    }

    fn understood(&mut self) -> Vec<Noticed> {
        self.parts.waking.iter_mut().for_each(Waking::answered);
        Vec::new()
    }

    pub(super) fn reckon_with(&mut self, expect: Expect) -> Vec<Noticed> {
        let share = if expect == Expect::End { SHORTER } else { 1.0 };
        let pause = Duration::from_millis(self.parts.segmenter.settings().soft_pause_ms.into()).mul_f64(share);
        self.parts.segmenter.set_soft_pause(pause);
        Vec::new()
    }
}
