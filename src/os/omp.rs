//! Makes OpenMP's workers sleep instead of spin while they wait for each other.
//!
//! llama.cpp's threads meet several hundred times for every token. A spinning worker takes the core from the one it
//! waits for as soon as anything else wants to run: on two busy cores a 135M model wrote 3 tokens a second spinning
//! and 20 sleeping. OpenMP reads the choice from the environment when the program is loaded, so the only way to make
//! it from inside is to start over.

use std::{env, os::unix::process::CommandExt, process::Command};

const POLICY: &str = "OMP_WAIT_POLICY";

/// Starts this program over, same process and arguments, with sleeping workers; returns at once when the environment
/// already says how workers wait, or when starting over fails. Call it first in `main`, before any thread.
pub fn sleep_not_spin() {
    if env::var_os(POLICY).is_some() || env::var_os("GOMP_SPINCOUNT").is_some() {
        return;
    }
    let mut arguments = env::args_os();
    let Some(name) = arguments.next() else { return };
    // By its path, so that it keeps its name; where an update replaced it meanwhile, the one that runs.
    let own = env::current_exe().ok().filter(|path| path.is_file()).unwrap_or_else(|| "/proc/self/exe".into());
    let error = Command::new(own).arg0(name).args(arguments).env(POLICY, "passive").exec();
    tracing::debug!(%error, "OpenMP's workers keep spinning");
}
