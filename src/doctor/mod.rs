//! Is everything there and does it work? One line a check, with the remedy where there is one.

mod machine;
mod parts;

use serde::Serialize;

use crate::{
    config::Context,
    error::{Error, Kind},
};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Ready,
    /// Works, but less well than it could.
    Degraded,
    /// Something a user expects does not work.
    Broken,
}

#[derive(Clone, Debug, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub health: Health,
    pub finding: String,
    pub remedy: Option<String>,
    /// What a verb that needs this part would fail with.
    #[serde(skip)]
    pub kind: Kind,
}

impl Check {
    pub fn ready(name: &'static str, finding: impl Into<String>) -> Self {
        Self { name, health: Health::Ready, finding: finding.into(), remedy: None, kind: Kind::Report }
    }

    pub fn degraded(name: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, health: Health::Degraded, finding: finding.into(), remedy: Some(remedy.into()), kind: Kind::Report }
    }

    pub fn broken(name: &'static str, error: &Error) -> Self {
        Self {
            name,
            health: Health::Broken,
            finding: error.message().to_owned(),
            remedy: error.remedy().map(str::to_owned),
            kind: error.kind(),
        }
    }

    /// As [`Check::broken`], for what the program can do without.
    pub fn missing(name: &'static str, error: &Error) -> Self {
        Self { health: Health::Degraded, ..Self::broken(name, error) }
    }
}

/// Runs every check, in the order of the pipeline.
pub fn examine(context: &Context) -> Vec<Check> {
    let mut checks = vec![
        machine::processor(),
        machine::topology(),
        machine::memory(context),
        machine::runtime_folder(context),
        machine::sound_pipes(context),
        machine::data_folder(context),
    ];
    checks.extend(parts::examine(context));
    checks.push(machine::offline(context));
    checks
}
