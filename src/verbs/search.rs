//! `xnai search "…"`: the passages that would be handed to the model, without asking it.

use std::num::NonZeroUsize;

use super::ingest::{ended_by_user, interruptible};
use crate::{
    config::Context,
    error::Result,
    models::Shelf,
    os::terminal::{plain, say, say_json, tell},
    parcel::{Passage, Passages, Query},
    pipeline::crew,
    rag::{self, filter, relevance},
};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to look for; "words in quotes" must occur as they stand
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,

    /// Only these: source=, path=, type=, tag=, after=, before=
    #[arg(long, value_name = "KEY=VALUE")]
    filter: Vec<String>,

    /// At most so many passages
    #[arg(long, short = 'n', value_name = "N", value_parser = one_or_more)]
    limit: Option<NonZeroUsize>,

    /// Say why each passage was chosen
    #[arg(long)]
    explain: bool,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let settings = &context.config.rag;
    let filter = filter::parse(&args.filter)?;
    let files = crew::embedder(settings, &Shelf::open(&context.config.models, &context.paths)?)?;
    let searcher = rag::open_searcher(settings, &context.paths, &files, settings.threads.max(1).into())?;
    let query = Query { text: args.words.join(" "), limit: args.limit.map_or(settings.passages, NonZeroUsize::get), filter };
    let passages = searcher.search(&query, &interruptible()?).map_err(ended_by_user)?;
    if args.json {
        return say_json(&passages);
    }
    passages.notes.iter().for_each(|note| tell(&format!("note: {note}")));
    say(&page(&passages, args.explain))
}

fn one_or_more(text: &str) -> std::result::Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it must be a whole number, 1 or more".to_owned())
}

fn page(passages: &Passages, explain: bool) -> String {
    let mut page = String::new();
    if !passages.found {
        page += if passages.list.is_empty() { "Nothing found." } else { "Nothing that bears on it; the nearest:\n\n" };
    }
    let blocks: Vec<String> = passages.list.iter().enumerate().map(|(n, p)| block(n + 1, p, explain)).collect();
    page + &blocks.join("\n\n")
}

fn block(number: usize, passage: &Passage, explain: bool) -> String {
    let Passage { source, title, span, text, score, evidence } = passage;
    let one_line = |text: &str| plain(text).replace('\n', " ");
    let mut block = format!("{number}. {}\n   {} [{}..{}]", one_line(title), one_line(source), span.start, span.end);
    if explain {
        let number = |n: Option<f32>| n.map_or_else(|| "none".into(), |n| format!("{n:.3}"));
        let verdict = if relevance::margin(evidence) >= 0.0 { "bears on the question" } else { "too far from it" };
        let (cosine, bm25) = (number(evidence.cosine), number(evidence.bm25));
        block +=
            &format!("\n   rank {score:.4}, cosine {cosine}, words {bm25}, rare words held {:.0} %: {verdict}", evidence.coverage * 100.0);
    }
    let body: Vec<String> = plain(text).lines().map(|line| format!("   {line}")).collect();
    format!("{block}\n{}", body.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::Evidence;

    #[test]
    fn the_object_fits_its_schema_and_a_span_looks_as_in_once() {
        let schema: serde_json::Value = serde_json::from_str(include_str!("../../assets/search.schema.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let passage = Passage { span: 3..17, evidence: Evidence { cosine: Some(0.5), ..Evidence::default() }, ..Passage::default() };
        let object = serde_json::to_value(Passages { list: vec![passage], found: true, notes: vec!["n".into()] }).unwrap();
        let faults: Vec<_> = validator.iter_errors(&object).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(object["list"][0]["span"], serde_json::json!([3, 17]));
        assert!(!validator.is_valid(&serde_json::json!({ "list": [{}], "found": true, "notes": [] })));
    }

    #[test]
    fn no_passages_at_all_is_no_wish() {
        #[derive(clap::Parser, Debug)]
        struct Typed {
            #[command(flatten)]
            args: Args,
        }
        let typed = |n: &str| <Typed as clap::Parser>::try_parse_from(["x", "moon", "-n", n]);
        assert_eq!(typed("0").unwrap_err().exit_code(), 2);
        assert_eq!(typed("3").unwrap().args.limit.unwrap().get(), 3);
    }

    #[test]
    fn nothing_a_document_holds_reaches_the_terminal_as_a_command() {
        let passage =
            Passage { title: "a\x1b]0;x\x07".into(), source: "s\x1b[2J\n".into(), text: "t\x1b[31m\u{202e}".into(), ..Passage::default() };
        let page = page(&Passages { list: vec![passage], found: true, notes: vec![] }, true);
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()) && !page.contains('\u{202e}'), "{page:?}");
    }
}
