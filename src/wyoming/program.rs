//! A server that is a program of ours: started with pipes, its complaints in our log, ended with all that it started.
//!
//! It ends when it is dropped, and it does not outlive us: its input ends with us, and the kernel kills it when the
//! thread that started it is gone, which lives exactly as long as the program is wanted.

use std::{
    io::{self, Read},
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        prctl::set_pdeathsig,
        signal::{Signal, killpg},
    },
    unistd::Pid,
};

use super::wire::Wire;

/// How long it may take to end by itself after it was asked to.
const GRACE: Duration = Duration::from_millis(100);
/// How long its last words are awaited once it closed its output: what it started may keep stderr open.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Longest line of its complaints that is kept.
const LONGEST_LINE: usize = 400;

/// What it said on stderr.
#[derive(Debug, Default)]
struct Said {
    /// Its last line: often the reason why it died.
    last: String,
    /// Nothing comes after that.
    ended: bool,
}

/// The running program.
#[derive(Debug)]
pub struct Program {
    child: Child,
    said: Arc<Mutex<Said>>,
    /// Dropped with the program, which ends the thread that started it.
    _wanted: SyncSender<()>,
}

impl Program {
    /// Starts it; the wire ends with it.
    pub fn start(words: &[String]) -> io::Result<(Self, Wire)> {
        let (answer, started) = sync_channel(1);
        let (wanted, until) = sync_channel(0);
        let said = Arc::new(Mutex::new(Said::default()));
        let (words, heard) = (words.to_vec(), Arc::clone(&said));
        // One thread a program: it listens to stderr, and the kernel ties the program's life to it (prctl(2), PR_SET_PDEATHSIG).
        let keep = move || keeper(&words, &answer, &heard, &until);
        thread::Builder::new().name("xnai-program".into()).spawn(keep)?;
        let mut child = started.recv().unwrap_or_else(|_| Err(io::Error::other("its thread ended")))?;
        let pipes = child.stdout.take().zip(child.stdin.take());
        let program = Self { child, said, _wanted: wanted };
        let (from, to) = pipes.ok_or_else(|| io::Error::other("it has no pipes"))?;
        Ok((program, Wire::pipes(OwnedFd::from(from), OwnedFd::from(to))?))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended and what it said last, once it has ended; waits a moment for that.
    pub fn obituary(&mut self) -> String {
        let deadline = Instant::now() + LAST_WORDS;
        while (self.is_running() || !self.said().ended) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        let last = self.said().last.clone();
        match self.child.try_wait() {
            Ok(Some(status)) if last.is_empty() => format!("it ended with {status}"),
            Ok(Some(status)) => format!("it ended with {status} and said last: {last}"),
            _ => "it closed its output".into(),
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn signal(&self, signal: Signal) {
        // The group is its own (see `command`), so this reaches nobody else; it may be gone already.
        let _ = killpg(Pid::from_raw(self.child.id() as i32), signal);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.is_running() {
            self.signal(Signal::SIGTERM);
            let deadline = Instant::now() + GRACE;
            // Not reaped before its group was killed: its number could be another's by then.
            while !has_ended(&self.child) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(2));
            }
            self.signal(Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

/// Whether it has ended, without reaping it.
fn has_ended(child: &Child) -> bool {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    !matches!(waitid(Id::Pid(Pid::from_raw(child.id() as i32)), flags), Ok(WaitStatus::StillAlive))
}

/// Starts the program, then listens to its complaints until it is no longer wanted.
fn keeper(words: &[String], answer: &SyncSender<io::Result<Child>>, said: &Mutex<Said>, until: &Receiver<()>) {
    let mut child = command(words).spawn();
    let complaints = child.as_mut().ok().and_then(|child| child.stderr.take());
    if answer.send(child).is_err() {
        return;
    }
    if let Some(complaints) = complaints {
        listen(complaints, words.first().map_or("", String::as_str), said);
    }
    let _ = until.recv(); // nothing is ever sent: it ends when the program is dropped
}

fn command(words: &[String]) -> Command {
    let (program, arguments) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0);
    // SAFETY: between fork and exec only one system call is made, which is async-signal-safe and allocates nothing.
    unsafe { command.pre_exec(|| set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)) };
    command
}

/// Every line into the log, at debug: a recogniser may print what it hears.
fn listen(complaints: ChildStderr, program: &str, said: &Mutex<Said>) {
    let mut line = Vec::new();
    for byte in io::BufReader::new(complaints).bytes() {
        match byte {
            Ok(b'\n') => note(program, &std::mem::take(&mut line), said),
            Ok(byte) if line.len() < LONGEST_LINE => line.push(byte),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    note(program, &line, said);
    said.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
}

fn note(program: &str, line: &[u8], said: &Mutex<Said>) {
    let text: String = String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    if !text.is_empty() {
        tracing::debug!(program, text, "a program of ours says");
        text.clone_into(&mut said.lock().unwrap_or_else(PoisonError::into_inner).last);
    }
}
