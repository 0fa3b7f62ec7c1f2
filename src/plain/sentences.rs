//! Pieces of an answer in, lines to be read out: a sentence each, as soon as it is complete.
//!
//! What is shown keeps its markup and its words; only the voice has reason to change them.

/// A line that does not end is cut here, in characters.
const LONGEST: usize = 2000;

/// They end with a full stop and no sentence with them.
const ABBREVIATIONS: [&str; 14] = ["mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "e.g", "i.e", "approx", "fig", "inc", "jr"];

/// Cuts one answer; make a new one for every answer.
#[derive(Debug, Default)]
pub struct Sentences {
    buffer: Vec<char>,
}

impl Sentences {
    /// Takes a piece and returns the lines that are complete now.
    pub fn push(&mut self, piece: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for c in piece.chars() {
            if c == '\n' || c == '\r' {
                self.emit(self.buffer.len(), &mut lines);
                continue;
            }
            self.buffer.push(c);
            if let Some(end) = self.end() {
                self.emit(end, &mut lines);
            }
        }
        lines
    }

    /// The answer is complete: what is left.
    pub fn finish(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        self.emit(self.buffer.len(), &mut lines);
        lines
    }

    /// Where the sentence ended that the newest character follows: after its mark, closing quotes, and a space.
    fn end(&self) -> Option<usize> {
        let (next, before) = self.buffer.split_last()?;
        if before.len() >= LONGEST {
            return Some(before.len());
        }
        let said = trimmed(before);
        let spaced = said.len() < before.len();
        if !spaced || next.is_whitespace() || next.is_lowercase() {
            return None;
        }
        let closers = said.iter().rev().take_while(|c| matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '*' | '_')).count();
        let (mark, words) = said[..said.len() - closers].split_last()?;
        let ends = match mark {
            '!' | '?' | '…' | '。' => true,
            '.' => !is_short(words),
            _ => false,
        };
        ends.then_some(before.len())
    }

    fn emit(&mut self, end: usize, lines: &mut Vec<String>) {
        let line: String = self.buffer.drain(..end).collect();
        let line = line.trim();
        if !line.is_empty() {
            lines.push(line.to_owned());
        }
    }
}

fn trimmed(text: &[char]) -> &[char] {
    let spaces = text.iter().rev().take_while(|c| c.is_whitespace()).count();
    &text[..text.len() - spaces]
}

/// Whether what stands before a full stop is an initial, an abbreviation, or the number of a list's item.
fn is_short(words: &[char]) -> bool {
    let letters = words.iter().rev().take_while(|c| !c.is_whitespace()).count();
    let word: String = words[words.len() - letters..].iter().filter(|c| !matches!(c, '(' | '"' | '“')).collect();
    let item = letters == trimmed(words).len() && !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && word != "I";
    item || initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, step: usize) -> Vec<String> {
        let mut sentences = Sentences::default();
        let chars: Vec<char> = text.chars().collect();
        let mut lines: Vec<String> = chars.chunks(step).flat_map(|piece| sentences.push(&piece.iter().collect::<String>())).collect();
        lines.extend(sentences.finish());
        lines
    }

    #[test]
    fn a_sentence_is_a_line_however_the_answer_was_cut() {
        let cases: [(&str, &[&str]); 9] = [
            ("One. Two! Three?", &["One.", "Two!", "Three?"]),
            ("It costs 3.50 euros, e.g. here. See example.com now.", &["It costs 3.50 euros, e.g. here.", "See example.com now."]),
            ("Dr. Who met J. R. Smith. He said \"Go.\" Then left.", &["Dr. Who met J. R. Smith.", "He said \"Go.\"", "Then left."]),
            ("Two ways:\n1. Ask.\n2. Wait.\n\n- Or **not.** Really.", &["Two ways:", "1. Ask.", "2. Wait.", "- Or **not.**", "Really."]),
            ("So it is I. And you… Yes.", &["So it is I.", "And you…", "Yes."]),
            ("Wait... what? ok. fine", &["Wait... what? ok. fine"]),
            ("Äpfel. Öl.", &["Äpfel.", "Öl."]),
            ("  \n \r\n", &[]),
            ("no end", &["no end"]),
        ];
        for (text, expected) in cases {
            for step in [1, 2, 3, 7, 1000] {
                assert_eq!(lines(text, step), expected, "{text:?} in steps of {step}");
            }
        }
    }

    #[test]
    fn a_sentence_is_there_as_soon_as_the_next_begins() {
        let mut sentences = Sentences::default();
        assert_eq!(sentences.push("One. "), Vec::<String>::new());
        assert_eq!(sentences.push("T"), ["One."]);
    }

    #[test]
    fn what_does_not_end_is_cut() {
        let lines = lines(&"x".repeat(5000), 64);
        assert!(lines.len() == 3 && lines.iter().all(|l| l.len() <= LONGEST), "{}", lines.len());
        assert_eq!(lines.concat().len(), 5000);
    }
}
