//! Parses, chooses a face, and turns an error into one sentence and an exit code. Nothing else exits.

use std::io::{self, Write};

use clap::{Parser, error::ErrorKind};
use xnai::{
    cli::Cli,
    error::{Kind, Result},
    os::stop,
};

fn main() {
    #[cfg(feature = "llama")]
    xnai::os::omp::sleep_not_spin();
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        let unknown = error.kind() == ErrorKind::InvalidSubcommand;
        let lost = unknown && std::env::args().any(|argument| argument == "--once");
        // Clap prints its own errors, help and version, and knows where each belongs.
        let _ = error.print();
        if lost {
            let _ = writeln!(io::stderr(), "xnai: the question comes right after --once: xnai --play --once \"How far is it?\"");
        }
        // Words after one another are a sentence, and no verb.
        let sentence = std::env::args().skip(1).find(|argument| argument.trim().contains(' '));
        if let (true, false, Some(question)) = (unknown, lost, sentence) {
            let question = xnai::os::terminal::plain(&question).replace('\n', " ");
            let _ = writeln!(io::stderr(), "xnai: to ask a question: xnai --once {question:?}");
        }
        stop::leave(error.exit_code().try_into().unwrap_or(2))
    });
    let code = match run(&cli) {
        Ok(()) => 0,
        Err(error) => {
            if error.kind() != Kind::Stopped && !cli.tells_in_json() {
                // A closed stderr changes nothing about the exit code.
                let _ = writeln!(io::stderr(), "xnai: {}", xnai::os::terminal::plain(&error.to_string()));
            }
            error.kind().exit_code()
        }
    };
    stop::leave(code)
}

fn run(cli: &Cli) -> Result<()> {
    stop::watch(stop::leave)?;
    cli.run()
}
