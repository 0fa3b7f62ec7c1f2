//! What is printed where: the answer to stdout as it is made, everything about it to stderr.

use std::io::{self, ErrorKind, IsTerminal, Write};

use super::{args::OnceArgs, report::Report};
use crate::{
    error::{Error, Result, Room},
    os::terminal::plain,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Stdout,
    /// `--out -`: stdout carries sound.
    Stderr,
    /// `--json`: the object carries it.
    Nowhere,
}

pub struct Output {
    text: Text,
    json: bool,
    quiet: bool,
    /// The answer printed so far does not end a line.
    open_line: bool,
}

impl Output {
    pub fn new(args: &OnceArgs) -> Self {
        let to_stdout = args.out.as_ref().is_some_and(|out| out.as_os_str() == "-");
        let text = match (args.json, to_stdout) {
            (true, _) => Text::Nowhere,
            (false, true) => Text::Stderr,
            (false, false) => Text::Stdout,
        };
        Self { text, json: args.json, quiet: args.quiet, open_line: false }
    }

    /// Whether somebody reads the answer as it comes.
    pub fn at_terminal(&self) -> bool {
        self.text == Text::Stdout && io::stdout().is_terminal()
    }

    /// Something the user should know once. In `--json` it is one of the warnings.
    pub fn note(&self, note: &str) {
        if !self.quiet && !self.json {
            // A closed stderr is no reason to fail.
            let _ = writeln!(io::stderr(), "xnai: {}", plain(note));
        }
    }

    pub fn warn(&self, report: &mut Report, warning: String) {
        self.note(&warning);
        report.warnings.push(warning);
    }

    pub fn heard(&self, question: &str) {
        if !question.is_empty() {
            self.note(&format!("heard: {question}"));
        }
    }

    pub fn piece(&mut self, text: &str) -> Result<()> {
        let text = plain(text);
        if text.is_empty() {
            return Ok(());
        }
        self.open_line = !text.ends_with('\n');
        match self.text {
            Text::Stdout => print(io::stdout().lock(), &text),
            Text::Stderr => print(io::stderr().lock(), &text),
            Text::Nowhere => Ok(()),
        }
    }

    /// Ends the line and names the sources, or prints the object.
    pub fn close(&mut self, report: &Report) -> Result<()> {
        if self.json {
            let object = serde_json::to_string(report).map_err(|e| Error::report(Room::Pipeline, format!("the report is no JSON: {e}")))?;
            return print(io::stdout().lock(), &(object + "\n"));
        }
        if self.open_line {
            self.piece("\n")?;
        }
        if let (Some(best), None) = (report.citations.first(), &report.error) {
            self.note(&format!("from {} ({})", best.title, best.source));
        }
        Ok(())
    }
}

/// A reader that went away ends the program quietly, as it does with other filters.
fn print(mut to: impl Write, text: &str) -> Result<()> {
    to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(|e| match e.kind() {
        ErrorKind::BrokenPipe => Error::stopped(),
        ErrorKind::StorageFull => Error::make_room(Room::Pipeline, "the answer could not be written: the disk is full"),
        _ => Error::replace(Room::Pipeline, format!("the answer could not be written: {e}")),
    })
}
