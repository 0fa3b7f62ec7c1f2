//! `xnai forget SOURCE`: takes a document, or all below a folder, out of the index and off the disk.

use super::ingest::Stock;
use crate::{config::Context, error::Result, rag::home::USER};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// A source as `xnai sources` prints it, a file, or a folder
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,

    #[arg(long, hide = true, default_value = USER)]
    collection: String,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let mut waiting = |event: crate::rag::ingest::Event<'_>| {
        if matches!(event, crate::rag::ingest::Event::Waiting) {
            eprintln!("xnai: another xnai is writing to this store; waiting for it");
        }
    };
    let gone = Stock::open(context)?.ingester(&args.collection, &mut waiting, |i| i.forget(&args.sources))?;
    println!("forgot {gone} document{}; the files themselves are untouched", if gone == 1 { "" } else { "s" });
    Ok(())
}
