//! Hands-free listening that waits for a key phrase, with a spotter that is honest, lies, stalls, dies, or is PocketSphinx.

mod spotter;

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use xnai::{
    audio::fake::{CLOCK_RATE, Clock, PERIOD},
    config::Config,
    error::Result,
    parcel::{EAR_RATE, Transcript, Utterance},
    pipeline::{
        Crew, News, Notice, Told,
        live::{Command, Start},
        news::{Origin, Phrase},
    },
    stt::Stt,
    turn::Turn,
};

use self::spotter::{Manners, Spotter};
use super::{PATIENCE, Rig, Tagged, devices::returning};
use crate::{
    support::shared_models,
    wyoming::{
        installed,
        people::{quiet_room, recording},
    },
};

const HANDS_FREE: Start = Start { hands_free: true, edit: false, history: Vec::new() };

/// An ear that keeps what it was given to hear, and understands these texts one after the other, then the last for ever.
struct Keeps(mpsc::SyncSender<Utterance>, &'static [&'static str]);

impl Stt for Keeps {
    fn transcribe(&mut self, speech: &Utterance, turn: &Turn) -> Result<Transcript> {
        turn.alive()?;
        let _ = self.0.send(speech.clone());
        let text = self.1[0];
        self.1 = self.1.get(1..).filter(|later| !later.is_empty()).unwrap_or(self.1);
        Ok(Transcript { text: text.into(), confidence: 1.0, language: "en".into(), ..Transcript::default() })
    }

    /// Only whole utterances count here.
    fn partial(&mut self, _: &Utterance, _: &Turn) -> Result<Transcript> {
        Ok(Transcript::default())
    }
}

fn tuned(tune: impl FnOnce(&mut Config, &mut Crew)) -> Rig {
    let clock = Clock::by_hand();
    Rig::hearing(returning(&clock), (clock, HANDS_FREE), |_| Box::new(Tagged), tune)
}

/// A conversation with a spotter, and what its ear was given.
fn rig(address: &str, texts: &'static [&'static str]) -> (Rig, mpsc::Receiver<Utterance>) {
    let (tell, told) = mpsc::sync_channel(64);
    let rig = tuned(|config, crew| {
        let listen = &mut config.listen;
        (listen.wake_phrase, listen.wake_address) = ("Hey computer".into(), address.into());
        (listen.wake_timeout_s, listen.wake_window_s) = (1, 30);
        crew.ear = Some(Box::new(move || Ok(Box::new(Keeps(tell, texts)))));
    });
    (rig, told)
}

impl Rig {
    /// Waits for a note; the clock stands still.
    #[track_caller]
    fn note(&self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.news.recv_timeout(Duration::from_millis(10)) {
                Ok(Told { news: News::Note(note), .. }) if note.contains(part) => return note,
                _ => {}
            }
        }
        panic!("no note says {part:?}");
    }

    /// Waits until the face is told this of the phrase; the clock goes on.
    #[track_caller]
    fn shows(&self, phrase: Phrase) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.pass(self.clock.now() + clock(100));
            if self.news.try_iter().any(|told| matches!(told.news, News::Phrase(now) if now == phrase)) {
                return;
            }
        }
        panic!("never told: {phrase:?}");
    }

    /// What was told of turns and in notes until now.
    fn told(&self) -> (Vec<Notice>, Vec<String>) {
        let (mut notices, mut notes) = (Vec::new(), Vec::new());
        for told in self.news.try_iter() {
            match told.news {
                News::Turn(_, notice) => notices.push(notice),
                News::Note(note) => notes.push(note),
                _ => {}
            }
        }
        (notices, notes)
    }

    /// The talk key needs no phrase.
    #[track_caller]
    fn asks_by_key(&mut self) {
        self.send(Command::Press);
        self.until(|n| matches!(n, Notice::Began(Origin::Key)));
        self.speak(0);
        self.send(Command::Release);
        self.until(|n| matches!(n, Notice::Sounded));
    }

    /// Plays the question that many ms from now and waits until it is over.
    fn speak(&self, in_ms: u64) {
        let over = self.script.say_at(self.clock.now() + clock(in_ms), Rig::question());
        self.pass(over);
    }
}

fn clock(ms: u64) -> u64 {
    ms * u64::from(CLOCK_RATE) / 1000
}

fn ms(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(EAR_RATE)
}

#[test]
fn speech_that_goes_straight_on_after_the_phrase_is_the_question() {
    let cut = 1000 + ms(Rig::question().len()) / 2;
    let spotter = Spotter::with(&[Manners::SpotsAgainAndAgain(cut + 400, json!(cut))]);
    let (rig, ear) = rig(&spotter.address, &["Hey, computer: how long is it?"]);
    assert!(rig.note("waits for").contains("\"hey computer\" (scripted"));
    rig.speak(1000);
    spotter.heard(cut + 400);
    assert!(matches!(rig.at_once(|n| matches!(n, Notice::Began(_))), Notice::Began(Origin::HandsFree)));
    let Notice::Transcript(heard) = rig.until(|n| matches!(n, Notice::Transcript(_))) else { unreachable!() };
    assert_eq!(heard.text, "how long is it?", "a phrase that was understood all the same is no part of it");
    let utterance = ear.recv_timeout(PATIENCE).unwrap();
    // The fake microphone has sound at multiples of its period, and the ear looks at frames of 16 ms.
    let late = (utterance.at.as_millis() as u64).checked_sub(cut).unwrap();
    assert!(late < 320, "the beginning was cut off: {late} ms");
    let from = utterance.at.as_millis() as usize * 16 - 16_000;
    assert_eq!(utterance.samples[..1600], Rig::question()[from..from + 1600], "to the sample");
    rig.until(|n| matches!(n, Notice::Sounded));
}

#[test]
fn without_the_phrase_nothing_is_heard_and_the_key_always_works() {
    let spotter = Spotter::with(&[Manners::Spots(u64::MAX, Value::Null)]);
    let (mut rig, ear) = rig(&spotter.address, &["why?"]);
    rig.note("waits for");
    rig.speak(500);
    rig.pass(rig.clock.now() + clock(3000));
    spotter.heard(3000);
    let (notices, _) = rig.told();
    assert!(notices.is_empty(), "{notices:?}");
    assert!(ear.try_recv().is_err(), "a transcript was made");
    rig.asks_by_key();
}

#[test]
fn the_window_is_for_one_question_and_for_a_while() {
    let spotter = Spotter::with(&[Manners::Spots(1000, json!(1000))]);
    let (rig, ear) = rig(&spotter.address, &["why?"]);
    rig.note("waits for");
    rig.pass(clock(1100));
    spotter.heard(1000);
    // A pause within the window, the question, and another one that nobody asked for.
    rig.pass(rig.clock.now() + clock(2000));
    rig.speak(0);
    rig.until(|n| matches!(n, Notice::Done));
    assert!(ear.try_recv().is_ok());
    rig.speak(1000);
    rig.pass(rig.clock.now() + clock(3000));
    assert!(ear.try_recv().is_err(), "the second question needs the phrase again");

    let spotter = Spotter::with(&[Manners::Spots(1000, json!(1000))]);
    let (rig, ear) = self::rig(&spotter.address, &["why?"]);
    rig.note("waits for");
    rig.pass(clock(1100));
    spotter.heard(1000);
    thread::sleep(Duration::from_millis(300)); // for the way back; too short makes the test pass, not fail
    rig.pass(rig.clock.now() + clock(31_000));
    rig.speak(0);
    rig.pass(rig.clock.now() + clock(2000));
    assert!(ear.try_recv().is_err(), "the window was shut");
}

#[test]
fn a_sound_that_nobody_understands_leaves_the_window_open() {
    let spotter = Spotter::with(&[Manners::Spots(1000, json!(1000))]);
    let (rig, ear) = rig(&spotter.address, &["", "why?"]);
    rig.note("waits for");
    rig.pass(clock(1100));
    spotter.heard(1000);
    rig.shows(Phrase::Spoken);
    rig.speak(0);
    rig.until(|n| matches!(n, Notice::Withdrawn));
    rig.speak(1000);
    rig.until(|n| matches!(n, Notice::Done));
    assert_eq!(ear.try_iter().count(), 2);
}

#[test]
fn a_microphone_that_goes_away_shuts_the_window() {
    let spotter = Spotter::with(&[Manners::Spots(1000, json!(1000))]);
    let (rig, ear) = rig(&spotter.address, &["why?"]);
    rig.note("waits for");
    rig.pass(clock(1100));
    spotter.heard(1000);
    rig.shows(Phrase::Spoken);
    rig.script.unplug();
    rig.shows(Phrase::Awaited);
    rig.script.plug();
    rig.speak(500);
    rig.pass(rig.clock.now() + clock(2000));
    assert!(ear.try_recv().is_err(), "whoever speaks then needs the phrase");
}

#[test]
fn a_face_learns_when_the_window_opens_and_shuts() {
    let spotter = Spotter::with(&[Manners::Spots(3000, json!(3000))]);
    let (rig, _ear) = rig(&spotter.address, &["why?"]);
    rig.shows(Phrase::Awaited);
    rig.shows(Phrase::Spoken);
    rig.shows(Phrase::Awaited);
}

#[test]
fn a_spotter_that_dies_is_told_once_and_called_again() {
    let spotter = Spotter::with(&[Manners::Dies(300), Manners::Dies(0), Manners::Babbles, Manners::Spots(500, json!(400))]);
    let (rig, ear) = rig(&spotter.address, &["why?"]);
    rig.note("waits for");
    rig.pass(clock(400));
    let deaf = rig.note("deaf");
    assert!(deaf.contains("\"hey computer\"") && deaf.contains("spotter at unix://") && deaf.contains("went away"), "{deaf}");
    // Three attempts later; a note in between would be found here.
    assert!(rig.note("").contains("waits for"));
    rig.pass(rig.clock.now() + clock(600));
    spotter.heard(500);
    rig.speak(0);
    rig.until(|n| matches!(n, Notice::Sounded));
    assert!(ear.try_recv().is_ok());
}

#[test]
fn a_spotter_that_stalls_is_given_up_and_costs_nothing_else() {
    let spotter = Spotter::with(&[Manners::Mute]);
    let (mut rig, _ear) = rig(&spotter.address, &["why?"]);
    rig.asks_by_key();
    assert!(rig.note("deaf").contains("silent for 1 s"));
}

#[test]
fn a_spotter_that_lies_about_the_time_is_not_believed() {
    let length = ms(Rig::question().len());
    for lie in [json!(u64::MAX), json!(99_999_999), json!(-5), json!("now"), Value::Null] {
        let spotter = Spotter::with(&[Manners::Spots(length + 1000, lie.clone())]);
        let (rig, ear) = rig(&spotter.address, &["why?"]);
        rig.note("waits for");
        rig.speak(500);
        rig.pass(clock(length + 1100));
        spotter.heard(length + 1000);
        rig.shows(Phrase::Spoken);
        rig.speak(700);
        rig.until(|n| matches!(n, Notice::Sounded));
        let utterance = ear.recv_timeout(PATIENCE).unwrap();
        assert!(ms(utterance.samples.len()) < length + 700 && utterance.at > Duration::from_millis(length + 500), "{lie}: {utterance:?}");
        assert!(ear.try_recv().is_err());
    }
    let spotter = Spotter::with(&[Manners::SpotsNothing]);
    let (rig, ear) = rig(&spotter.address, &["why?"]);
    rig.note("waits for");
    rig.speak(500);
    rig.pass(rig.clock.now() + clock(2000));
    assert!(ear.try_recv().is_err(), "it was spotted before anything was said");
}

#[test]
fn without_pocketsphinx_one_sentence_names_the_command() {
    let (mut rig, ear) = {
        let (tell, told) = mpsc::sync_channel(64);
        let rig = tuned(|config, crew| {
            config.listen.wake_phrase = "hey computer".into();
            crew.ear = Some(Box::new(move || Ok(Box::new(Keeps(tell, &["why?"])))));
        });
        (rig, told)
    };
    let note = rig.note("PocketSphinx is not installed");
    assert!(note.contains("`scripts/ears/sphinx install`") && note.contains("the talk key is not"), "{note}");
    rig.speak(500);
    rig.pass(rig.clock.now() + clock(2000));
    assert!(ear.try_recv().is_err());
    rig.asks_by_key();
}

#[test]
fn pocketsphinx_spots_the_phrase_after_a_while_of_quiet_and_what_follows_is_heard() {
    let (Some(program), Some(folder)) = (installed("serve"), shared_models()) else { return };
    let (tell, ear) = mpsc::sync_channel(64);
    let rig = tuned(|config, crew| {
        config.listen.wake_phrase = "living room".into();
        config.listen.wake_address = format!("stdio:'{}' --wake 'living room'", program.display());
        config.listen.wake_timeout_s = 60;
        crew.ear = Some(Box::new(move || Ok(Box::new(Keeps(tell, &["why?"])))));
    });
    assert!(rig.note("waits for").contains("PocketSphinx"));
    let (other, phrase) = (recording("005", &folder).samples, recording("living_room_light_en", &folder).samples);
    let before = [&quiet_room(30), &other[..], &quiet_room(1)].concat();
    let sound = [&before[..], &phrase, &quiet_room(4)].concat();
    let over = rig.script.say_at(rig.clock.now(), sound);
    while rig.clock.now() < over {
        // No faster than the spotter can hear.
        rig.clock.advance(PERIOD);
        thread::sleep(Duration::from_millis(3));
    }
    rig.until(|n| matches!(n, Notice::Sounded));
    let utterance = ear.recv_timeout(PATIENCE).unwrap();
    // "turn on the | living room | light": the phrase is from 0.5 s to 1.05 s of it.
    let at = ms((utterance.at.as_secs_f64() * f64::from(EAR_RATE)) as usize - before.len());
    assert!((850..1400).contains(&at), "the question begins {at} ms after the beginning");
    assert!(ear.try_recv().is_err(), "only what follows the phrase is heard");
}
