//! `xnai sessions list|show|search|export|rm`: conversations that were kept.

use std::{collections::BTreeSet, io, path::PathBuf};

use serde_json::json;

use crate::{
    config::Context,
    error::{Error, Result},
    os::terminal::{many, put, say, say_json, tell},
    sessions::{Conversation, Sessions, markdown, show},
};

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
    list.iter().try_for_each(|summary| say(&show::summary_line(summary)))
}

fn show(conversation: &Conversation, as_json: bool) -> Result<()> {
    if as_json {
        return say_json(conversation);
    }
    if conversation.damaged > 0 {
        tell(&format!("note: {} damaged lines of this session are left out", conversation.damaged));
    }
    say(show::page(conversation).trim_end())
}

fn search(sessions: &Sessions, words: &str, limit: usize, as_json: bool) -> Result<()> {
    let mut hits = sessions.search(words)?;
    let found = hits.len();
    hits.truncate(limit);
    if as_json {
        return say_json(&hits);
    }
    hits.iter().try_for_each(|hit| say(&show::hit_lines(hit)))?;
    match found - hits.len() {
        0 if found == 0 => tell("nothing found"),
        0 => {}
        more => tell(&format!("and {more} more: -n says how many are shown")),
    }
    Ok(())
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
        say(&format!("removed {}", many(gone.len(), "session")))?;
    }
    kept.into_iter().next().map_or(Ok(()), Err)
}
