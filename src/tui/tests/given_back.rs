//! The terminal is given back after a panic and after an error: a child process on a pseudo-terminal of its own.
//!
//! The other ways out are told with the built binary, in `tests/it/tui`.

use std::{
    env,
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use nix::{
    pty::openpty,
    sys::termios::{LocalFlags, tcgetattr},
};

use crate::{
    error::{Error, Result, Room},
    pipeline::worker,
    tui::terminal::Guard,
};

/// Names the way out; set only for the child.
const WAY_OUT: &str = "XNAI_BUILD_TEST_WAY_OUT";

/// The child: this very test, started again.
fn child(way: &str) -> Result<()> {
    let guard = Guard::take(true, &env::temp_dir())?;
    assert!(!tcgetattr(std::io::stdin()).unwrap().local_flags.contains(LocalFlags::ICANON), "single keys");
    match way {
        "panic" => panic!("the screen met a fault"),
        "engine" => {
            worker::start("engine", || panic!("an engine met a fault"))?.join().unwrap_err();
            print_through(b"the picture goes on");
            drop(guard);
            Ok(())
        }
        _ => Err(Error::report(Room::Os, "an error of the screen")),
    }
}

fn print_through(bytes: &[u8]) {
    let mut out = std::io::stdout();
    out.write_all(bytes).unwrap();
    out.flush().unwrap();
}

struct Ended {
    said: String,
    restored: bool,
    success: bool,
}

fn leave_by(test: &str, way: &str) -> Ended {
    let pty = openpty(None, None).unwrap();
    let before = tcgetattr(&pty.slave).unwrap();
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &format!("tui::tests::given_back::{test}"), "--nocapture", "--test-threads=1"]);
    command.env(WAY_OUT, way).env("RUST_BACKTRACE", "0").stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().unwrap();
    let said = listen(pty.master);
    let success = wait(&mut child);
    let said = collect(&said);
    let after = tcgetattr(&pty.slave).unwrap();
    Ended { said, restored: after.local_flags == before.local_flags && after.input_flags == before.input_flags, success }
}

/// What the child writes; it is told what kind of terminal this is when it asks.
fn listen(master: OwnedFd) -> Receiver<Vec<u8>> {
    let (tell, told) = sync_channel(1024);
    let mut master = File::from(master);
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            if buffer[..count].ends_with(b"\x1b[c") {
                let _ = master.write_all(b"\x1b[?62;c");
            }
            if tell.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    told
}

fn wait(child: &mut Child) -> bool {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.success();
        }
        assert!(Instant::now() < deadline, "the child does not end");
        thread::sleep(Duration::from_millis(10));
    }
}

fn collect(told: &Receiver<Vec<u8>>) -> String {
    let mut bytes = Vec::new();
    loop {
        match told.recv_timeout(Duration::from_millis(300)) {
            Ok(more) => bytes.extend(more),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

const TAKEN: &str = "\x1b[?1049h";
const GIVEN_BACK: &str = "\x1b[?1049l\x1b[?25h";

#[test]
fn a_panic_is_told_on_the_ordinary_screen() {
    if let Ok(way) = env::var(WAY_OUT) {
        return child(&way).unwrap();
    }
    let ended = leave_by("a_panic_is_told_on_the_ordinary_screen", "panic");
    let (taken, back) = (ended.said.find(TAKEN), ended.said.find(GIVEN_BACK));
    let told = ended.said.find("the screen met a fault");
    assert!(taken.is_some() && taken < back && back < told, "{:?}", ended.said);
    assert!(ended.restored && !ended.success);
}

#[test]
fn an_error_gives_it_back() {
    if let Ok(way) = env::var(WAY_OUT) {
        return child(&way).unwrap();
    }
    let ended = leave_by("an_error_gives_it_back", "error");
    assert!(ended.said.contains(GIVEN_BACK) && ended.restored && !ended.success, "{:?}", ended.said);
}

#[test]
fn a_panic_of_an_engine_is_not_written_across_the_picture() {
    if let Ok(way) = env::var(WAY_OUT) {
        return child(&way).unwrap();
    }
    let ended = leave_by("a_panic_of_an_engine_is_not_written_across_the_picture", "engine");
    assert!(ended.said.contains("the picture goes on") && !ended.said.contains("an engine met a fault"), "{:?}", ended.said);
    assert!(ended.restored && ended.success);
}
