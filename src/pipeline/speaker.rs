//! The speaker's thread: takes sound from the lane, plays it, and says when a turn was heard to its end.

use std::sync::{Arc, mpsc::SyncSender};

use super::{
    Message,
    conductor::Event,
    lane::{Lane, Load},
    worker::{self, Engine, Opener},
};
use crate::{
    audio::Speaker,
    error::Result,
    parcel::Pcm,
    turn::{Turn, TurnId},
};

/// Starts the thread; `gone` is dropped when it has ended and its file or device is in order.
pub fn spawn(open: Opener<dyn Speaker>, lane: Arc<Lane>, events: SyncSender<Message>, gone: SyncSender<()>) -> Result<()> {
    let body = move || {
        let _gone = gone;
        match worker::timed_open(Engine::Speaker, open, &events) {
            Ok(device) => {
                lane.attach(device.knobs());
                Playing { device, lane, events, sounding: None }.run();
            }
            Err(error) => refuse(&lane, &events, &error),
        }
    };
    worker::start(Engine::Speaker.name(), body).map(|_| ())
}

struct Playing {
    device: Box<dyn Speaker>,
    lane: Arc<Lane>,
    events: SyncSender<Message>,
    /// The turn whose sound was played last.
    sounding: Option<TurnId>,
}

impl Playing {
    fn run(mut self) {
        while let Some((turn, load)) = self.lane.pop() {
            let event = worker::guarded(Engine::Speaker, || match load? {
                Load::Mark(index) => Ok(Some(Event::Sounding { turn: turn.id(), index })),
                Load::Sound(sound) => self.sound(&sound, &turn),
                Load::End => self.device.drain(&turn).map(|()| Some(Event::Drained { turn: turn.id(), result: Ok(()) })),
            });
            let event = event.flatten();
            let event = event.unwrap_or_else(|error| self.failed(&turn, error));
            if event.is_some_and(|event| self.events.send(Message::Event(event)).is_err()) {
                break;
            }
        }
        self.device.hush();
    }

    fn sound(&mut self, sound: &Pcm, turn: &Turn) -> Result<Option<Event>> {
        let new = self.sounding != Some(turn.id());
        if new {
            self.device.begin_turn();
        }
        self.device.play(sound, turn)?;
        self.sounding = Some(turn.id());
        Ok(new.then_some(Event::Sounded { turn: turn.id() }))
    }

    fn failed(&mut self, turn: &Turn, error: crate::error::Error) -> Option<Event> {
        self.device.hush();
        (!error.is_stale()).then(|| Event::Drained { turn: turn.id(), result: Err(error) })
    }
}

/// Without a device every turn's sound ends in the reason why there is none.
fn refuse(lane: &Lane, events: &SyncSender<Message>, error: &crate::error::Error) {
    while let Some((turn, _)) = lane.pop() {
        let event = Event::Drained { turn: turn.id(), result: Err(error.clone()) };
        if events.send(Message::Event(event)).is_err() {
            break;
        }
    }
}
