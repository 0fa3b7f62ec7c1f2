//! A conversation for tests: what the microphone brings, and the names of what was ordered.

use std::time::Instant;

use super::*;
use crate::parcel::{Piece, Transcript};
use crate::pipeline::news::Origin;
use crate::turn::Session;

/// A conversation; the names of what was ordered, in order.
pub struct Talk {
    pub state: State,
    pub session: Session,
    pub turn: Turn,
    pub orders: Vec<String>,
    /// Number of the last partial transcript ordered.
    pub partial: u32,
}

pub fn transcript(text: &str) -> Transcript {
    Transcript { text: text.into(), confidence: 1.0, ..Transcript::default() }
}

pub fn speech() -> Utterance {
    Utterance::new(vec![0.5; 16_000])
}

impl Talk {
    pub fn new() -> Self {
        Self::under(Rules::default())
    }

    pub fn under(rules: Rules) -> Self {
        let session = Session::new();
        let talk = Self { state: State::default(), turn: session.turn(), session, orders: Vec::new(), partial: 0 };
        let wish = Wish { aloud: true, ..Wish::default() };
        talk.on(Event::Changed(Change::Wish(Box::new(wish)))).on(Event::Changed(Change::Rules(rules)))
    }

    pub fn on(mut self, event: Event) -> Self {
        let (state, orders) = step(std::mem::take(&mut self.state), event);
        self.state = state;
        self.orders = orders.iter().map(super::tests::name).collect();
        orders.into_iter().for_each(|order| match order {
            Order::Cancel(turn) => turn.cancel(),
            Order::Partial(_, number, _) => self.partial = number,
            _ => {}
        });
        self
    }

    pub fn sound(self, sound: impl FnOnce(TurnId) -> Sound) -> Self {
        let id = self.turn.id();
        self.on(Event::Sound(sound(id)))
    }

    pub fn begins(mut self, origin: Origin) -> Self {
        self.turn = self.session.turn();
        let turn = self.turn.clone();
        self.on(Event::Sound(Sound::Began { turn, origin }))
    }

    pub fn speaks(self) -> Self {
        self.begins(Origin::HandsFree)
    }

    pub fn pauses(self) -> Self {
        self.sound(|turn| Sound::Paused { turn, speech: speech(), since: Instant::now() })
    }

    pub fn resumes(mut self) -> Self {
        self.turn = self.turn.revised();
        let turn = self.turn.clone();
        self.on(Event::Sound(Sound::Resumed { turn }))
    }

    pub fn ends(self) -> Self {
        self.sound(|turn| Sound::Ended { turn, speech: speech(), since: Instant::now() })
    }

    pub fn ends_empty(self) -> Self {
        self.sound(|turn| Sound::Ended { turn, speech: Utterance::default(), since: Instant::now() })
    }

    pub fn heard(self, text: &str) -> Self {
        let turn = self.turn.id();
        self.on(Event::Heard { turn, result: Ok(transcript(text)) })
    }

    /// The partial transcript ordered last.
    pub fn partly(self, text: &str) -> Self {
        let number = self.partial;
        self.partly_as(number, Ok(text))
    }

    /// An earlier one.
    pub fn partly_as(self, number: u32, result: Result<&str, Error>) -> Self {
        let turn = self.turn.id();
        self.on(Event::Partly { turn, number, result: result.map(transcript) })
    }

    pub fn wrote(self, text: &str) -> Self {
        let turn = self.turn.id();
        self.on(Event::Wrote { turn, piece: Piece { text: text.into() } })
    }

    /// An answer of three sentences of a second each, being spoken; its first two are synthesised.
    pub fn answering() -> Self {
        let mut talk = Self::new();
        let turn = talk.turn.clone();
        talk = talk.on(Event::Typed { turn, text: "why?".into() });
        talk = talk.wrote("Bread needs a warm place to rise. Nine hours are enough for it. Then it is baked. ");
        let turn = talk.turn.id();
        let second = || Ok(Made { length: Duration::from_secs(1), took: Duration::ZERO });
        talk.on(Event::Spoke { turn, result: second() }).on(Event::Spoke { turn, result: second() }).on(Event::Sounded { turn })
    }

    #[track_caller]
    pub fn is(self, ear: Ear, work: Work, voice: Voice, orders: &[&str]) -> Self {
        assert_eq!((self.state.ear, self.state.work, self.state.voice), (ear, work, voice), "{:?}", self.orders);
        assert_eq!(self.orders, orders);
        self
    }

    pub fn history(&self) -> Vec<(String, String)> {
        let standing = self.state.standing.as_ref().unwrap();
        standing.history.iter().map(|e| (e.question.clone(), e.answer.clone())).collect()
    }
}
