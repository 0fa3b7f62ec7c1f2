//! Silero's network: frames of 32 ms in, the probability of speech out; better than earshot in noise.

use super::{Fallible, Relieved, VoiceDetector};
use crate::{
    error::{Error, Result, Room},
    onnx::{Optimise, Options, Session, Tensor},
    parcel::{EAR_RATE, ModelFile},
};

/// Samples in a frame, at 16 kHz.
const FRAME: usize = 512;

/// Samples of the frame before, which the network wants in front of each.
const CONTEXT: usize = 64;

/// Its memory: two layers, one voice, 128 values.
const STATE: [i64; 3] = [2, 1, 128];

pub(super) fn open(file: &ModelFile) -> Result<Box<dyn VoiceDetector>> {
    let options = Options { room: Room::Audio, threads: 1, optimise: Optimise::EachTime, everyday: FRAME };
    let session = Session::open(file, options)?;
    let names: Vec<_> = session.inputs().iter().map(|port| port.name.as_str()).collect();
    if !["input", "state", "sr"].iter().all(|name| names.contains(name)) {
        let message = format!("{} is no speech detector that we know: it takes {}", file.path.display(), names.join(", "));
        return Err(Error::fetch(Room::Audio, message).hint(format!("run `xnai models pull {}`", super::SILERO)));
    }
    let mut silero = Silero { session, context: vec![0.0; CONTEXT], state: silent() };
    // Once, so that a file that cannot be run is refused here and not in the middle of a sentence.
    silero.run(&[0.0; FRAME])?;
    silero.state = silent();
    Ok(Box::new(Relieved::new(silero)))
}

fn silent() -> Vec<f32> {
    vec![0.0; STATE.iter().product::<i64>() as usize]
}

struct Silero {
    session: Session,
    context: Vec<f32>,
    state: Vec<f32>,
}

impl Silero {
    fn run(&mut self, frame: &[f32]) -> Result<f32> {
        let fault = || Error::fetch(Room::Audio, "the speech detector answers in a form that we do not know");
        let mut input = std::mem::replace(&mut self.context, frame[frame.len() - CONTEXT..].to_vec());
        input.extend_from_slice(frame);
        let input = Tensor::F32(vec![1, input.len() as i64], input);
        let state = Tensor::F32(STATE.to_vec(), self.state.clone());
        let rate = Tensor::I64(vec![], vec![i64::from(EAR_RATE)]);
        let out = self.session.run(&[("input", input), ("state", state), ("sr", rate)])?;
        let floats = |n: usize| out.get(n).and_then(Tensor::floats).map(|(_, values)| values);
        let (Some([probability, ..]), Some(state)) = (floats(0), floats(1)) else { return Err(fault()) };
        if state.len() != self.state.len() {
            return Err(fault());
        }
        self.state.copy_from_slice(state);
        Ok(*probability)
    }
}

impl Fallible for Silero {
    fn frame(&self) -> usize {
        FRAME
    }

    fn try_probability(&mut self, frame: &[f32]) -> Result<f32> {
        let mut whole = [0.0; FRAME];
        whole.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
        self.run(&whole)
    }

    fn name(&self) -> &'static str {
        "silero"
    }
}
