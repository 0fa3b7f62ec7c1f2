//! Bytes to a server and back, without ever waiting blindly: every wait has a deadline and looks at the turn.
//!
//! Reading goes on while we write, so that two who both talk never wait for each other.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, poll},
    sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket},
    unistd::{read, write},
};

use super::event::{Event, Inbox, MOST_PAYLOAD};
use crate::{error::Result, turn::Turn};

/// How long a server on this machine may take to accept us.
const CONNECT: Duration = Duration::from_secs(2);
/// How often the turn is looked at, in ms.
const GLANCE: u16 = 20;
/// A server that sends more than this unread while it is written to is not listened to any further.
const MOST_UNREAD: usize = 2 * MOST_PAYLOAD;

/// What went wrong with the other side.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// It went away, or was never there.
    Gone(String),
    /// It let a deadline pass.
    Silent,
    /// It sent what is not of this protocol.
    Garbage(String),
    /// It said that it cannot.
    Complaint(String),
    /// The turn was superseded; with `true` in the middle of an event.
    Stale { torn: bool },
}

/// Both directions to one server.
#[derive(Debug)]
pub struct Wire {
    from: OwnedFd,
    /// Its standard input; a socket goes both ways.
    to: Option<OwnedFd>,
    inbox: Inbox,
}

impl Wire {
    /// The pipes of a program.
    pub fn pipes(from: OwnedFd, to: OwnedFd) -> io::Result<Self> {
        unblocked(&from)?;
        unblocked(&to)?;
        Ok(Self { from, to: Some(to), inbox: Inbox::default() })
    }

    pub fn unix(path: &Path, turn: &Turn) -> Result<Self, Fault> {
        let gone = |error: Errno| Fault::Gone(error.desc().to_lowercase());
        let at = UnixAddr::new(path).map_err(gone)?;
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None).map_err(gone)?;
        let deadline = Instant::now() + CONNECT;
        loop {
            alive(turn, false)?;
            match connect(socket.as_raw_fd(), &at) {
                Ok(()) => return Ok(Self { from: socket, to: None, inbox: Inbox::default() }),
                // Its queue of callers is full: unix(7).
                Err(Errno::EAGAIN | Errno::EINTR) if Instant::now() < deadline => thread::sleep(Duration::from_millis(GLANCE.into())),
                Err(Errno::EAGAIN | Errno::EINTR) => return Err(Fault::Silent),
                Err(error) => return Err(gone(error)),
            }
        }
    }

    pub fn tcp(place: SocketAddr, turn: &Turn) -> Result<Self, Fault> {
        let deadline = Instant::now() + CONNECT;
        loop {
            alive(turn, false)?;
            match TcpStream::connect_timeout(&place, CONNECT / 8) {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true); // only quicker
                    return Self::socket(stream.into());
                }
                Err(error) if error.kind() != io::ErrorKind::TimedOut => return Err(Fault::Gone(plain(&error))),
                Err(_) if Instant::now() > deadline => return Err(Fault::Silent),
                Err(_) => {}
            }
        }
    }

    fn socket(socket: OwnedFd) -> Result<Self, Fault> {
        unblocked(&socket).map_err(|error| Fault::Gone(plain(&error)))?;
        Ok(Self { from: socket, to: None, inbox: Inbox::default() })
    }

    /// Sends one event, and takes in what comes meanwhile.
    pub fn send(&mut self, event: &Event, turn: &Turn, patience: Duration) -> Result<(), Fault> {
        let (bytes, deadline) = (event.bytes(), Instant::now() + patience);
        let mut sent = 0;
        while sent < bytes.len() {
            alive(turn, sent > 0)?;
            let (readable, writable) = self.wait(true)?;
            if readable {
                self.take_in()?;
                if self.inbox.waiting() > MOST_UNREAD {
                    return Err(Fault::Garbage(format!("more than {MOST_UNREAD} bytes that nobody asked for")));
                }
            }
            if writable {
                match write(self.to.as_ref().unwrap_or(&self.from), &bytes[sent..]) {
                    Ok(count) => sent += count,
                    Err(Errno::EAGAIN | Errno::EINTR) => {}
                    Err(error) => return Err(Fault::Gone(error.desc().to_lowercase())),
                }
            }
            if Instant::now() > deadline {
                return Err(Fault::Silent);
            }
        }
        Ok(())
    }

    /// The next event, whole, within the time given.
    pub fn receive(&mut self, turn: &Turn, patience: Duration) -> Result<Event, Fault> {
        let deadline = Instant::now() + patience;
        loop {
            alive(turn, false)?;
            if let Some(event) = self.inbox.event().map_err(Fault::Garbage)? {
                return Ok(event);
            }
            if Instant::now() > deadline {
                return Err(Fault::Silent);
            }
            if self.wait(false)?.0 {
                self.take_in()?;
            }
        }
    }

    /// The next event if it is already there.
    pub fn event(&mut self) -> Result<Option<Event>, Fault> {
        if let Some(event) = self.inbox.event().map_err(Fault::Garbage)? {
            return Ok(Some(event));
        }
        self.take_in()?;
        self.inbox.event().map_err(Fault::Garbage)
    }

    /// Waits for a glance: what can be read, what can be written.
    fn wait(&self, writing: bool) -> Result<(bool, bool), Fault> {
        let ready = PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR;
        let flags = |fd: &PollFd<'_>, wanted| fd.revents().unwrap_or(PollFlags::empty()).intersects(wanted);
        let output = self.to.as_ref().unwrap_or(&self.from);
        let mut both = [PollFd::new(self.from.as_fd(), PollFlags::POLLIN), PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
        let watched = if writing { &mut both[..] } else { &mut both[..1] };
        match poll(watched, GLANCE) {
            Ok(_) => Ok((flags(&watched[0], ready), writing && flags(&watched[1], PollFlags::POLLOUT | PollFlags::POLLERR))),
            Err(Errno::EINTR) => Ok((false, false)),
            Err(error) => Err(Fault::Gone(error.desc().to_lowercase())),
        }
    }

    /// Takes what is there. Its end is an error: nobody hangs up while something is awaited.
    fn take_in(&mut self) -> Result<(), Fault> {
        let mut bytes = [0; 1 << 16];
        match read(&self.from, &mut bytes) {
            Ok(0) if self.inbox.is_within_an_event() => Err(Fault::Gone("it hung up within an event".into())),
            Ok(0) => Err(Fault::Gone("it hung up".into())),
            Ok(count) => {
                self.inbox.push(&bytes[..count]);
                Ok(())
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(()),
            Err(error) => Err(Fault::Gone(error.desc().to_lowercase())),
        }
    }
}

fn alive(turn: &Turn, torn: bool) -> Result<(), Fault> {
    if turn.is_stale() { Err(Fault::Stale { torn }) } else { Ok(()) }
}

fn unblocked(fd: &OwnedFd) -> io::Result<()> {
    let flags = OFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// An I/O error in words, without its number.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
