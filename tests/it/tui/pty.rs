//! A pseudo-terminal with a terminal emulator behind it, and xnai in front.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    libc,
    poll::{PollFd, PollFlags, poll},
    pty::{Winsize, openpty},
    sys::{
        signal::{Signal, kill},
        termios::{Termios, tcgetattr},
    },
    unistd::Pid,
};
use tempfile::TempDir;
use vt100::{Parser, Screen};

/// Generous: nothing here depends on speed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Engines that are words in a file: they hear nothing, repeat the question and beep.
const FAKES: &str = "[stt]\nbackend = 'fake'\n[llm]\nbackend = 'fake'\n[tts]\nbackend = 'fake'\n[rag]\nembedder = 'none'\n";

/// How the terminal is, and what is in the user's configuration.
pub struct Setup {
    /// Columns and rows.
    pub size: (u16, u16),
    /// It speaks the kitty keyboard protocol.
    pub kitty: bool,
    pub env: Vec<(&'static str, &'static str)>,
    pub greeted: bool,
    /// Started by a shell with job control, as people do: its script, where `$0` is the program.
    pub shell: Option<&'static str>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { size: (80, 24), kitty: false, env: Vec::new(), greeted: true, shell: None }
    }
}

/// What the terminal was told beside its picture.
#[derive(Default)]
pub struct Told {
    pub title: Option<Vec<u8>>,
    pub copied: Vec<u8>,
}

impl vt100::Callbacks for Told {
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.title = Some(title.to_vec());
    }

    fn copy_to_clipboard(&mut self, _: &mut Screen, _: &[u8], data: &[u8]) {
        self.copied = data.to_vec();
    }
}

/// The emulator, and every byte it was sent.
pub struct Terminal {
    pub parser: Parser<Told>,
    pub bytes: Vec<u8>,
}

pub struct Pty {
    pub child: Child,
    master: Option<File>,
    /// Kept open: its modes are looked at after the program ended.
    slave: OwnedFd,
    listening: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
    terminal: Arc<Mutex<Terminal>>,
    before: Termios,
    pub home: TempDir,
}

impl Pty {
    pub fn start(setup: &Setup) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (columns, rows) = setup.size;
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // One after the other: another test's child must not hold on to this terminal.
        static ONE: Mutex<()> = Mutex::new(());
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let pty = openpty(Some(&size), None).unwrap();
        for end in [&pty.master, &pty.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        }
        let before = tcgetattr(&pty.slave).unwrap();
        let child = command(setup, &home, &pty.slave).spawn().unwrap();
        drop(one);
        let parser = Parser::new_with_callbacks(rows.try_into().unwrap(), columns.try_into().unwrap(), 0, Told::default());
        let terminal = Arc::new(Mutex::new(Terminal { parser, bytes: Vec::new() }));
        let master = File::from(pty.master);
        let listening = Arc::new(AtomicBool::new(true));
        let listener = Some(listen(master.try_clone().unwrap(), terminal.clone(), setup.kitty, listening.clone()));
        Self { child, master: Some(master), slave: pty.slave, listening, listener, terminal, before, home }
    }

    pub fn terminal(&self) -> MutexGuard<'_, Terminal> {
        self.terminal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn screen(&self) -> String {
        self.terminal().parser.screen().contents()
    }

    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.master.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits until the screen is as it should be.
    pub fn until(&mut self, what: &str, is: impl Fn(&Screen) -> bool) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        while !is(self.terminal().parser.screen()) {
            assert!(Instant::now() < deadline, "{what} did not come; the screen is\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
        self
    }

    pub fn until_shows(&mut self, text: &str) -> &mut Self {
        self.until(text, |screen| screen.contents().contains(text))
    }

    pub fn until_gone(&mut self, text: &str) -> &mut Self {
        self.until(&format!("the end of {text}"), |screen| !screen.contents().contains(text))
    }

    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.terminal().parser.set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the request takes a Winsize, and the descriptor is ours.
        assert_eq!(unsafe { libc::ioctl(self.master.as_ref().unwrap().as_raw_fd(), libc::TIOCSWINSZ, &size) }, 0);
        self
    }

    pub fn signal(&mut self, signal: Signal) -> &mut Self {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
        self
    }

    /// The terminal emulator is closed.
    pub fn hang_up(&mut self) {
        self.listening.store(false, Ordering::Relaxed);
        self.listener.take().unwrap().join().unwrap();
        self.master = None;
    }

    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end; the screen is\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Modes, main screen, cursor, mouse, paste and keyboard are as they were.
    pub fn is_given_back(&self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let wrong = self.wrong();
            if wrong.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("not given back: {wrong:?}"));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn wrong(&self) -> Vec<&'static str> {
        let terminal = self.terminal();
        let screen = terminal.parser.screen();
        let modes = |termios: &Termios| (termios.input_flags, termios.output_flags, termios.control_flags, termios.local_flags);
        let pushed = count(&terminal.bytes, b"\x1b[>7u");
        let popped = count(&terminal.bytes, b"\x1b[<1u");
        let checks = [
            (modes(&tcgetattr(&self.slave).unwrap()) != modes(&self.before), "modes"),
            (screen.alternate_screen(), "alternate screen"),
            (screen.hide_cursor(), "cursor"),
            (screen.bracketed_paste(), "paste"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse"),
            (screen.fgcolor() != vt100::Color::Default || screen.bold() || screen.inverse(), "attributes"),
            (pushed != popped, "keyboard"),
        ];
        checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| what).collect()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}

fn command(setup: &Setup, home: &TempDir, slave: &OwnedFd) -> Command {
    let xnai = env!("CARGO_BIN_EXE_xnai");
    let mut command = Command::new(if setup.shell.is_some() { "bash" } else { xnai });
    if let Some(script) = setup.shell {
        command.args(["--norc", "-mc", script, xnai]);
    }
    let config = home.path().join("xnai.toml");
    fs::write(&config, FAKES).unwrap();
    if setup.greeted {
        fs::create_dir_all(home.path().join("xnai")).unwrap();
        fs::write(home.path().join("xnai/greeted"), "").unwrap();
    }
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
        command.env(name, home.path());
    }
    command.env("XNAI_HOME", env!("CARGO_MANIFEST_DIR")).env("XNAI_CONFIG", &config).env("TERM", "xterm-256color");
    command.env_remove("NO_COLOR").envs(setup.env.iter().copied());
    let end = || Stdio::from(slave.try_clone().unwrap());
    command.stdin(end()).stdout(end()).stderr(end());
    // SAFETY: only async-signal-safe calls between fork and exec: a session of its own, with this terminal.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            match libc::ioctl(0, libc::TIOCSCTTY, 0) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    command
}

/// Feeds the emulator, and answers what terminals are asked.
fn listen(mut master: File, terminal: Arc<Mutex<Terminal>>, kitty: bool, listening: Arc<AtomicBool>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        let mut asked = 0;
        while listening.load(Ordering::Relaxed) {
            if poll(&mut [PollFd::new(master.as_fd(), PollFlags::POLLIN)], 50_u16) == Ok(0) {
                continue;
            }
            let Ok(count @ 1..) = master.read(&mut buffer) else { return };
            let mut terminal = terminal.lock().unwrap_or_else(PoisonError::into_inner);
            terminal.bytes.extend_from_slice(&buffer[..count]);
            terminal.parser.process(&buffer[..count]);
            let now = self::count(&terminal.bytes, b"\x1b[c");
            drop(terminal);
            if now > asked {
                asked = now;
                let answer: &[u8] = if kitty { b"\x1b[?0u\x1b[?62;c" } else { b"\x1b[?62;c" };
                let _ = master.write_all(answer);
            }
        }
    })
}
