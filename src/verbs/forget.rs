//! `xnai forget SOURCE`: takes a document, or all below a folder, out of the index and off the disk.

use super::ingest::{Stock, tell_if_waiting};
use crate::{config::Context, error::Result, os::terminal::say, rag::home::USER};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// A source as `xnai sources` prints it, a file, or a folder
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,

    #[arg(long, hide = true, default_value = USER)]
    collection: String,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let gone = Stock::open(context)?.ingester(&args.collection, &mut |event| tell_if_waiting(&event), |i| i.forget(&args.sources))?;
    say(&format!("forgot {gone} document{}; the files themselves are untouched", if gone == 1 { "" } else { "s" }))
}
