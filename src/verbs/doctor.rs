//! `xnai doctor [--json]`: one line a check; exits like the first broken one.

use std::io::{self, IsTerminal};

use crate::{
    config::Context,
    doctor::{self, Check, Health},
    error::{Error, Result, Room},
    os::terminal::{plain, put, say_json},
};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Print a JSON list
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let checks = doctor::examine(context);
    if args.json {
        say_json(&checks)?;
    } else {
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        // The colours are ours; the findings were made harmless one by one.
        let lines: String = checks.iter().map(|check| line(check, colour) + "\n").collect();
        put(io::stdout().lock(), lines.as_bytes())?;
    }
    match checks.iter().find(|check| check.health == Health::Broken) {
        Some(broken) => Err(Error::new(broken.kind, Room::Os, format!("{} is broken", broken.name)).hint("see its line above")),
        None => Ok(()),
    }
}

fn line(check: &Check, colour: bool) -> String {
    let (word, code) = match check.health {
        Health::Ready => ("ready", "32"),
        Health::Degraded => ("degraded", "33"),
        Health::Broken => ("broken", "31"),
    };
    let word = if colour { format!("\x1b[{code}m{word:<8}\x1b[0m") } else { format!("{word:<8}") };
    let remedy = check.remedy.as_ref().map_or_else(String::new, |remedy| format!(" → {remedy}"));
    format!("{word}  {:<14} {}", check.name, plain(&format!("{}{remedy}", check.finding)))
}
