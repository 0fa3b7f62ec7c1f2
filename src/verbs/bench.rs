//! `xnai bench WHAT`: measurements that a person can repeat.

use super::ingest::ended_by_user;
use crate::{bench, config::Context, error::Result};

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// How well the documents of a question set are found
    Rag(bench::rag::Args),
    /// How the small pack does on the demo questions, spoken by three voices
    Nano(bench::nano::Args),
    /// How long each stage of a spoken turn takes, and the way from a key to silence
    Turn(bench::turn::Args),
    /// How often our own voice interrupts us, and how often a person who interrupts is missed
    Echo(bench::echo::Args),
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let measured = match &args.what {
        What::Rag(args) => bench::rag::run(args, context),
        What::Nano(args) => bench::nano::run(args, context),
        What::Turn(args) => bench::turn::run(args, context),
        What::Echo(args) => bench::echo::run(args, context),
    };
    measured.map_err(ended_by_user)
}
