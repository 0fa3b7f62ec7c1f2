//! What was typed: arguments into a verb or a face, and the flags that are settings.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{
    config::{Context, Layers},
    error::{Error, Result, Room},
    once::{self, args::OnceArgs},
    os::{log, paths::Paths},
    plain,
    talk::{Face, TalkArgs, kept, names},
    tui, verbs,
};

/// Shown by `--help` and in the README.
const EXIT_CODES: &str = "Exit codes:
  0    answered, or done
  2    the command line or the configuration does not mean anything
  3    a file or text that was given cannot be used
  4    no speech was heard
  5    a model or library is missing or was refused
  6    the documents hold nothing about it, and --require-docs was given
  7    the sound device is missing or went away
  8    the models would not fit into the memory budget
  9    busy, or the network failed: try again later
  10   the disk is full or cannot be written
  70   a fault of ours
  130  interrupted";

/// A voice assistant that runs wholly on this computer and answers out of your own documents.
#[derive(Parser, Debug)]
#[command(name = "xnai", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Another configuration file than the user's
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Log to stderr instead of the runtime folder
    #[arg(long, global = true)]
    pub log: bool,

    /// A model file without a pin that may be loaded all the same
    #[arg(long, value_name = "FILE", global = true)]
    pub trust_model: Vec<PathBuf>,

    /// Microphone: its name, a part of it, or its number in `xnai devices`
    #[arg(long, value_name = "DEVICE", global = true)]
    pub input: Option<String>,

    /// Speaker or headphones, named in the same way
    #[arg(long, value_name = "DEVICE", global = true)]
    pub output: Option<String>,

    #[command(flatten)]
    pub talk: TalkArgs,

    #[command(flatten)]
    pub once: OnceArgs,

    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Index documents: files, or folders with all that is in them
    Ingest(verbs::ingest::Args),
    /// Search the documents without asking a model
    Search(verbs::search::Args),
    /// List the indexed documents
    Sources(verbs::sources::Args),
    /// Remove a document from the index
    Forget(verbs::forget::Args),
    /// List, show, search, export and remove the conversations that were kept
    Sessions(verbs::sessions::Args),
    /// List, download, check and remove model files
    Models(verbs::models::Args),
    /// List the sound devices
    Devices(verbs::devices::Args),
    /// Show where somebody speaks in a sound file
    Vad(verbs::vad::Args),
    /// Listen in on a running xnai, or speak to it, from another program
    Pipe(verbs::pipe::Args),
    /// Check that everything is there and works
    Doctor(verbs::doctor::Args),
    /// Show and check the configuration
    Config(verbs::config::Args),
    /// Measure
    Bench(verbs::bench::Args),
    /// Print shell completions
    Completions(verbs::completions::Args),
}

impl Cli {
    /// Carries out what was typed.
    pub fn run(&self) -> Result<()> {
        match &self.verb {
            Some(_) if self.once.once.is_some() => {
                Err(Error::reword(Room::Config, "--once and a verb were both given").hint("give one of them"))
            }
            Some(_) if self.talk != TalkArgs::default() => {
                let error = Error::reword(Room::Config, "--plain, --hands-free and --resume begin a conversation, and a verb was given");
                Err(error.hint("give one of them"))
            }
            Some(Verb::Completions(args)) => verbs::completions::run(args),
            Some(Verb::Config(args)) => verbs::config::run(args, self.config.as_deref()),
            Some(verb) => verb.run(&self.context()?),
            None if self.once.once.is_none() => self.converse(),
            None => self.answer(),
        }
    }

    /// Nothing but a conversation was asked for.
    fn converse(&self) -> Result<()> {
        let (mut context, layers) = self.layered()?;
        let mut talk = self.talk.clone();
        names::settle(&mut context);
        talk.notes.extend(kept::recall(&mut context, &layers));
        match talk.face() {
            Face::Plain => plain::run(&talk, &context),
            Face::Screen => tui::run(&talk, &context),
        }
    }

    fn answer(&self) -> Result<()> {
        match self.context() {
            Ok(context) => once::run(&self.once, &context),
            Err(error) => once::refuse(&self.once, &error).and(Err(error)),
        }
    }

    /// Whether an error was already told in the object that `--json` prints.
    pub fn tells_in_json(&self) -> bool {
        self.verb.is_none() && self.once.json
    }

    fn context(&self) -> Result<Context> {
        Ok(self.layered()?.0)
    }

    fn layered(&self) -> Result<(Context, Layers)> {
        let paths = Paths::from_env()?;
        let device = |key: &'static str, name: &Option<String>| name.clone().map(|name| (key, name.into()));
        let devices = [device("audio.input", &self.input), device("audio.output", &self.output)];
        let flags: Vec<_> = self.once.settings().into_iter().chain(devices.into_iter().flatten()).collect();
        let layers = Layers::stack(self.config.as_deref(), &paths, &flags)?;
        let mut config = layers.read()?;
        config.models.trusted_too.clone_from(&self.trust_model);
        log::start(&config.log, &paths, self.log)?;
        Ok((Context { config, paths }, layers))
    }
}

impl Verb {
    fn run(&self, context: &Context) -> Result<()> {
        match self {
            Self::Ingest(args) => verbs::ingest::run(args, context),
            Self::Search(args) => verbs::search::run(args, context),
            Self::Sources(args) => verbs::sources::run(args, context),
            Self::Forget(args) => verbs::forget::run(args, context),
            Self::Sessions(args) => verbs::sessions::run(args, context),
            Self::Models(args) => verbs::models::run(args, context),
            Self::Devices(args) => verbs::devices::run(args),
            Self::Vad(args) => verbs::vad::run(args, context),
            Self::Pipe(args) => verbs::pipe::run(args, context),
            Self::Doctor(args) => verbs::doctor::run(args, context),
            Self::Bench(args) => verbs::bench::run(args, context),
            // Both were taken before there was a context: they must work where the configuration is broken.
            Self::Config(args) => verbs::config::run(args, None),
            Self::Completions(args) => verbs::completions::run(args),
        }
    }
}
