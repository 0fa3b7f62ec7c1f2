//! The same conversation at a terminal that can do nothing but print lines.

use std::{
    fs::File,
    io::Read,
    os::fd::AsRawFd,
    process::{Child, ExitStatus},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant},
};

use nix::{
    pty::openpty,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::Home;

/// The program at a terminal without abilities, and all that it printed.
struct Dumb {
    child: Child,
    master: File,
    pieces: Receiver<String>,
    printed: String,
}

impl Dumb {
    fn start(home: &Home, args: &[&str], term: &str) -> Self {
        let pty = openpty(None, None).unwrap();
        let slave = || pty.slave.try_clone().unwrap();
        let child = home.command(args).env("TERM", term).stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
        let master = File::from(pty.master);
        assert!(master.as_raw_fd() > 2);
        let mut reader = master.try_clone().unwrap();
        let (sender, pieces) = sync_channel(1024);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose last program left cannot be read any more.
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                if sender.send(String::from_utf8_lossy(&bytes[..n]).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self { child, master, pieces, printed: String::new() }
    }

    /// Waits until this was printed, counted from the start.
    fn until(&mut self, expected: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.printed.contains(expected) {
            let left = deadline.saturating_duration_since(Instant::now());
            let piece = self.pieces.recv_timeout(left).unwrap_or_else(|_| panic!("no {expected:?} in {:?}", self.printed));
            self.printed += &piece;
        }
    }

    fn types(&mut self, line: &str) {
        std::io::Write::write_all(&mut self.master, line.as_bytes()).unwrap();
    }

    fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        while let Ok(piece) = self.pieces.recv_timeout(Duration::from_millis(200)) {
            self.printed += &piece;
        }
        (status, self.printed)
    }
}

#[test]
fn a_terminal_without_abilities_is_given_lines_and_nothing_else() {
    let home = Home::new();
    let mut dumb = Dumb::start(&home, &[], "dumb");
    dumb.until("/help says what else there is");
    dumb.types("/docs off\n");
    dumb.until("documents: off)");
    dumb.types("How long?\n");
    dumb.until("xnai: ");
    dumb.types("/help\n");
    dumb.until("/quit: end the program");
    dumb.types("/quit\n");
    let (status, printed) = dumb.end();
    assert_eq!(status.code(), Some(0), "{printed}");
    // The terminal itself shows a line end as two characters.
    let strange = |c: char| c.is_control() && !matches!(c, '\r' | '\n');
    assert!(!printed.contains(strange) && !printed.replace("\r\n", "").contains('\r'), "{printed:?}");
    assert!(!printed.contains("you: How long?"), "the typed line stands there already: {printed:?}");
    assert!(home.run(&["sessions", "show"]).out.contains("you: How long?"));
}

#[test]
fn control_d_and_control_c_end_it() {
    let home = Home::new();
    let mut dumb = Dumb::start(&home, &["--plain"], "xterm-256color");
    dumb.until("/help says");
    dumb.types("\u{4}");
    assert_eq!(dumb.end().0.code(), Some(0));
    let mut dumb = Dumb::start(&home, &["--plain"], "xterm-256color");
    dumb.until("/help says");
    kill(Pid::from_raw(dumb.child.id() as i32), Signal::SIGINT).unwrap();
    let (status, printed) = dumb.end();
    assert_eq!(status.code(), Some(130));
    assert!(!printed.contains('\u{1b}') && !home.folder().exists(), "{printed:?}");
}
