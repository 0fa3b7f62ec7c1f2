//! `xnai config show|path|check`: what is set, where, and whether it holds.

use crate::{
    config::{DEFAULT_TOML, Layers},
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

pub fn run(args: &Args, layers: &Layers, paths: &Paths) -> Result<()> {
    match args.what {
        What::Show { origin } => show(layers, origin),
        What::Path => say_path(&paths.config_file()),
        What::Check => {
            layers.read()?;
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
