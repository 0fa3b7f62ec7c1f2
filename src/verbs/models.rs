//! `xnai models`: which files there are, fetching them, checking them, and throwing them away.

mod bar;
mod named;

use std::sync::{Arc, atomic::AtomicBool};

use clap::Subcommand;
use serde::Serialize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{
    config::Context,
    error::{Error, Kind, Result, Room},
    models::{Entry, Pull, Registry, Shelf, shelf::State, source::size},
    os::terminal::{say, say_json},
    turn::Session,
};

/// Arguments of `xnai models`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// Show every model file: what it is for, how big, under which licence, and whether it is here
    List {
        /// Print a JSON array instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Download packs or single files; goes on where an interrupted download stopped
    Pull {
        /// Packs (nano, tiny, laptop, quality) or ids
        #[arg(value_name = "PACK|ID", default_value = "tiny")]
        names: Vec<String>,
    },
    /// Read files through and compare them with their hashes
    Verify {
        /// Packs or ids; all that are installed when none is given
        #[arg(value_name = "PACK|ID")]
        names: Vec<String>,
    },
    /// Print where a file, or each file of a pack, lies, after checking it
    Path {
        #[arg(value_name = "PACK|ID")]
        name: String,
    },
    /// Remove downloaded files; of a pack, those that no other complete pack needs
    Rm {
        #[arg(required = true, value_name = "PACK|ID")]
        names: Vec<String>,
    },
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let shelf = Shelf::open(&context.config.models, &context.paths)?;
    match &args.what {
        What::List { json: true } => say_json(&rows(&shelf)),
        What::List { json: false } => say(&table(&shelf)),
        What::Pull { names } => pull(names, &shelf, context),
        What::Verify { names } => verify(names, &shelf),
        What::Path { name } => named::path(name, &shelf),
        What::Rm { names } => named::remove(names, &shelf),
    }
}

fn pull(names: &[String], shelf: &Shelf, context: &Context) -> Result<()> {
    // A download is safe to kill at any instant, so Ctrl-C need not ask it: only the `.part` stays behind.
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_conditional_shutdown(signal, Kind::Stopped.exit_code().into(), Arc::new(AtomicBool::new(true)))
            .map_err(|e| Error::report(Room::Models, format!("Ctrl-C cannot be watched for: {e}")))?;
    }
    let turn = Session::new().turn();
    let files = Pull::new(shelf, &context.config.models)?.run(names, &mut bar::Bar::new(), &turn)?;
    files.iter().try_for_each(|file| say(&format!("{}  {}", file.id, file.path.display())))
}

/// One row of the list, as `--json` prints it.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    packs: Vec<&'a str>,
    /// `missing`, `installed` or `damaged`.
    state: &'static str,
    path: Option<String>,
}

fn rows(shelf: &Shelf) -> Vec<Row<'_>> {
    let row = |entry| {
        let (state, path) = match shelf.state(entry) {
            State::Missing => ("missing", None),
            State::Installed(path) => ("installed", Some(path)),
            State::Damaged(path) => ("damaged", Some(path)),
        };
        Row { entry, packs: shelf.registry().packs_of(&entry.id), state, path: path.map(|p| p.to_string_lossy().into_owned()) }
    };
    shelf.registry().files.iter().map(row).collect()
}

/// The list for people.
fn table(shelf: &Shelf) -> String {
    let rows = rows(shelf);
    let width = rows.iter().map(|r| r.entry.id.len()).max().unwrap_or(2);
    let mut text = format!("{:width$}  {:9}  {:>6}  {:21}  {:9}  PACKS\n", "ID", "ROLE", "SIZE", "LICENCE", "HERE");
    for row in &rows {
        let bytes = if row.entry.bytes > 0 { size(row.entry.bytes) } else { "?".into() };
        let here = match row.state {
            "installed" => "yes",
            "missing" => "-",
            other => other,
        };
        let (entry, packs) = (row.entry, row.packs.join(" "));
        let line = format!("{:width$}  {:9}  {bytes:>6}  {:21}  {here:9}  {packs}", entry.id, entry.role, entry.licence);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push('\n');
    for pack in &shelf.registry().packs {
        text.push_str(&format!("{:8} {:>6}  {}\n", pack.id, pack_size(shelf.registry(), &pack.files), pack.about));
    }
    text.truncate(text.trim_end().len());
    text
}

/// The downloads of a pack, where all their sizes are known.
fn pack_size(registry: &Registry, lines: &[Vec<String>]) -> String {
    let first = |line: &Vec<String>| line.iter().filter_map(|id| registry.get(id)).find(|e| e.made.is_none());
    let entries: Vec<&Entry> = lines.iter().filter_map(first).collect();
    let more = if entries.iter().any(|e| e.bytes == 0) { "> " } else { "" };
    format!("{more}{}", size(entries.iter().map(|e| e.bytes).sum()))
}

fn verify(names: &[String], shelf: &Shelf) -> Result<()> {
    let (mut good, mut bad) = (0, 0);
    for entry in named::to_verify(names, shelf)? {
        for path in shelf.candidates(entry) {
            match shelf.hashes().fresh(&path).and_then(|_| shelf.check(entry, &path)) {
                Ok(file) => {
                    good += 1;
                    say(&format!("ok   {}  {}", file.id, path.display()))?;
                }
                Err(error) if error.kind() == Kind::Stopped => return Err(error),
                Err(error) => {
                    bad += 1;
                    say(&format!("BAD  {}  {error}", entry.id))?;
                }
            }
        }
    }
    match (good, bad) {
        (0, 0) => say("no model is installed: run `xnai models pull`"),
        (_, 0) => Ok(()),
        _ => Err(Error::fetch(Room::Models, format!("{bad} of {} model files do not hold", good + bad))
            .hint("remove them with `xnai models rm` and pull them again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Places;
    use clap::Parser;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: Args,
    }

    fn shelf(folder: &std::path::Path) -> Shelf {
        Shelf::with(Registry::embedded().unwrap(), Places::single(folder, folder), &[])
    }

    #[test]
    fn pull_without_names_means_tiny() {
        let What::Pull { names } = Typed::try_parse_from(["x", "pull"]).unwrap_or_else(|e| panic!("{e}")).args.what else { panic!() };
        assert_eq!(names, ["tiny"]);
    }

    #[test]
    fn the_table_names_every_file_and_whether_it_is_here() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ggml-tiny.en-q5_1.bin"), "too short").unwrap();
        let shelf = shelf(folder.path());
        let table = table(&shelf);
        for entry in &shelf.registry().files {
            assert!(table.contains(&entry.id), "{}", entry.id);
        }
        let line = |id: &str| table.lines().find(|l| l.starts_with(id)).unwrap().to_owned();
        assert!(line("whisper-tiny.en-q5_1").contains("damaged"));
        assert!(line("kokoro-v1.0-q8f16").contains(" - ") && line("kokoro-v1.0-q8f16").ends_with("tiny"));
        assert!(line("quality").contains("> "), "a pack with a file of unknown size says so: {}", line("quality"));
    }

    #[test]
    fn the_json_has_the_fields_that_scripts_need() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path());
        let json = serde_json::to_value(rows(&shelf)).unwrap();
        let first = json.as_array().unwrap().iter().find(|r| r["id"] == "whisper-tiny.en-q5_1").unwrap();
        assert_eq!(
            (first["state"].as_str(), first["role"].as_str(), first["bytes"].as_u64()),
            (Some("missing"), Some("stt"), Some(32_166_155))
        );
        assert_eq!(first["packs"][0], "tiny");
    }
}
