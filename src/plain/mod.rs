//! A conversation line by line: what is typed and heard in, one line for each event out.
//!
//! For screen readers, simple terminals (`TERM=dumb`) and scripts. Nothing is ever painted over, coloured or moved. What
//! was asked and answered goes to stdout; what goes on around it, in parentheses, to stderr.

mod devices;
mod face;
mod knobs;
mod lines;
mod run;
mod sentences;

pub use run::run;
