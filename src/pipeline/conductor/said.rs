//! How much of an answer was heard: fragments, how long each sounds, and how much sound was played.

use std::time::Duration;

use crate::{parcel::Sentence, turn::TurnId};

/// What the voice was given of one answer.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub turn: TurnId,
    /// What it answers.
    pub question: String,
    /// Any of it reached the speaker.
    pub sounded: bool,
    /// Answered aloud; otherwise what was written was read.
    aloud: bool,
    written: String,
    fragments: Vec<Fragment>,
}

#[derive(Clone, Debug)]
struct Fragment {
    text: String,
    /// Known once it is synthesised.
    length: Option<Duration>,
}

impl Said {
    pub fn new(turn: TurnId, aloud: bool) -> Self {
        Self { turn, question: String::new(), sounded: false, aloud, written: String::new(), fragments: Vec::new() }
    }

    pub fn write(&mut self, text: &str) {
        self.written.push_str(text);
    }

    /// The whole text, as written.
    pub fn written(self) -> String {
        self.written.trim().to_owned()
    }

    /// A fragment was handed to the voice.
    pub fn fragment(&mut self, sentence: &Sentence) {
        self.fragments.push(Fragment { text: sentence.text.clone(), length: None });
    }

    /// How many fragments were handed out.
    pub fn count(&self) -> u32 {
        self.fragments.len() as u32
    }

    /// Characters of the last one.
    pub fn last(&self) -> Option<usize> {
        self.fragments.last().map(|fragment| fragment.text.chars().count())
    }

    /// The voice finished the oldest fragment that it had not finished yet; returns its characters.
    pub fn spoke(&mut self, length: Duration) -> usize {
        let Some(fragment) = self.fragments.iter_mut().find(|fragment| fragment.length.is_none()) else { return 0 };
        fragment.length = Some(length);
        fragment.text.chars().count()
    }

    /// The fragments given to the voice so far, as one text.
    pub fn spoken(&self) -> String {
        self.fragments.iter().map(|fragment| fragment.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// What is certain to be heard only in part is decided by the clock: whether the speaker still has to say.
    pub fn needs_the_clock(&self) -> bool {
        self.aloud && self.sounded
    }

    /// The words that were heard when this much sound was played; of a fragment cut short, the words begun before.
    pub fn heard(&self, played: Duration) -> String {
        if !self.aloud {
            return self.written.trim().to_owned();
        }
        let (mut heard, mut left) = (Vec::new(), played);
        for fragment in &self.fragments {
            match fragment.length {
                Some(length) if length <= left => {
                    heard.push(fragment.text.clone());
                    left -= length;
                }
                Some(length) => {
                    heard.push(begun(&fragment.text, left.as_secs_f64() / length.as_secs_f64()));
                    break;
                }
                None => break,
            }
        }
        heard.join(" ").trim().to_owned()
    }
}

/// The whole words within the first `share` of a text: speech runs at an even pace, near enough.
fn begun(text: &str, share: f64) -> String {
    let limit = (text.chars().count() as f64 * share) as usize;
    let mut taken = 0;
    let words = text.split_inclusive(' ').take_while(|word| {
        let end = taken + word.trim_end().chars().count();
        taken += word.chars().count();
        end <= limit
    });
    words.collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::Session;

    fn said() -> Said {
        let mut said = Said::new(Session::new().turn().id(), true);
        for (index, (text, ms)) in [("One is here.", 1000), ("Two is over there.", 2000)].into_iter().enumerate() {
            said.fragment(&Sentence { text: text.into(), index: index as u32 });
            said.spoke(Duration::from_millis(ms));
        }
        said.fragment(&Sentence { text: "Three is not made yet.".into(), index: 2 });
        said
    }

    #[test]
    fn heard_words_follow_the_played_time() {
        let table = [
            (0, ""),
            (500, "One is"),
            (1000, "One is here."),
            (2000, "One is here. Two is"),
            (3000, "One is here. Two is over there."),
            (9000, "One is here. Two is over there."),
        ];
        for (ms, heard) in table {
            assert_eq!(said().heard(Duration::from_millis(ms)), heard, "{ms} ms");
        }
    }

    #[test]
    fn a_silent_answer_was_read() {
        let mut said = Said::new(Session::new().turn().id(), false);
        said.write("It is written. ");
        assert_eq!(said.heard(Duration::ZERO), "It is written.");
    }
}
