//! `xnai sources`: lists the indexed documents.

use std::io::{self, Write};

use crate::{
    config::Context,
    error::{Error, Result, Room},
    os::terminal::plain,
    rag::{
        filter::{self, Rule},
        home::{DEMO, Home, USER},
        journal::{Catalogue, Doc},
    },
};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only these: source=, path=, type=, tag=, after=, before=
    #[arg(long, value_name = "KEY=VALUE")]
    filter: Vec<String>,

    /// Print a JSON list
    #[arg(long)]
    json: bool,

    /// The documents that come with the program
    #[arg(long)]
    demo: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let home = Home::new(&context.config.rag.folder(&context.paths), if args.demo { DEMO } else { USER });
    let catalogue = Catalogue::read(&home.journal())?.unwrap_or_default();
    let rule = Rule::new(&filter::parse(&args.filter)?)?;
    let mut docs: Vec<&Doc> = catalogue.docs.values().filter(|d| rule.admits(d)).collect();
    docs.sort_by(|a, b| a.source.cmp(&b.source));
    let mut out = io::stdout().lock();
    let written = if args.json {
        let list: Vec<_> = docs.iter().map(|d| json(d)).collect();
        writeln!(out, "{:#}", serde_json::Value::from(list))
    } else {
        docs.iter().try_for_each(|d| writeln!(out, "{}", line(d)))
    };
    written.map_err(|e| Error::replace(Room::Os, format!("stdout cannot be written: {e}")))?;
    if docs.is_empty() && !args.json {
        eprintln!("no documents{}", if args.filter.is_empty() { " yet: `xnai ingest PATH` adds them" } else { " that fit the filter" });
    }
    Ok(())
}

fn line(doc: &Doc) -> String {
    let tags: Vec<&str> = doc.given.iter().chain(&doc.tags).map(String::as_str).collect();
    let tags = if tags.is_empty() { String::new() } else { format!("  [{}]", tags.join(", ")) };
    plain(&format!("{}  {}  {} passages{tags}", doc.source, doc.title, doc.chunks)).replace('\n', " ")
}

fn json(doc: &Doc) -> serde_json::Value {
    let tags: Vec<&String> = doc.given.iter().chain(&doc.tags).collect();
    let modified = jiff::Timestamp::from_second(doc.modified).map(|t| t.to_string()).unwrap_or_default();
    serde_json::json!({ "source": doc.source, "title": doc.title, "type": doc.kind, "tags": tags, "modified": modified,
        "bytes": doc.bytes, "sha256": doc.sha256, "passages": doc.chunks })
}
