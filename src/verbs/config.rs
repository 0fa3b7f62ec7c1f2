//! `xnai config show|path|check`: what is set, where, and whether it holds.

use std::{
    io::{self, Write},
    path::Path,
};

use crate::{
    config::{Layers, named_file},
    error::{Error, Result, Room},
    os::{paths::Paths, terminal::plain},
};

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Every setting with its value
    Show {
        /// Also where each was set
        #[arg(long)]
        origin: bool,
    },
    /// Where the user's file is, or would be
    Path,
    /// Say whether the configuration holds
    Check,
    /// The complete commented default
    Default,
}

/// `file` is what --config named. Only what needs the configuration reads it.
pub fn run(args: &Args, file: Option<&Path>) -> Result<()> {
    let paths = Paths::from_env()?;
    let layers = || Layers::stack(file, &paths, &[]);
    let mut out = io::stdout().lock();
    let written = match args.what {
        What::Show { origin } => show(&layers()?, origin, &mut out)?,
        What::Path => writeln!(out, "{}", named_file(file).unwrap_or_else(|| paths.config_file()).display()),
        What::Check => {
            layers()?.read()?;
            writeln!(out, "the configuration holds")
        }
        What::Default => out.write_all(crate::config::DEFAULT_TOML.as_bytes()),
    };
    written.map_err(|e| Error::replace(Room::Config, format!("stdout cannot be written: {e}")))
}

fn show(layers: &Layers, with_origin: bool, out: &mut impl Write) -> Result<io::Result<()>> {
    let settings = layers.origins()?;
    Ok(settings.iter().try_for_each(|(key, value, origin)| {
        let line = if with_origin { format!("{key} = {value}  # {origin}") } else { format!("{key} = {value}") };
        writeln!(out, "{}", plain(&line))
    }))
}
