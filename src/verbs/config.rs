//! `xnai config show|path|check`: what is set, where, and whether it holds.

use std::path::Path;

use crate::{
    config::{DEFAULT_TOML, Layers, named_file},
    error::Result,
    os::{
        paths::Paths,
        terminal::{say, say_path},
    },
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
    match args.what {
        What::Show { origin } => show(&layers()?, origin),
        What::Path => say_path(&named_file(file).unwrap_or_else(|| paths.config_file())),
        What::Check => {
            layers()?.read()?;
            say("the configuration holds")
        }
        What::Default => say(DEFAULT_TOML.trim_end()),
    }
}

fn show(layers: &Layers, with_origin: bool) -> Result<()> {
    let line = |(key, value, origin)| if with_origin { format!("{key} = {value}  # {origin}") } else { format!("{key} = {value}") };
    let lines: Vec<String> = layers.origins()?.into_iter().map(line).collect();
    say(&lines.join("\n"))
}
