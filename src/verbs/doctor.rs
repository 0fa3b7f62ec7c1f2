//! `xnai doctor [--json]`: one line a check; exits like the first broken one.

use std::io::{self, IsTerminal, Write};

use crate::{
    config::Context,
    doctor::{self, Check, Health},
    error::{Error, Result, Room},
    os::terminal::plain,
};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Print a JSON list
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let checks = doctor::examine(context);
    let mut out = io::stdout().lock();
    let written = if args.json {
        let list = serde_json::to_string_pretty(&checks).map_err(|e| Error::report(Room::Os, format!("the checks are no JSON: {e}")))?;
        writeln!(out, "{list}")
    } else {
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        checks.iter().try_for_each(|check| writeln!(out, "{}", line(check, colour)))
    };
    written.map_err(|e| Error::replace(Room::Os, format!("stdout cannot be written: {e}")))?;
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
