//! The running pipeline on fake engines.

use std::sync::Mutex;

use super::*;
use crate::{
    audio::Speaker,
    error::Kind,
    llm,
    parcel::{Passages, Pcm, Utterance},
    rag, stt, tts,
};

/// Remembers what it was given to play.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<f32>>>);

impl Speaker for Tape {
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()> {
        turn.alive()?;
        self.0.lock().unwrap().extend_from_slice(&sound.samples);
        Ok(())
    }

    fn drain(&mut self, _: &Turn) -> Result<()> {
        Ok(())
    }

    fn hush(&mut self) {}
}

fn crew(tape: &Tape) -> Crew {
    let tape = tape.clone();
    Crew {
        ear: Some(Box::new(|| Ok(Box::new(stt::fake::Scripted::default())))),
        documents: Some(Box::new(|| Ok(Box::new(rag::fake::Fixed(Passages { found: true, ..Passages::default() }))))),
        writer: Some(Box::new(|| Ok(Box::new(llm::fake::Parrot)))),
        voice: Some(Box::new(|| Ok(Box::new(tts::fake::Beeper)))),
        speaker: Some(Box::new(move || Ok(Box::new(tape)))),
        pipes: None,
    }
}

/// Everything told about one turn, until it is over.
fn collect(notices: &Receiver<Told>, turn: &Turn) -> Vec<Notice> {
    let mut seen = Vec::new();
    while let Ok(told) = notices.recv_timeout(Duration::from_secs(20)) {
        if let News::Turn(id, notice) = told.news
            && id == turn.id()
        {
            let over = matches!(notice, Notice::Done | Notice::Failed(_));
            seen.push(notice);
            if over {
                break;
            }
        }
    }
    seen
}

fn text(notices: &[Notice]) -> String {
    notices.iter().filter_map(|n| if let Notice::Piece(p) = n { Some(p.text.as_str()) } else { None }).collect()
}

#[test]
fn a_spoken_question_is_answered_aloud() {
    let tape = Tape::default();
    let (pipeline, notices) = Pipeline::start(crew(&tape)).unwrap();
    let wish = Wish { aloud: true, retrieve: Some(Retrieve::default()), ..Wish::default() };
    let turn = pipeline.ask(Question::Spoken(vec![Utterance::new(vec![0.5; 16_000])]), wish).unwrap();
    let seen = collect(&notices, &turn);
    assert!(matches!(seen.last(), Some(Notice::Done)), "{seen:?}");
    assert_eq!(text(&seen), "You asked: How long is the refund window?");
    let letters = "YouaskedHowlongistherefundwindow".len();
    assert_eq!(tape.0.lock().unwrap().len(), letters * 480);
}

#[test]
fn a_new_question_silences_the_old_answer() {
    let tape = Tape::default();
    let (pipeline, notices) = Pipeline::start(crew(&tape)).unwrap();
    let ask = |text: &str| pipeline.ask(Question::Typed(text.into()), Wish { aloud: true, ..Wish::default() }).unwrap();
    let turns: Vec<_> = (0..50).map(|i| ask(&format!("question {i}"))).collect();
    let seen = collect(&notices, turns.last().unwrap());
    assert_eq!(text(&seen), "You asked: question 49");
    assert!(turns[..49].iter().all(Turn::is_stale));
}

#[test]
fn an_engine_that_cannot_open_fails_the_turn_with_its_reason() {
    let mut crew = crew(&Tape::default());
    crew.writer = Some(Box::new(|| Err(Error::fetch(Room::Llm, "no model"))));
    let (pipeline, notices) = Pipeline::start(crew).unwrap();
    let turn = pipeline.ask(Question::Typed("why?".into()), Wish::default()).unwrap();
    let seen = collect(&notices, &turn);
    assert!(matches!(seen.last(), Some(Notice::Failed(e)) if e.kind() == Kind::Fetch), "{seen:?}");
}

#[test]
fn a_speaker_that_cannot_open_fails_a_turn_that_wants_to_be_heard() {
    let mut crew = crew(&Tape::default());
    crew.speaker = Some(Box::new(|| Err(Error::reopen(Room::Audio, "no device"))));
    let (pipeline, notices) = Pipeline::start(crew).unwrap();
    let turn = pipeline.ask(Question::Typed("why?".into()), Wish { aloud: true, ..Wish::default() }).unwrap();
    assert!(matches!(collect(&notices, &turn).last(), Some(Notice::Failed(e)) if e.kind() == Kind::Reopen));
}

/// Panics at every job, as no engine should.
struct Faulty;

impl llm::Llm for Faulty {
    fn write(&mut self, _: &crate::parcel::Prompt, _: &Turn, _: &mut llm::PieceSink<'_>) -> Result<crate::parcel::Finish> {
        panic!("on purpose, for a test");
    }
}

#[test]
fn an_engine_that_panics_fails_its_turn_at_once_and_every_later_one() {
    let mut crew = crew(&Tape::default());
    crew.writer = Some(Box::new(|| Ok(Box::new(Faulty))));
    let (pipeline, notices) = Pipeline::start(crew).unwrap();
    for _ in 0..2 {
        let turn = pipeline.ask(Question::Typed("why?".into()), Wish::default()).unwrap();
        let seen = collect(&notices, &turn);
        assert!(matches!(seen.last(), Some(Notice::Failed(e)) if e.kind() == Kind::Report), "{seen:?}");
    }
}
