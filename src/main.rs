//! Parses, chooses a face, and turns an error into one sentence and an exit code. Nothing else exits.

use std::io::{self, Write};

use clap::{
    Parser,
    error::{ContextKind, ContextValue},
};
use xnai::{
    cli::Cli,
    error::{Kind, Result},
    os::{stop, terminal},
};

fn main() {
    #[cfg(feature = "llama")]
    xnai::os::omp::sleep_not_spin();
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        // Clap prints its own errors, help and version, and knows where each belongs.
        let _ = error.print();
        if let Some(hint) = asked(&error) {
            let _ = writeln!(io::stderr(), "xnai: {hint}");
        }
        stop::leave(error.exit_code().try_into().unwrap_or(2))
    });
    let code = match run(&cli) {
        Ok(()) => 0,
        Err(error) => {
            if error.kind() != Kind::Stopped && !cli.tells_in_json() {
                // A closed stderr changes nothing about the exit code.
                let _ = writeln!(io::stderr(), "xnai: {}", terminal::plain(&error.to_string()));
            }
            error.kind().exit_code()
        }
    };
    stop::leave(code)
}

/// What to do where what was taken for a verb was meant as a question.
fn asked(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(verb)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    if std::env::args_os().any(|argument| argument == "--once") {
        return Some("the question comes right after --once: xnai --play --once \"How far is it?\"".into());
    }
    // Words after one another are a sentence, and no verb.
    let question = terminal::plain(verb).replace('\n', " ");
    question.trim().contains(' ').then(|| format!("to ask a question: xnai --once {question:?}"))
}

fn run(cli: &Cli) -> Result<()> {
    stop::watch(stop::leave)?;
    cli.run()
}
