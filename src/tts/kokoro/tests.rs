//! Kokoro around a network of ours that answers with a tone and remembers what it was asked.

use std::sync::{Arc, Mutex};

use super::*;
use crate::{error::Kind, parcel::ModelFile, turn::Session};

/// Every character is its own phoneme.
struct Letters;

impl Phonemes for Letters {
    fn phonemes(&mut self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }
}

/// Tokens, first number of the style, speed.
type Asked = (Vec<i64>, f32, f32);

#[derive(Clone, Default)]
struct Tone {
    asked: Arc<Mutex<Vec<Asked>>>,
    value: f32,
}

impl Network for Tone {
    fn run(&mut self, phrase: Phrase<'_>, turn: &Turn) -> Result<Vec<f32>> {
        turn.alive()?;
        let samples = vec![self.value; phrase.tokens.len() * 600];
        self.asked.lock().unwrap().push((phrase.tokens, phrase.style[0], phrase.speed));
        Ok(samples)
    }
}

fn kokoro(tone: &Tone) -> Kokoro {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.bin");
    let rows: Vec<u8> = (0..510 * voices::WIDTH).flat_map(|i| ((i / voices::WIDTH) as f32).to_le_bytes()).collect();
    std::fs::write(&path, rows).unwrap();
    let style = voices::load(&[ModelFile { id: "v".into(), path, sha256: String::new() }], "v").unwrap();
    Kokoro::with(Box::new(tone.clone()), Box::new(Letters), style, Speed::try_from(1.5).unwrap())
}

fn say(kokoro: &mut Kokoro, text: &str) -> Result<Vec<usize>> {
    let mut heard = Vec::new();
    let line = Sentence { text: text.into(), index: 0 };
    kokoro.say(&line, &Session::new().turn(), &mut |pcm| {
        heard.push(pcm.samples.len());
        Ok(())
    })?;
    Ok(heard)
}

#[test]
fn tokens_are_padded_and_the_style_follows_the_length() {
    let tone = Tone { value: 0.5, ..Tone::default() };
    assert_eq!(say(&mut kokoro(&tone), "a❓b").unwrap().len(), 1);
    assert_eq!(*tone.asked.lock().unwrap(), [(vec![0, 43, 44, 0], 1.0, 1.5)]);
}

#[test]
fn a_long_line_comes_in_several_fragments() {
    let tone = Tone { value: 0.5, ..Tone::default() };
    assert_eq!(say(&mut kokoro(&tone), &"abcd ".repeat(110)).unwrap().len(), 2);
    assert!(tone.asked.lock().unwrap().iter().all(|(tokens, ..)| tokens.len() <= 512));
}

#[test]
fn nothing_to_say_runs_nothing_and_a_broken_model_is_a_sentence() {
    let tone = Tone::default();
    assert!(say(&mut kokoro(&tone), " … ❓").unwrap().is_empty());
    assert!(tone.asked.lock().unwrap().is_empty());
    let broken = Tone { value: f32::NAN, ..Tone::default() };
    assert_eq!(say(&mut kokoro(&broken), "hello").unwrap_err().kind(), Kind::Fetch);
}

#[test]
fn a_turn_that_goes_stale_stops_between_fragments() {
    let tone = Tone { value: 0.5, ..Tone::default() };
    let turn = Session::new().turn();
    let line = Sentence { text: "abcd ".repeat(400), index: 0 };
    let mut heard = 0;
    let end = kokoro(&tone).say(&line, &turn, &mut |_| {
        heard += 1;
        turn.cancel();
        Ok(())
    });
    assert!(end.unwrap_err().is_stale());
    assert_eq!(heard, 1);
}
