//! Push-to-talk and hands-free, from sound in a microphone to sound in a speaker.

use std::time::Duration;

use xnai::{
    audio::fake::{CLOCK_RATE, Clock, PERIOD},
    pipeline::{
        Notice,
        live::{Command, Start},
        news::Origin,
    },
};

use super::Rig;

fn second() -> u64 {
    u64::from(CLOCK_RATE)
}

#[test]
fn a_question_spoken_while_the_key_is_held_is_answered_aloud() {
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    rig.send(Command::Press);
    assert!(matches!(rig.until(|n| matches!(n, Notice::Began(_))), Notice::Began(Origin::Key)));
    let over = rig.script.say_at(rig.clock.now(), Rig::question());
    rig.pass(over);
    rig.send(Command::Release);
    let Notice::Transcript(transcript) = rig.until(|n| matches!(n, Notice::Transcript(_))) else { unreachable!() };
    assert_eq!(transcript.text, "How long is the refund window?");
    rig.until(|n| matches!(n, Notice::Sounded));
    rig.until(|n| matches!(n, Notice::Done));
    let sounding = rig.heard.samples().iter().filter(|s| **s != 0.0).count();
    assert_eq!(sounding, 20 * super::RATE as usize / 5, "every fragment once");
}

#[test]
fn what_takes_longer_than_the_recogniser_hears_at_once_is_one_question() {
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    rig.send(Command::Press);
    rig.until(|n| matches!(n, Notice::Began(Origin::Key)));
    let question = Rig::question();
    let times = 40 * second() as usize / (question.len() * 3);
    let over = rig.script.say_at(rig.clock.now(), question.repeat(times));
    rig.pass(over);
    rig.send(Command::Release);
    let Notice::Transcript(transcript) = rig.until(|n| matches!(n, Notice::Transcript(_))) else { unreachable!() };
    assert_eq!(transcript.text, "How long is the refund window? How long is the refund window?", "once for each part");
    rig.until(|n| matches!(n, Notice::Done));
}

#[test]
fn a_key_held_in_silence_is_told_so() {
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    rig.send(Command::Press);
    rig.until(|n| matches!(n, Notice::Began(_)));
    rig.clock.advance(second());
    rig.send(Command::Release);
    assert!(matches!(rig.until(|n| matches!(n, Notice::Failed(_))), Notice::Failed(e) if e.kind() == xnai::error::Kind::Repeat));
}

/// A question after one that was given up in the middle.
#[test]
fn what_was_silenced_while_it_was_heard_costs_no_later_question() {
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    rig.send(Command::Press);
    rig.until(|n| matches!(n, Notice::Began(_)));
    rig.clock.advance(second());
    rig.send(Command::Silence);
    rig.until(|n| matches!(n, Notice::Withdrawn));
    rig.send(Command::Press);
    rig.until(|n| matches!(n, Notice::Began(Origin::Key)));
    let over = rig.script.say_at(rig.clock.now(), Rig::question());
    rig.pass(over);
    rig.send(Command::Release);
    rig.until(|n| matches!(n, Notice::Sounded));
}

#[test]
fn a_key_pressed_while_somebody_speaks_makes_it_meant() {
    let mut rig = Rig::new(Clock::by_hand(), Start { hands_free: true, ..Start::default() });
    let over = rig.script.say_at(rig.clock.now() + second() / 2, Rig::question());
    rig.until(|n| matches!(n, Notice::Began(Origin::HandsFree)));
    rig.send(Command::Press);
    rig.until(|n| matches!(n, Notice::Began(Origin::Key)));
    rig.pass(over);
    rig.send(Command::Release);
    rig.until(|n| matches!(n, Notice::Transcript(_)));
    rig.until(|n| matches!(n, Notice::Sounded));
}

#[test]
fn hands_free_nobody_has_to_press_anything() {
    let rig = Rig::new(Clock::by_hand(), Start { hands_free: true, ..Start::default() });
    rig.script.say_at(rig.clock.now() + second(), Rig::question());
    assert!(matches!(rig.until(|n| matches!(n, Notice::Began(_))), Notice::Began(Origin::HandsFree)));
    rig.until(|n| matches!(n, Notice::Transcript(_)));
    rig.until(|n| matches!(n, Notice::Sounded));
}

#[test]
fn who_speaks_over_the_answer_is_heard() {
    let rig = Rig::new(Clock::by_hand(), Start { hands_free: true, ..Start::default() });
    rig.script.say_at(rig.clock.now() + second(), Rig::question());
    rig.until(|n| matches!(n, Notice::Sounded));
    rig.script.say_at(rig.clock.now(), Rig::question());
    let Notice::Interrupted { heard } = rig.until(|n| matches!(n, Notice::Interrupted { .. })) else { unreachable!() };
    assert!(heard.starts_with("Sentence 0 of"), "{heard:?}");
    rig.until(|n| matches!(n, Notice::Sounded));
}

#[test]
fn pausing_keeps_every_sample_for_later() {
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    rig.send(Command::Ask("why?".into()));
    rig.until(|n| matches!(n, Notice::Sounded));
    rig.clock.advance(PERIOD * 20);
    rig.send(Command::Pause(true));
    // The order is carried out when what follows it is.
    rig.send(Command::Edit(false));
    std::thread::sleep(Duration::from_millis(50));
    rig.clock.advance(second());
    let before = rig.heard.samples();
    assert!(before[before.len() - 12_000..].iter().all(|s| *s == 0.0), "it went on");
    rig.send(Command::Pause(false));
    rig.until(|n| matches!(n, Notice::Done));
    let sounding = rig.heard.samples().iter().filter(|s| **s != 0.0).count() as i64;
    // The fades of 5 ms touch a few samples and lose none.
    assert!((sounding - 96_000).abs() <= 4, "{sounding}");
}
