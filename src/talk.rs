//! How a conversation was asked for on the command line, whichever face leads it.

pub mod kept;
pub mod names;
pub mod noted;

use std::{
    env,
    io::{self, IsTerminal},
};

use clap::Args;

/// `xnai` without a verb: a conversation.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "A conversation")]
pub struct TalkArgs {
    /// Line by line instead of on a screen: for screen readers, scripts and simple terminals
    #[arg(long, conflicts_with = "once")]
    pub plain: bool,

    /// Listen all the time, without a key
    #[arg(long, conflicts_with = "once")]
    pub hands_free: bool,

    /// Go on with a session that was kept; without a name with the last one
    #[arg(long, value_name = "SESSION", num_args = 0..=1, default_missing_value = "last", conflicts_with = "once")]
    pub resume: Option<String>,

    /// Said at the beginning: what was kept from last time and could not be taken
    #[arg(skip)]
    pub notes: Vec<String>,
}

/// Who leads a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Screen,
    Plain,
}

impl TalkArgs {
    /// The screen needs a terminal at both ends, and one that can move its cursor.
    pub fn face(&self) -> Face {
        let term = env::var("TERM").unwrap_or_default();
        self.choose(&term, io::stdin().is_terminal() && io::stdout().is_terminal())
    }

    fn choose(&self, term: &str, at_terminal: bool) -> Face {
        if self.plain || !at_terminal || matches!(term, "" | "dumb" | "unknown") { Face::Plain } else { Face::Screen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_drawn_only_where_it_can_be() {
        let plain = TalkArgs { plain: true, ..TalkArgs::default() };
        let cases = [
            (TalkArgs::default(), "xterm-256color", true, Face::Screen),
            (TalkArgs::default(), "dumb", true, Face::Plain),
            (TalkArgs::default(), "", true, Face::Plain),
            (TalkArgs::default(), "xterm", false, Face::Plain),
            (plain, "xterm", true, Face::Plain),
        ];
        for (args, term, at_terminal, face) in cases {
            assert_eq!(args.choose(term, at_terminal), face, "{args:?} {term} {at_terminal}");
        }
    }
}
