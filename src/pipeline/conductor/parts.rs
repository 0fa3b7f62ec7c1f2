//! A question that is too long for the recogniser at once: its parts are transcribed while it goes on.
//!
//! The ear takes one job after the other, so transcripts come in the order of the parts.

use crate::{
    parcel::{Transcript, Utterance},
    pipeline::stable::Stable,
};

/// The parts of one question so far, without what follows the last of them. As many as fit into the longest question.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts(Vec<Part>);

#[derive(Clone, Debug)]
struct Part {
    speech: Utterance,
    stable: Stable,
    /// What has to be decoded of it; nothing once that was done.
    rest: Vec<Utterance>,
    transcript: Option<Transcript>,
}

impl Parts {
    /// Takes the next part, of which this much is known from partial transcripts; gives what is to be decoded of it.
    pub fn push(&mut self, mut stable: Stable, speech: Utterance) -> Vec<Utterance> {
        let rest = stable.rest(speech.clone());
        self.0.push(Part { speech, stable, rest: rest.clone(), transcript: None });
        rest
    }

    /// What is still to be decoded, part by part: the turn that it was decoded for was superseded.
    pub fn undone(&self) -> Vec<Vec<Utterance>> {
        self.0.iter().filter(|part| part.transcript.is_none()).map(|part| part.rest.clone()).collect()
    }

    /// Some part is still being decoded: the next transcript is its.
    pub fn are_waiting(&self) -> bool {
        self.0.iter().any(|part| part.transcript.is_none())
    }

    /// The transcript of the oldest part that waits for one.
    pub fn heard(&mut self, tail: Transcript) {
        if let Some(part) = self.0.iter_mut().find(|part| part.transcript.is_none()) {
            part.transcript = Some(part.stable.joined(tail));
            part.rest.clear();
        }
    }

    /// What was not meant for us does not begin a question. What is still being decoded may.
    pub fn forget(&mut self) {
        self.0.retain(|part| part.transcript.is_none());
    }

    /// The words so far, of parts that wait those of their last partial transcript.
    pub fn text(&self) -> String {
        let text = |part: &Part| match &part.transcript {
            Some(transcript) => transcript.text.trim().to_owned(),
            None => [part.stable.text().0, part.stable.text().1].join(" ").trim().to_owned(),
        };
        self.0.iter().map(text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// All of it, with the transcript of what followed the last part. Times count from the beginning of the first.
    pub fn joined(&self, last: Transcript, speech: &Utterance) -> Transcript {
        let Some(first) = self.0.first() else { return last };
        let (transcripts, speech): (Vec<_>, Vec<_>) = self
            .0
            .iter()
            .map(|part| (part.transcript.clone().unwrap_or_default(), part.speech.clone()))
            .chain([(last, speech.clone())])
            .map(|(transcript, speech)| (transcript, speech.clone().at(speech.at.saturating_sub(first.speech.at))))
            .unzip();
        Transcript::joined(transcripts, &speech)
    }
}
