//! `xnai completions SHELL`: what the shell needs to complete our words.

use std::io;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{cli::Cli, error::Result};

#[derive(clap::Args, Debug)]
pub struct Args {
    pub shell: Shell,
}

pub fn run(args: &Args) -> Result<()> {
    generate(args.shell, &mut Cli::command(), "xnai", &mut io::stdout());
    Ok(())
}
