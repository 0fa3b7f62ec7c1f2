//! An ear that is not ours hears the answer out of the virtual speaker: PocketSphinx, free or with a choice of words.

use std::{io::Write, path::PathBuf, process::Stdio};

use xnai::{
    audio::resample,
    parcel::{EAR_RATE, Pcm},
    turn::Session,
};

use super::*;
use crate::wyoming::{installed, open_ear};

/// What the answer about the refunds may be heard as: for each of its key words others of the same kind, so that an ear
/// that only guesses is wrong 699 times in 700. How it goes on is not looked at.
pub const REFUND: &str = "#JSGF V1.0; grammar answer; public <answer> =
    the ( refund | weather | question | payment | answer ) window
    is ( ten | twenty | thirty | forty | fifty | sixty | ninety ) ( days | hours | weeks | minutes )
    from the day of ( delivery | purchase | payment | arrival | departure )
    ( that | is | from | the | rules | story | care | of | shop | house | garden | moon | refunds | animals | distance )* ;";

/// Which of the grammar's sentences a recording at 48 kHz holds; nothing where PocketSphinx is not set up.
pub fn chosen(pulse: &Pulse, heard: &[f32], grammar: &str) -> Option<String> {
    let (python, file) = (installed("python")?, pulse.path("heard.wav"));
    let form = hound::WavSpec { channels: 1, sample_rate: EAR_RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(&file, form).unwrap();
    let speech = resample::for_ear(&Pcm::new(heard, 48_000)).unwrap();
    speech.samples.iter().for_each(|s| writer.write_sample((s * 32_767.0) as i16).unwrap());
    writer.finalize().unwrap();
    let mut command = Command::new(python);
    command.arg(root().join("tests/data/ears/choose.py")).arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(grammar.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// A question spoken by espeak-ng, as the demo's own was.
fn spoken(talk: &Talk, text: &str) -> PathBuf {
    let file = talk.pulse.path("question.wav");
    assert!(Command::new(root().join("scripts/make-question")).arg(text).arg(&file).status().unwrap().success());
    file
}

/// Words that the answer about the moon holds, in their order, and that no other answer of the demo does.
const MOON: [&str; 6] = ["eighty four thousand", "four hundred", "kilometers", "away", "us", "average"];

/// Words of the other answers.
const OTHERS: [&str; 6] = ["thirty", "days", "delivery", "refund", "shop", "water"];

#[test]
fn another_ear_understands_the_answer_without_a_hint() {
    let Some(program) = installed("serve") else { return };
    let Some(mut talk) = Talk::start() else { return };
    talk.says("(microphone");
    let question = spoken(&talk, "How far away is the moon?");
    talk.hears(&question);
    let recording = talk.pulse.record("spk.monitor");
    talk.types("");
    assert!(talk.says("you: ").contains("How far away is the moon?"));
    assert!(talk.says("xnai: ").contains("384,400 kilometres"));
    // It takes eight seconds.
    thread::sleep(Duration::from_secs(11));
    let heard = resample::for_ear(&Pcm::new(recording.stop(), 48_000)).unwrap();
    let mut ear = open_ear(&format!("stdio:'{}'", program.display())).unwrap();
    let text = ear.transcribe(&heard, &Session::new().turn()).unwrap().text;
    println!("PocketSphinx heard: {text}");
    let mut rest = text.as_str();
    for words in MOON {
        rest = rest.split_once(words).unwrap_or_else(|| panic!("{words:?} is not heard in its place: {text}")).1;
    }
    let wrong: Vec<_> = text.split(' ').filter(|word| OTHERS.contains(word)).collect();
    assert!(wrong.is_empty(), "words of another answer are heard: {wrong:?} in {text}");
}
