//! Bytes of tokens in, text that is safe to show out: whole characters, and nothing of a stop string.

/// Holds back what is not decided yet: half a character, or the beginning of a stop string.
#[derive(Debug, Default)]
pub struct Stream {
    bytes: Vec<u8>,
    held: String,
    stops: Vec<String>,
    started: bool,
    stopped: bool,
}

impl Stream {
    pub fn new(stops: impl IntoIterator<Item = String>) -> Self {
        Self { stops: stops.into_iter().filter(|stop| !stop.is_empty()).collect(), ..Self::default() }
    }

    /// Takes the bytes of one token and returns the text that is decided now, possibly none.
    pub fn push(&mut self, bytes: &[u8]) -> Option<String> {
        if self.stopped {
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        self.decode();
        let decided = match self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            Some(at) => {
                self.stopped = true;
                at
            }
            None => self.held.len() - self.undecided(),
        };
        let text = self.held.drain(..decided).collect();
        self.show(text)
    }

    /// Whether a stop string was met: nothing comes after it.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// The rest, once no more bytes come. Half a character is dropped.
    pub fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.held);
        if self.stopped { None } else { self.show(rest) }
    }

    /// Moves whole characters from the bytes to the held text; bytes that are no text become U+FFFD.
    fn decode(&mut self) {
        loop {
            match std::str::from_utf8(&self.bytes) {
                Ok(text) => {
                    self.held.push_str(text);
                    return self.bytes.clear();
                }
                Err(error) => {
                    let whole: Vec<u8> = self.bytes.drain(..error.valid_up_to()).collect();
                    self.held.push_str(&String::from_utf8_lossy(&whole));
                    let Some(bad) = error.error_len() else { return };
                    self.bytes.drain(..bad);
                    self.held.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
    }

    /// Length of the longest end of the held text that some stop string begins with.
    fn undecided(&self) -> usize {
        let begins = |stop: &String| (1..stop.len()).rev().find(|n| stop.is_char_boundary(*n) && self.held.ends_with(&stop[..*n]));
        self.stops.iter().filter_map(begins).max().unwrap_or(0)
    }

    /// An answer does not begin with blanks.
    fn show(&mut self, text: String) -> Option<String> {
        let text = if self.started { text } else { text.trim_start().to_owned() };
        self.started |= !text.is_empty();
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(stops: &[&str], pieces: &[&[u8]]) -> (Vec<String>, bool) {
        let mut stream = Stream::new(stops.iter().map(|s| (*s).to_owned()));
        let mut shown: Vec<String> = pieces.iter().filter_map(|piece| stream.push(piece)).collect();
        shown.extend(stream.finish());
        (shown, stream.stopped())
    }

    #[test]
    fn a_character_split_over_tokens_comes_whole() {
        assert_eq!(run(&[], &[b"caf\xc3", b"\xa9", b" \xf0\x9f", b"\x98", b"\x80!"]).0, ["caf", "é", " ", "😀!"]);
        assert_eq!(run(&[], &[b"a\xff", b"b\xc3"]).0, ["a\u{fffd}", "b"]);
    }

    #[test]
    fn a_stop_string_across_tokens_is_never_shown() {
        assert_eq!(run(&["\nUser:"], &[b" Yes.", b"\nUs", b"er", b": no"]), (vec!["Yes.".to_owned()], true));
        assert_eq!(run(&["\nUser:"], &[b"Yes.\nUs", b"ual."]), (vec!["Yes.".to_owned(), "\nUsual.".to_owned()], false));
        assert_eq!(run(&["END"], &[b"E", b"N"]), (vec!["EN".to_owned()], false));
    }

    #[test]
    fn the_earliest_stop_wins_and_empty_ones_do_not_count() {
        assert_eq!(run(&["", "two", "one"], &[b"zero one two"]), (vec!["zero ".to_owned()], true));
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_text_is_the_same(text in "[a-cé😀 ]{0,30}", cuts in prop::collection::vec(1usize..4, 0..40)) {
            let (stop, mut rest, mut pieces) = ("ab", text.as_bytes(), Vec::new());
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            let (shown, stopped) = run(&[stop], &pieces);
            let whole = text.split(stop).next().unwrap_or_default().trim_start();
            prop_assert_eq!(shown.concat(), whole);
            prop_assert_eq!(stopped, text.contains(stop));
        }
    }
}
