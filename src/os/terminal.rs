//! What verbs print: whole lines that are harmless to a terminal, and what it means when nobody can take them.

use std::{
    fmt::Write as _,
    io::{self, ErrorKind, IsTerminal, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use serde::Serialize;

use crate::error::{Error, Result, Room};

/// One line, or several, to stdout.
pub fn say(line: &str) -> Result<()> {
    put(io::stdout().lock(), format!("{}\n", plain(line)).as_bytes())
}

/// One line to stderr. Nothing can be said about a stderr that cannot be written.
pub fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{}", plain(line));
}

/// A path to stdout: harmless at a terminal, and byte for byte for the program that will open it.
pub fn say_path(path: &Path) -> Result<()> {
    if io::stdout().is_terminal() {
        return say(&path.to_string_lossy());
    }
    put(io::stdout().lock(), &[path.as_os_str().as_bytes(), b"\n"].concat())
}

/// A value as JSON to stdout, for programs and for people.
pub fn say_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::report(Room::Os, format!("this cannot be told as JSON: {e}")))?;
    put(io::stdout().lock(), (escaped(&text) + "\n").as_bytes())
}

/// Writes everything now. A reader that went away ends the program quietly, as it does with other filters.
pub fn put(mut to: impl Write, bytes: &[u8]) -> Result<()> {
    to.write_all(bytes).and_then(|()| to.flush()).map_err(|e| match e.kind() {
        ErrorKind::BrokenPipe => Error::stopped(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Error::make_room(Room::Os, "the output could not be written: the disk is full")
        }
        _ => Error::replace(Room::Os, format!("the output could not be written: {e}")),
    })
}

/// JSON that means the same and does nothing to a terminal: what [`plain`] drops is written as `\uXXXX`.
pub fn escaped(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        match is_harmless(c) {
            true => text.push(c),
            // All such characters lie in the first plane, so one number of four digits is enough.
            false => drop(write!(text, "\\u{:04x}", u32::from(c))),
        }
        text
    })
}

/// Drops control characters (escape sequences among them) and invisible direction marks; keeps line ends and tabs.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| is_harmless(*c)).collect()
}

fn is_harmless(c: char) -> bool {
    matches!(c, '\n' | '\t') || !(c.is_control() || is_direction_mark(c))
}

/// Marks that reorder what is shown (Unicode Standard Annex 9): a text could pretend to be another.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `1 turn`, `2 turns`.
pub fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::error::Kind;

    #[test]
    fn one_is_no_number_of_things() {
        assert_eq!([0, 1, 2].map(|count| many(count, "turn")), ["0 turns", "1 turn", "2 turns"]);
    }

    #[test]
    fn nothing_that_moves_the_cursor_survives() {
        assert_eq!(plain("a\x1b[2Jb\x07\r\nc\u{9b}31md\u{202e}e\tf"), "a[2Jb\nc31mde\tf");
        assert_eq!(plain("café — 30 days"), "café — 30 days");
    }

    #[test]
    fn json_is_harmless_and_still_says_the_same() {
        let text = "a\x1b[2J\x07\u{7f}b\u{9b}31m\u{202e}c\u{2069} é — \u{1f600}\n";
        let json = escaped(&serde_json::to_string_pretty(&[text]).unwrap());
        assert_eq!(json, plain(&json));
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }

    #[test]
    fn nobody_there_and_nowhere_to_put_it_are_different_ends() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let kind = |to: &mut dyn Write| put(to, b"text").unwrap_err().kind();
        assert_eq!(kind(&mut &writer), Kind::Stopped);
        assert_eq!(kind(&mut File::options().write(true).open("/dev/full").unwrap()), Kind::MakeRoom);
        assert_eq!(kind(&mut File::open("/dev/null").unwrap()), Kind::Replace);
    }
}
