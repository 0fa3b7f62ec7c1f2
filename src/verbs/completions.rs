//! `xnai completions SHELL`: what the shell needs to complete our words.

use std::io;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{cli::Cli, error::Result, os::terminal};

#[derive(clap::Args, Debug)]
pub struct Args {
    pub shell: Shell,
}

pub fn run(args: &Args) -> Result<()> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "xnai", &mut script);
    terminal::put(io::stdout().lock(), &script)
}
