//! `xnai sources`: lists the indexed documents.

use crate::{
    config::Context,
    error::Result,
    os::terminal::{many, plain, say, say_json, tell},
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
    let filter = filter::parse(&args.filter)?;
    let rule = Rule::new(&filter)?;
    let mut docs: Vec<&Doc> = catalogue.docs.values().filter(|d| rule.admits(d)).collect();
    docs.sort_by(|a, b| a.source.cmp(&b.source));
    if args.json {
        return say_json(&docs.iter().map(|d| json(d)).collect::<Vec<_>>());
    }
    if docs.is_empty() {
        let none_yet = catalogue.docs.is_empty() || args.filter.is_empty();
        let demo = if args.demo { "" } else { " (those of the demo: `xnai sources --demo`)" };
        tell(&if none_yet { format!("no documents of yours yet: `xnai ingest PATH` adds them{demo}") } else { filter::none_fits(&filter) });
    }
    docs.iter().try_for_each(|d| say(&line(d)))?;
    catalogue.parts.values().for_each(|part| tell(&begun(part)));
    Ok(())
}

fn line(doc: &Doc) -> String {
    let tags: Vec<&str> = doc.given.iter().chain(&doc.tags).map(String::as_str).collect();
    let tags = if tags.is_empty() { String::new() } else { format!("  [{}]", tags.join(", ")) };
    plain(&format!("{}  {}  {}{tags}", doc.source, doc.title, many(doc.chunks as usize, "passage"))).replace('\n', " ")
}

/// A large document whose ingest was interrupted.
fn begun(part: &Doc) -> String {
    let name = plain(&part.source).replace('\n', " ");
    let stored = many(part.chunks as usize, "passage");
    let are = if part.chunks == 1 { "is" } else { "are" };
    format!("not found yet: {name}, of which {stored} {are} stored; `xnai ingest` on it goes on from there")
}

fn json(doc: &Doc) -> serde_json::Value {
    let tags: Vec<&String> = doc.given.iter().chain(&doc.tags).collect();
    let modified = jiff::Timestamp::from_second(doc.modified).map(|t| t.to_string()).unwrap_or_default();
    serde_json::json!({ "source": doc.source, "title": doc.title, "type": doc.kind, "tags": tags, "modified": modified,
        "bytes": doc.bytes, "sha256": doc.sha256, "passages": doc.chunks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_in_part_is_named_with_what_finishes_it() {
        let part = Doc { source: "/a/b\x1b[2J.md".into(), chunks: 512, ..Doc::default() };
        let told = begun(&part);
        assert!(told.contains("512 passages") && told.contains("xnai ingest") && !told.contains('\x1b'), "{told}");
    }
}
