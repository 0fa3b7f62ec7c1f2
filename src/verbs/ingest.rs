//! `xnai ingest PATH…`: indexes files, or folders with all that is in them.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    config::Context,
    error::{Error, Result, Room},
    models::Shelf,
    os::{
        stop,
        terminal::{many, plain, say, say_json, tell},
    },
    pipeline::crew,
    rag::{
        self,
        embed::Embedder,
        home::{Home, USER},
        ingest::{Event, Ingester, Report, Request},
        store::Tables,
    },
    turn::{Session, Turn},
};

/// Skipped paths named one by one; the others are counted.
const NAMED: usize = 20;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files, or folders with all that is in them but hidden and git-ignored files
    #[arg(required_unless_present = "reembed", value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Put a tag on these documents, for `--filter tag=…`
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,

    /// Build the whole index again, with the embedding model and chunk size of today
    #[arg(long)]
    reembed: bool,

    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    #[arg(long, hide = true, default_value = USER)]
    collection: String,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let stock = Stock::open(context)?;
    let bar = if args.quiet || !io::stderr().is_terminal() { ProgressBar::hidden() } else { bar() };
    let request = Request { paths: args.paths.clone(), tags: args.tag.clone(), reembed: args.reembed };
    let outcome = stock.ingester(&args.collection, &mut |event| show(&bar, args.quiet, &event), |i| i.run(&request));
    bar.finish_and_clear();
    let report = outcome?;
    if args.json {
        let skipped: Vec<_> =
            report.skipped.iter().map(|(p, why)| serde_json::json!({ "path": p.to_string_lossy(), "reason": why })).collect();
        let json = serde_json::json!({ "added": report.added, "changed": report.changed, "unchanged": report.unchanged,
            "removed": report.removed, "chunks": report.chunks, "skipped": skipped, "notes": report.notes });
        say_json(&json)?;
    } else if !args.quiet {
        say_report(&report)?;
    }
    refused(&args.paths, &report.skipped)
}

/// A file in a folder may be of any kind; one that was named was meant.
fn refused(named: &[PathBuf], skipped: &[(PathBuf, String)]) -> Result<()> {
    let named: Vec<PathBuf> = named.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let Some((path, why)) = skipped.iter().find(|(path, _)| path.canonicalize().is_ok_and(|path| named.contains(&path))) else {
        return Ok(());
    };
    Err(Error::replace(Room::Rag, format!("{} was not indexed: {why}", path.display())).hint("name other files, or the folder it lies in"))
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    // A large file is read and cut for seconds without any event.
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn show(bar: &ProgressBar, quiet: bool, event: &Event<'_>) {
    match event {
        Event::Waiting if quiet => {}
        Event::Waiting => tell_if_waiting(event),
        Event::Files(count) => bar.set_length(*count as u64),
        Event::File(path) => {
            bar.inc(1);
            bar.set_message(plain(&path.to_string_lossy()));
        }
        Event::Passages { path, done, all } => {
            let of = path.map_or_else(|| "these files".into(), |path| path.to_string_lossy());
            bar.set_message(plain(&format!("{done} of {all} passages of {of}")));
        }
        Event::Stored(_) => bar.tick(),
    }
}

/// Says why nothing goes on, when that is because of another process.
pub fn tell_if_waiting(event: &Event<'_>) {
    if matches!(event, Event::Waiting) {
        tell("xnai: another xnai is writing to this store; waiting for it");
    }
}

fn say_report(report: &Report) -> Result<()> {
    let Report { added, changed, unchanged, removed, chunks, .. } = report;
    say(&format!("{added} added, {changed} changed, {unchanged} unchanged, {removed} removed; {} written", many(*chunks, "passage")))?;
    for (path, why) in report.skipped.iter().take(NAMED) {
        say(&format!("skipped {}: {why}", path.display()))?;
    }
    if report.skipped.len() > NAMED {
        say(&format!("skipped {} more; --json lists all", report.skipped.len() - NAMED))?;
    }
    report.notes.iter().try_for_each(|note| say(&format!("note: {note}")))
}

/// The store and the embedder, opened as configured: what every verb on documents needs.
pub struct Stock {
    pub settings: rag::Settings,
    pub folder: PathBuf,
    pub embedder: Option<Box<dyn Embedder>>,
    tables: Box<dyn Tables>,
    turn: Turn,
}

impl Stock {
    pub fn open(context: &Context) -> Result<Self> {
        let settings = context.config.rag.clone();
        let files = crew::embedder(&settings, &Shelf::open(&context.config.models, &context.paths)?)?;
        let folder = settings.folder(&context.paths);
        let tables = rag::open_tables(&folder, &settings)?;
        let embedder = files.open(&settings, threads(&settings))?;
        Ok(Self { settings, folder, embedder, tables, turn: interruptible()? })
    }

    /// Runs something on one collection with everything it needs; Ctrl-C ends it between two batches.
    pub fn ingester<T>(
        &self,
        collection: &str,
        watch: &mut dyn FnMut(Event<'_>),
        work: impl FnOnce(&mut Ingester<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut ingester = Ingester {
            home: Home::new(&self.folder, collection),
            tables: &*self.tables,
            embedder: self.embedder.as_deref(),
            chunk_chars: self.settings.chunk_chars,
            turn: &self.turn,
            watch,
        };
        work(&mut ingester).map_err(ended_by_user)
    }
}

/// Threads for the embedder: indexing may have the machine.
fn threads(settings: &rag::Settings) -> usize {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if settings.threads > 0 { settings.threads.into() } else { all.min(8) }
}

/// The end of an [`interruptible`] turn as its user sees it: nothing superseded it but the wish to stop.
pub fn ended_by_user(error: Error) -> Error {
    if error.is_stale() { Error::stopped() } else { error }
}

/// A turn that ends when the user asks to stop.
pub fn interruptible() -> Result<Turn> {
    let turn = Session::new().turn();
    let watched = turn.clone();
    let body = move || {
        while !stop::requested() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        watched.cancel();
    };
    let thread = std::thread::Builder::new().name("xnai-interrupt".into()).spawn(body);
    thread.map(|_| turn).map_err(|e| Error::retry(Room::Os, format!("the system gave no thread for Ctrl-C: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn only_what_was_named_itself_is_an_error_when_it_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("picture.bin");
        std::fs::write(&file, [0]).unwrap();
        let skipped = [(file.clone(), "it is not text".to_owned())];
        assert!(refused(&[folder.path().to_owned()], &skipped).is_ok() && refused(std::slice::from_ref(&file), &[]).is_ok());
        let error = refused(&[folder.path().to_owned(), file], &skipped).unwrap_err();
        assert!(error.kind() == Kind::Replace && error.to_string().contains("picture.bin was not indexed: it is not text"), "{error}");
    }
}
