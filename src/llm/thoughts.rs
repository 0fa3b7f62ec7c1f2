//! An answer with the model's thinking aloud in, the answer alone out: `<think>…</think>` is for nobody's ears.

use super::{Llm, PieceSink};
use crate::{
    error::Result,
    parcel::{Finish, FinishReason, Piece, Prompt},
    turn::Turn,
};

pub const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A writer whose thoughts stay in this room.
pub struct Hidden(pub Box<dyn Llm>);

impl Llm for Hidden {
    fn write(&mut self, prompt: &Prompt, turn: &Turn, out: &mut PieceSink<'_>) -> Result<Finish> {
        let mut thoughts = Thoughts::default();
        let mut show = |text: Option<String>| text.map_or(Ok(()), |text| out(Piece { text }));
        let mut finish = self.0.write(prompt, turn, &mut |piece| show(thoughts.push(&piece.text)))?;
        show(thoughts.finish())?;
        if thoughts.thought && !thoughts.spoke {
            let remedy = if finish.reason == FinishReason::Length { ": raise sampling.max_tokens" } else { "" };
            finish.notes.push(format!("the model only thought and did not answer{remedy}, or set llm.show_thinking to see its thoughts"));
        }
        Ok(finish)
    }

    fn notes(&self) -> &[String] {
        self.0.notes()
    }

    fn prime(&mut self, so_far: &Prompt, turn: &Turn) -> Result<()> {
        self.0.prime(so_far, turn)
    }
}

/// Holds back what may be the beginning of a mark, and everything between two.
#[derive(Debug, Default)]
struct Thoughts {
    held: String,
    thinking: bool,
    /// It has thought at all.
    thought: bool,
    /// Something of the answer was shown.
    spoke: bool,
}

impl Thoughts {
    /// Takes a piece and returns what of it may be shown now, if anything.
    fn push(&mut self, piece: &str) -> Option<String> {
        self.held.push_str(piece);
        let mut shown = String::new();
        while let Some((at, mark)) = self.next_mark() {
            let before: String = self.held.drain(..at + mark.len()).collect();
            if !self.thinking {
                shown.push_str(&before[..at]);
            }
            self.thinking = mark == OPEN;
            self.thought |= self.thinking;
        }
        let undecided = [OPEN, CLOSE].iter().filter_map(|mark| begun(&self.held, mark)).max().unwrap_or(0);
        let decided: String = self.held.drain(..self.held.len() - undecided).collect();
        if !self.thinking {
            shown.push_str(&decided);
        }
        self.show(shown)
    }

    /// The rest: what only began like a mark was none. A thought without an end is all that is left of the answer.
    fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.held);
        if self.thinking { None } else { self.show(rest) }
    }

    /// Outside a thought an end without a beginning is dropped like any other mark.
    fn next_mark(&self) -> Option<(usize, &'static str)> {
        let of = |mark: &'static str| self.held.find(mark).map(|at| (at, mark));
        [of(OPEN), of(CLOSE)].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// An answer does not begin with the blank lines that follow a thought.
    fn show(&mut self, text: String) -> Option<String> {
        let text = if self.spoke { text } else { text.trim_start().to_owned() };
        self.spoke |= !text.is_empty();
        (!text.is_empty()).then_some(text)
    }
}

/// Length of the longest end of the text that the mark begins with.
fn begun(text: &str, mark: &str) -> Option<usize> {
    (1..mark.len()).rev().find(|length| text.ends_with(&mark[..*length]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::turn::Session;

    fn run(pieces: &[&str]) -> Vec<String> {
        let mut thoughts = Thoughts::default();
        let mut shown: Vec<String> = pieces.iter().filter_map(|piece| thoughts.push(piece)).collect();
        shown.extend(thoughts.finish());
        shown
    }

    #[test]
    fn what_stands_between_the_marks_is_not_shown() {
        assert_eq!(run(&["<think>\nHm. Two?\n</think>\n\nIt is two."]), ["It is two."]);
        assert_eq!(run(&["It is", " two."]), ["It is", " two."]);
        assert_eq!(run(&["One. <think>or", " not</think>Two."]), ["One. ", "Two."]);
        assert_eq!(run(&["so</think>It is two."]), ["soIt is two."], "a lone end is no word");
    }

    #[test]
    fn marks_may_be_cut_anywhere_and_may_turn_out_to_be_none() {
        assert_eq!(run(&["<", "thi", "nk", ">x", "</th", "ink", ">", "\n", "\n", "yes"]), ["yes"]);
        assert_eq!(run(&["a <", "b and a <thi", "s"]), ["a ", "<b and a ", "<this"]);
        assert_eq!(run(&["a <th"]), ["a ", "<th"]);
    }

    #[test]
    fn a_thought_without_an_end_shows_nothing() {
        assert!(run(&["<think>", "on and ", "on </thin"]).is_empty());
    }

    /// Writes given pieces.
    struct Script(&'static [&'static str]);

    impl Llm for Script {
        fn write(&mut self, _: &Prompt, _: &Turn, out: &mut PieceSink<'_>) -> Result<Finish> {
            self.0.iter().try_for_each(|text| out(Piece { text: (*text).into() }))?;
            Ok(Finish { reason: FinishReason::Length, ..Finish::default() })
        }
    }

    #[test]
    fn who_only_thinks_is_told_on() {
        let write = |script| {
            let mut shown = String::new();
            let mut keep = |piece: Piece| {
                shown.push_str(&piece.text);
                Ok(())
            };
            let finish = Hidden(Box::new(Script(script))).write(&Prompt::default(), &Session::new().turn(), &mut keep).unwrap();
            (shown, finish.notes)
        };
        assert_eq!(write(&["<think>a</think>", "b"]), ("b".to_owned(), vec![]));
        let (shown, notes) = write(&["<think>a"]);
        assert_eq!(shown, "");
        assert!(notes[0].contains("sampling.max_tokens"), "{notes:?}");
        assert_eq!(write(&[]), (String::new(), vec![]));
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_same_is_shown(text in "(<think>|</think>|<th|é|a| ){0,12}", cuts in prop::collection::vec(1usize..4, 0..60)) {
            let (mut pieces, mut rest) = (Vec::new(), text.as_str());
            for cut in cuts {
                let at = (cut.min(rest.len())..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap();
                pieces.push(&rest[..at]);
                rest = &rest[at..];
            }
            pieces.push(rest);
            let shown = run(&pieces).concat();
            prop_assert_eq!(&shown, &run(&[&text]).concat());
            prop_assert!(!shown.contains(OPEN) && !shown.contains(CLOSE), "{}", shown);
        }
    }
}
