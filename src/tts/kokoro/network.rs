//! The Kokoro network in ONNX Runtime, in all conventions that were published.

use super::{Manner, Network, Phrase};
use crate::{
    error::{Error, Result, Room},
    onnx::{Numbers, Optimise, Options, Session, Tensor},
    parcel::ModelFile,
    tts::voices,
    turn::Turn,
};

/// Nine seconds of speech. A longer line takes more memory than is worth keeping: 200 phonemes 300 MB, given back after it.
const EVERYDAY: usize = 128;

struct Onnx {
    session: Session,
    /// `tokens` in one export, `input_ids` in the other.
    tokens: String,
    style: String,
    speed: String,
    /// Whole numbers only: 1 or 2.
    whole_speed: bool,
    /// Position of the output that holds the samples.
    sound: usize,
}

pub(super) fn open(model: &ModelFile, manner: &Manner<'_>) -> Result<Box<dyn Network>> {
    let optimise = manner.cache.map_or(Optimise::EachTime, Optimise::Kept);
    let session = Session::open(model, Options { room: Room::Tts, threads: manner.threads, optimise, everyday: EVERYDAY })?;
    let input = |names: &[&str]| session.inputs().iter().find(|p| names.contains(&p.name.as_str()));
    let parts = (input(&["input_ids", "tokens"]), input(&["style"]), input(&["speed"]), sound(&session));
    let (Some(tokens), Some(style), Some(speed), Some(sound)) = parts else {
        return Err(Error::fetch(Room::Tts, format!("{} is no Kokoro model: its inputs are {}", model.path.display(), list(&session)))
            .hint("choose another tts.model"));
    };
    if style.shape.last().is_some_and(|&n| n > 0 && n != voices::WIDTH as i64) {
        return Err(Error::fetch(
            Room::Tts,
            format!("{} takes voices of {:?} numbers, not {}", model.path.display(), style.shape, voices::WIDTH),
        ));
    }
    let (tokens, style) = (tokens.name.clone(), style.name.clone());
    let (whole_speed, speed) = (speed.numbers == Numbers::I32, speed.name.clone());
    Ok(Box::new(Onnx { tokens, style, speed, whole_speed, sound, session }))
}

fn sound(session: &Session) -> Option<usize> {
    let named = session.outputs().iter().position(|p| ["waveform", "audio"].contains(&p.name.as_str()));
    named.or_else(|| session.outputs().iter().position(|p| p.numbers == Numbers::F32))
}

fn list(session: &Session) -> String {
    session.inputs().iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")
}

impl Network for Onnx {
    fn run(&mut self, phrase: Phrase<'_>, turn: &Turn) -> Result<Vec<f32>> {
        let speed = match self.whole_speed {
            true => Tensor::I32(vec![1], vec![phrase.speed.round().max(1.0) as i32]),
            false => Tensor::F32(vec![1], vec![phrase.speed]),
        };
        let inputs = [
            (self.tokens.as_str(), Tensor::I64(vec![1, phrase.tokens.len() as i64], phrase.tokens)),
            (self.style.as_str(), Tensor::F32(vec![1, voices::WIDTH as i64], phrase.style.to_vec())),
            (self.speed.as_str(), speed),
        ];
        match self.session.run_while(turn, &inputs)?.into_iter().nth(self.sound) {
            Some(Tensor::F32(_, samples)) => Ok(samples),
            _ => Err(Error::fetch(Room::Tts, "the Kokoro model gave no samples").hint("choose another tts.model")),
        }
    }
}
