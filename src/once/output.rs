//! What is printed where: the answer to stdout as it is made, everything about it to stderr.

use std::io::{self, IsTerminal};

use super::{args::OnceArgs, report::Report};
use crate::{
    error::{Error, Result, Room},
    os::terminal::{escaped, plain, put, tell},
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
            tell(&format!("xnai: {note}"));
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
            Text::Stdout => put(io::stdout().lock(), text.as_bytes()),
            Text::Stderr => put(io::stderr().lock(), text.as_bytes()),
            Text::Nowhere => Ok(()),
        }
    }

    /// Ends the line and names the sources, or prints the object.
    pub fn close(&mut self, report: &Report) -> Result<()> {
        if self.json {
            let object = serde_json::to_string(report).map_err(|e| Error::report(Room::Pipeline, format!("the report is no JSON: {e}")))?;
            return put(io::stdout().lock(), (escaped(&object) + "\n").as_bytes());
        }
        if self.open_line {
            self.piece("\n")?;
        }
        if report.error.is_none() && !report.citations.is_empty() {
            let mut documents: Vec<&str> = Vec::new();
            for citation in &report.citations {
                if !documents.contains(&citation.source.as_str()) {
                    documents.push(&citation.source);
                }
            }
            self.note(&format!("passages from {}", documents.join(", ")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::pipeline::meter::Timings;

    #[test]
    fn quiet_or_not_a_warning_is_in_the_object() {
        for (json, quiet) in [(true, true), (true, false), (false, true)] {
            let mut report = Report::new(Timings::from(Instant::now()));
            Output::new(&OnceArgs { json, quiet, ..OnceArgs::default() }).warn(&mut report, "the small model".into());
            assert_eq!(report.warnings, ["the small model"], "json {json} quiet {quiet}");
        }
    }
}
