//! Stdin into lines, on a thread of its own, so that a slow typist never keeps anything waiting.

use std::{
    io::{BufRead, Read},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use crate::{error::Result, pipeline::worker};

/// Longer than any question: a document, sent here by mistake.
const LONGEST: u64 = 64 * 1024;

/// Lines read ahead. When it is full the reader waits, and with it whoever writes into the pipe.
const AHEAD: usize = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Line(String),
    /// Over 64 KiB: it was thrown away.
    TooLong,
    /// Nothing more will come.
    End,
}

/// Starts reading.
pub fn read(from: impl BufRead + Send + 'static) -> Result<Receiver<Typed>> {
    let (lines, inbox) = sync_channel(AHEAD);
    worker::start("lines", move || hand_over(from, &lines))?;
    Ok(inbox)
}

fn hand_over(mut from: impl BufRead, lines: &SyncSender<Typed>) {
    loop {
        let typed = next(&mut from);
        let over = typed == Typed::End;
        if lines.send(typed).is_err() || over {
            return;
        }
    }
}

/// An input that breaks ends like one that is over: a terminal that went away can be told nothing.
fn next(from: &mut impl BufRead) -> Typed {
    let mut bytes = Vec::new();
    match from.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
        Ok(0) | Err(_) => Typed::End,
        Ok(n) if n as u64 == LONGEST && !bytes.ends_with(b"\n") => {
            // Whatever is left of it is no question either.
            let _ = from.skip_until(b'\n');
            Typed::TooLong
        }
        Ok(_) => Typed::Line(String::from_utf8_lossy(&bytes).trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn all(text: &[u8]) -> Vec<Typed> {
        read(Cursor::new(text.to_vec())).unwrap().iter().collect()
    }

    fn line(text: &str) -> Typed {
        Typed::Line(text.into())
    }

    #[test]
    fn a_line_is_a_line_with_or_without_an_end() {
        assert_eq!(all(b" one \r\n\ntwo"), [line("one"), line(""), line("two"), Typed::End]);
        assert_eq!(all(b""), [Typed::End]);
        assert_eq!(all(b"\xff?\n"), [line("\u{fffd}?"), Typed::End]);
    }

    #[test]
    fn what_is_no_question_is_thrown_away_whole() {
        let text = [vec![b'x'; 200_000], b"\nnext\n".to_vec()].concat();
        assert_eq!(all(&text), [Typed::TooLong, line("next"), Typed::End]);
    }
}
