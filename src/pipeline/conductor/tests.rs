//! The conductor as a table: events in, states and orders out.

use super::*;
use crate::parcel::{Finish, Passages, Piece, Transcript};
use crate::turn::Session;

/// Runs events from the idle state and names what was ordered, in order.
struct Rig {
    state: State,
    session: Session,
    turn: Turn,
    orders: Vec<String>,
}

impl Rig {
    fn new() -> Self {
        let session = Session::new();
        Self { state: State::default(), turn: session.turn(), session, orders: Vec::new() }
    }

    fn on(mut self, event: Event) -> Self {
        let (state, orders) = step(std::mem::take(&mut self.state), event);
        self.state = state;
        self.orders = orders.iter().map(name).collect();
        for order in orders {
            if let Order::Cancel(turn) = order {
                turn.cancel();
            }
        }
        self
    }

    fn asks(self, wish: Wish) -> Self {
        let turn = self.turn.clone();
        self.on(Event::Asked { turn, question: Question::Typed("why?".into()), wish: Box::new(wish) })
    }

    fn asks_aloud(self, wish: Wish) -> Self {
        let turn = self.turn.clone();
        self.on(Event::Asked { turn, question: Question::Spoken(vec![Utterance::new(vec![0.0; 160])]), wish: Box::new(wish) })
    }

    fn heard(self, text: &str) -> Self {
        let turn = self.turn.id();
        self.on(Event::Heard { turn, result: Ok(Transcript { text: text.into(), ..Transcript::default() }) })
    }

    fn found(self, found: bool) -> Self {
        let turn = self.turn.id();
        self.on(Event::Found { turn, result: Ok(Passages { found, ..Passages::default() }) })
    }

    fn wrote(self, text: &str) -> Self {
        let turn = self.turn.id();
        self.on(Event::Wrote { turn, piece: Piece { text: text.into() } })
    }

    fn finished(self) -> Self {
        let turn = self.turn.id();
        self.on(Event::Finished { turn, result: Ok(Finish::default()) })
    }

    fn spoke(self) -> Self {
        let turn = self.turn.id();
        self.on(Event::Spoke { turn, result: Ok(Made::default()) })
    }

    fn drained(self) -> Self {
        let turn = self.turn.id();
        self.on(Event::Drained { turn, result: Ok(()) })
    }

    #[track_caller]
    fn is(self, ear: Ear, work: Work, voice: Voice, orders: &[&str]) -> Self {
        assert_eq!((self.state.ear, self.state.work, self.state.voice), (ear, work, voice));
        assert_eq!(self.orders, orders);
        self
    }
}

pub(super) fn name(order: &Order) -> String {
    match order {
        Order::Cancel(_) => "cancel".into(),
        Order::Transcribe(..) => "transcribe".into(),
        Order::Search(..) => "search".into(),
        Order::Write(..) => "write".into(),
        Order::Say(_, sentence) => format!("say {}", sentence.text),
        Order::EndVoice(_) => "end voice".into(),
        Order::Partial(..) => "partial".into(),
        Order::Hold(on) => format!("hold {on}"),
        Order::Hush(_) => "hush".into(),
        Order::Expect(expect) => format!("expect {expect:?}"),
        Order::GiveUp(_) => "give up".into(),
        Order::Tell(_, notice) | Order::TellLate(_, notice, _) => match notice {
            Notice::Transcript(_) => "transcript".into(),
            Notice::Passages(_) => "passages".into(),
            Notice::Piece(_) => "piece".into(),
            Notice::Fragment(_) => "fragment".into(),
            Notice::Sounded => "sounded".into(),
            Notice::Written(_) => "written".into(),
            Notice::Done => "done".into(),
            Notice::Failed(error) => format!("failed {:?}", error.kind()),
            Notice::Began(origin) => format!("began {origin:?}"),
            Notice::Partial { stable, rest } => format!("partial {stable}|{rest}"),
            Notice::Complete(_) => "complete".into(),
            Notice::Certain => "certain".into(),
            Notice::Drafted(text) => format!("drafted {text}"),
            Notice::Sounding(index) => format!("sounding {index}"),
            Notice::Interrupted { heard } => format!("interrupted {heard:?}"),
            Notice::Withdrawn => "withdrawn".into(),
        },
    }
}

fn plain() -> Wish {
    Wish::default()
}

fn with_docs() -> Wish {
    Wish { retrieve: Some(Retrieve { limit: 3, ..Retrieve::default() }), ..Wish::default() }
}

fn aloud() -> Wish {
    Wish { aloud: true, ..Wish::default() }
}

#[test]
fn a_typed_question_goes_straight_to_the_model_or_through_the_documents() {
    Rig::new().asks(plain()).is(Ear::Idle, Work::Writing, Voice::Idle, &["write"]);
    Rig::new()
        .asks(with_docs())
        .is(Ear::Idle, Work::Retrieving, Voice::Idle, &["search"])
        .found(true)
        .is(Ear::Idle, Work::Writing, Voice::Idle, &["passages", "write"])
        .wrote("Because.")
        .is(Ear::Idle, Work::Writing, Voice::Idle, &["piece"])
        .finished()
        .is(Ear::Idle, Work::Idle, Voice::Idle, &["written", "done"]);
}

#[test]
fn a_spoken_question_is_heard_first_and_silence_is_no_question() {
    Rig::new().asks_aloud(plain()).is(Ear::Transcribing, Work::Idle, Voice::Idle, &["transcribe"]).heard("why?").is(
        Ear::Idle,
        Work::Writing,
        Voice::Idle,
        &["transcript", "write"],
    );
    Rig::new().asks_aloud(plain()).heard(" ").is(Ear::Idle, Work::Idle, Voice::Idle, &["transcript", "cancel", "failed Repeat"]);
}

#[test]
fn nothing_found_fails_only_when_documents_are_required() {
    let strict = Wish { require_docs: true, ..with_docs() };
    Rig::new().asks(strict).found(false).is(Ear::Idle, Work::Idle, Voice::Idle, &["passages", "cancel", "failed Broaden"]);
    Rig::new().asks(with_docs()).found(false).is(Ear::Idle, Work::Writing, Voice::Idle, &["passages", "write"]);
}

#[test]
fn the_voice_is_never_more_than_two_fragments_ahead() {
    let rig = Rig::new().asks(aloud()).wrote("One is here. Two is here. Three is here. Four is here. ");
    let said = |rig: &Rig| rig.orders.iter().filter(|o| o.starts_with("say")).count();
    assert_eq!(said(&rig), edges::FRAGMENTS);
    let rig = rig.spoke();
    assert_eq!(said(&rig), 1);
}

#[test]
fn the_turn_is_over_when_the_last_sound_was_heard() {
    Rig::new()
        .asks(aloud())
        .wrote("Yes, it is.")
        .finished()
        .is(Ear::Idle, Work::Idle, Voice::Speaking, &["written", "fragment", "say Yes, it is."])
        .spoke()
        .is(Ear::Idle, Work::Idle, Voice::Speaking, &["end voice"])
        .drained()
        .is(Ear::Idle, Work::Idle, Voice::Idle, &["done"]);
}

#[test]
fn an_answer_without_words_still_ends_the_recording() {
    Rig::new().asks(aloud()).finished().is(Ear::Idle, Work::Idle, Voice::Speaking, &["written", "end voice"]).drained().is(
        Ear::Idle,
        Work::Idle,
        Voice::Idle,
        &["done"],
    );
}

#[test]
fn a_new_question_supersedes_the_old_one() {
    let mut rig = Rig::new().asks(plain());
    let old = rig.turn.clone();
    rig.turn = rig.session.turn();
    let rig = rig.asks(plain()).is(Ear::Idle, Work::Writing, Voice::Idle, &["cancel", "write"]);
    assert!(old.is_stale() && !rig.turn.is_stale());
    rig.on(Event::Wrote { turn: old.id(), piece: Piece { text: "late".into() } }).is(Ear::Idle, Work::Writing, Voice::Idle, &[]);
}

#[test]
fn an_interruption_silences_everything_and_twice_is_once() {
    Rig::new()
        .asks(aloud())
        .wrote("One is here. Two is here. ")
        .on(Event::Interrupted)
        .is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "hush"])
        .on(Event::Interrupted)
        .is(Ear::Idle, Work::Idle, Voice::Idle, &[]);
}

#[test]
fn a_failing_stage_ends_the_turn_with_its_error() {
    let rig = Rig::new().asks(plain());
    let turn = rig.turn.id();
    rig.on(Event::Finished { turn, result: Err(Error::shrink(Room::Llm, "too big")) }).is(
        Ear::Idle,
        Work::Idle,
        Voice::Idle,
        &["cancel", "failed Shrink"],
    );
}

#[test]
fn every_busy_state_has_a_deadline_and_the_idle_one_has_none() {
    let ears = [Ear::Idle, Ear::Listening, Ear::Transcribing];
    let works = [Work::Idle, Work::Retrieving, Work::Priming, Work::Writing];
    let voices = [Voice::Idle, Voice::Speaking, Voice::Held];
    for (ear, work, voice) in ears.into_iter().flat_map(|e| works.into_iter().flat_map(move |w| voices.into_iter().map(move |v| (e, w, v))))
    {
        let busy = ear != Ear::Idle || work != Work::Idle || voice != Voice::Idle;
        assert_eq!(State { ear, work, voice, ..State::default() }.deadline().is_some(), busy, "{ear:?} {work:?} {voice:?}");
    }
    Rig::new().asks(with_docs()).on(Event::Overdue).is(Ear::Idle, Work::Idle, Voice::Idle, &["cancel", "failed Retry"]);
}
