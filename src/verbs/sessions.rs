//! `xnai sessions list|show|search|export|rm`: conversations that were kept.

use std::{collections::BTreeSet, io, path::PathBuf};

use serde_json::json;

use crate::{
    config::Context,
    error::{Error, Result},
    os::terminal::{plain, put, say, say_json, tell},
    sessions::{
        Asked, Citation, Conversation, Ending, Entry, Sessions, Summary, markdown,
        search::Hit,
        when::{clock, minute},
    },
};

/// Characters of a question on a line of the list.
const QUESTION: usize = 60;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// List the sessions, the last one first
    List {
        /// Print a JSON list
        #[arg(long)]
        json: bool,
    },
    /// Print what was said
    Show {
        /// A session as `list` prints it, the beginning of its name, or `last`
        #[arg(value_name = "SESSION", default_value = "last")]
        id: String,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Find the exchanges that hold all the words
    Search {
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        /// At most so many
        #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Print a JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write a session as Markdown
    Export {
        /// A session as `list` prints it, the beginning of its name, or `last`
        #[arg(value_name = "SESSION", default_value = "last")]
        id: String,
        /// A file instead of stdout
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace the file if it exists
        #[arg(long, requires = "out")]
        force: bool,
    },
    /// Remove sessions from the disk
    Rm {
        /// Sessions as `list` prints them, the beginnings of their names, or `last`
        #[arg(value_name = "SESSION", required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// All of them
        #[arg(long)]
        all: bool,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let sessions = Sessions::open(&context.paths);
    match args.what.as_ref().unwrap_or(&What::List { json: false }) {
        What::List { json } => list(&sessions, *json, context.config.sessions.save),
        What::Show { id, json } => show(&sessions.load(id)?, *json),
        What::Search { words, limit, json } => search(&sessions, &words.join(" "), *limit, *json),
        What::Export { id, out: None, .. } => put(io::stdout().lock(), sessions.export(id)?.as_bytes()),
        What::Export { id, out: Some(out), force } => {
            markdown::save(&sessions.export(id)?, out, *force)?;
            tell(&format!("wrote {}", out.display()));
            Ok(())
        }
        What::Rm { ids, all, json } => remove(&sessions, ids, *all, *json),
    }
}

fn list(sessions: &Sessions, as_json: bool, saving: bool) -> Result<()> {
    let list = sessions.list()?;
    if as_json {
        return say_json(&list);
    }
    if list.is_empty() {
        tell("no sessions yet");
    }
    if !saving {
        tell("note: sessions.save is false: no further ones are kept");
    }
    list.iter().try_for_each(|summary| say(&summary_line(summary)))
}

fn summary_line(summary: &Summary) -> String {
    let Summary { id, started, exchanges, first_question, trouble, .. } = summary;
    let trouble = trouble.as_ref().map_or_else(String::new, |trouble| format!("  ({trouble})"));
    let plural = if *exchanges == 1 { " " } else { "s" };
    one_line(&format!("{id}  {}  {exchanges:>3} exchange{plural}  {}{trouble}", minute(*started), shortened(first_question)))
}

fn show(conversation: &Conversation, as_json: bool) -> Result<()> {
    if as_json {
        return say_json(conversation);
    }
    if conversation.damaged > 0 {
        tell(&format!("note: {} damaged lines of this session are left out", conversation.damaged));
    }
    say(page(conversation).trim_end())
}

/// A conversation for people. Every line that somebody said begins with who said it.
fn page(conversation: &Conversation) -> String {
    let models: Vec<String> = conversation.models.iter().map(|(role, name)| format!("{role}: {name}")).collect();
    let models = if models.is_empty() { String::new() } else { one_line(&format!("{}\n", models.join(", "))) + "\n" };
    let head = format!("{}, begun {}\n{models}", conversation.id, minute(conversation.started));
    head + &conversation.entries.iter().map(exchange).collect::<String>()
}

fn exchange(entry: &Entry) -> String {
    let how = if entry.asked == Asked::Spoken { " (spoken)" } else { "" };
    let end = match entry.ended {
        Ending::Whole => "",
        Ending::Interrupted => "(interrupted here)\n",
        Ending::Failed => "(the answer broke off here)\n",
    };
    let sources: String = Citation::lines(&entry.citations).iter().map(|line| one_line(line) + "\n").collect();
    format!("\n{}{how}\n{}{}{end}{sources}", clock(entry.at), said("you", &entry.question), said("xnai", entry.heard()))
}

fn said(who: &str, text: &str) -> String {
    plain(text).lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{who}: {}\n", line.trim_end())).collect()
}

fn search(sessions: &Sessions, words: &str, limit: usize, as_json: bool) -> Result<()> {
    let mut hits = sessions.search(words)?;
    let found = hits.len();
    hits.truncate(limit);
    if as_json {
        return say_json(&hits);
    }
    hits.iter().try_for_each(|hit| say(&hit_lines(hit)))?;
    match found - hits.len() {
        0 if found == 0 => tell("nothing found"),
        0 => {}
        more => tell(&format!("and {more} more: -n says how many are shown")),
    }
    Ok(())
}

fn hit_lines(hit: &Hit) -> String {
    let Hit { id, exchange, at, question, snippet } = hit;
    let head = one_line(&format!("{id}  {}  exchange {exchange}  {}", minute(*at), shortened(question)));
    format!("{head}\n   {}", one_line(snippet))
}

fn remove(sessions: &Sessions, ids: &[String], all: bool, as_json: bool) -> Result<()> {
    let ids = if all { sessions.ids()?.iter().map(ToString::to_string).collect() } else { ids.to_vec() };
    // All names are understood before the first file goes.
    let meant = ids.iter().map(|id| sessions.find(id)).collect::<Result<BTreeSet<_>>>()?;
    let mut gone = Vec::new();
    let mut kept: Vec<Error> = Vec::new();
    for id in meant {
        match sessions.remove(id.as_str()) {
            Ok(id) => gone.push(id),
            Err(error) => kept.push(error),
        }
    }
    if as_json {
        say_json(&json!({ "removed": gone }))?;
    } else {
        say(&format!("removed {} session{}", gone.len(), if gone.len() == 1 { "" } else { "s" }))?;
    }
    kept.into_iter().next().map_or(Ok(()), Err)
}

fn one_line(text: &str) -> String {
    plain(text).replace(['\n', '\t'], " ").trim_end().to_owned()
}

fn shortened(question: &str) -> String {
    let words = question.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = words.chars().take(QUESTION).collect();
    if start.len() < words.len() { start + "…" } else { start }
}
