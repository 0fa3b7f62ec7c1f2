//! Parses, chooses a face, and turns an error into one sentence and an exit code. Nothing else exits.

use std::{
    io::{self, Write},
    process::{self, ExitCode},
};

use clap::Parser;
use xnai::{
    cli::Cli,
    error::{Kind, Result},
    os::stop,
};

fn main() -> ExitCode {
    #[cfg(feature = "llama")]
    xnai::os::omp::sleep_not_spin();
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.kind() != Kind::Stopped && !cli.tells_in_json() {
                // A closed stderr changes nothing about the exit code.
                let _ = writeln!(io::stderr(), "xnai: {}", xnai::os::terminal::plain(&error.to_string()));
            }
            ExitCode::from(error.kind().exit_code())
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place: an engine that does not hear Ctrl-C must not keep the terminal")]
fn run(cli: &Cli) -> Result<()> {
    stop::watch(|code| process::exit(code.into()))?;
    cli.run()
}
