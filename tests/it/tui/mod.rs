//! The built binary on a pseudo-terminal: the screen before, keys, the screen after; and the terminal given back.

mod given_back;
mod pty;
mod stories;
