//! How sure the detector was of the last frames: what is needed to hear them once more.

use std::collections::VecDeque;

use crate::parcel::EAR_RATE;

/// The rest of a word is not longer than this, in samples: 250 ms.
const REST: u64 = EAR_RATE as u64 / 4;

/// So much silence is no part of a word, in samples: 45 ms.
const GAP: u64 = EAR_RATE as u64 * 45 / 1000;

/// One frame that was looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Position of its first sample.
    pub from: u64,
    /// In samples.
    pub length: u64,
    pub probability: f32,
}

/// The last frames, without a hole.
#[derive(Default)]
pub struct Recent(VecDeque<Frame>);

impl Recent {
    pub fn push(&mut self, frame: Frame) {
        self.0.push_back(frame);
    }

    pub fn forget_before(&mut self, position: u64) {
        let gone = self.0.partition_point(|frame| frame.from < position);
        self.0.drain(..gone);
    }

    /// What comes after something that ended at about that position. Where its last sound goes on a little and then
    /// fades below `quiet`, that is no beginning.
    pub fn since(&self, position: u64, quiet: f32) -> Vec<Frame> {
        let begin = self.0.partition_point(|frame| frame.from < position);
        let after = || self.0.range(begin..);
        let mut silence = 0;
        let faded = after().take_while(|frame| frame.from < position + REST + GAP).position(|frame| {
            silence = if frame.probability < quiet { silence + frame.length } else { 0 };
            silence >= GAP
        });
        after().skip(faded.map_or(0, |frames| frames + 1)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 10 ms: `#` is speech.
    fn recent(frames: &str) -> Recent {
        let mut recent = Recent::default();
        for (n, c) in frames.chars().enumerate() {
            recent.push(Frame { from: n as u64 * 160, length: 160, probability: if c == '#' { 0.9 } else { 0.1 } });
        }
        recent
    }

    #[test]
    fn the_last_sound_of_a_word_is_no_beginning() {
        let begins = |frames: &str, at: u64| recent(frames).since(at * 160, 0.3).first().map(|frame| frame.from / 160);
        assert_eq!(begins("####......###", 4), Some(9), "silence: 50 ms of it are left out");
        assert_eq!(begins("######......###", 4), Some(11), "it goes on for 20 ms");
        assert_eq!(begins("####..###########", 4), Some(4), "a breath within a word");
        assert_eq!(begins(&"#".repeat(60), 4), Some(4), "speech goes straight on");
        assert_eq!(begins(&format!("{}.......", "#".repeat(40)), 4), Some(4), "a short word of its own");
        assert_eq!(begins("####", 4), None);
        let mut short = recent("####......");
        short.forget_before(160 * 2);
        assert_eq!(short.since(0, 0.0).first().map(|frame| frame.from / 160), Some(2), "what is forgotten is not heard again");
    }
}
