//! A download on stderr: a bar at a terminal, a line at the start and at the end elsewhere.

use std::{
    io::{self, IsTerminal},
    path::Path,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    models::{Entry, Watch, source::size},
    os::terminal::tell,
};

/// Shows one download at a time.
pub struct Bar {
    bar: ProgressBar,
    terminal: bool,
}

impl Bar {
    pub fn new() -> Self {
        Self { bar: ProgressBar::hidden(), terminal: io::stderr().is_terminal() }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| tell(line));
    }
}

impl Watch for Bar {
    fn note(&mut self, line: &str) {
        self.say(line);
    }

    fn start(&mut self, entry: &Entry, from: u64, total: Option<u64>) {
        if self.terminal {
            self.bar.finish_and_clear();
            self.bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
            let style =
                ProgressStyle::with_template("{msg}  {wide_bar} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}");
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_message(entry.file.clone());
            self.bar.set_position(from);
            self.bar.reset_eta();
            return;
        }
        let length = total.map_or_else(|| "of unknown length".to_owned(), size);
        match from {
            0 => self.say(&format!("fetching {} ({length})", entry.file)),
            _ => self.say(&format!("going on with {} at {} of {length}", entry.file, size(from))),
        }
    }

    fn moved(&mut self, at: u64) {
        self.bar.set_position(at);
    }

    fn done(&mut self, entry: &Entry, path: &Path) {
        self.bar.finish_and_clear();
        self.say(&format!("{} is complete: {}", entry.id, path.display()));
    }
}
