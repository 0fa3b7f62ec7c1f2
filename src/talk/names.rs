//! Names that a user gives while talking (a voice, a model, a device), refused with the nearest known ones where they
//! mean nothing.
//!
//! Looks at files and sound devices: on a thread that may wait, before anything is changed.

use std::path::Path;

use super::kept;
use crate::{
    config::Context,
    error::{Error, Result, Room},
    llm,
    pipeline::live::{self, Command, DeviceInfo},
    tts,
};

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Voice,
    Model,
    Input,
    Output,
}

impl Named {
    const fn word(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Model => "language model",
            Self::Input => "microphone",
            Self::Output => "speaker",
        }
    }
}

impl Named {
    /// Takes the one of this name.
    pub const fn command(self, name: String) -> Command {
        match self {
            Self::Voice => Command::Voice(name),
            Self::Model => Command::Model(name),
            Self::Input => Command::Input(name),
            Self::Output => Command::Output(name),
        }
    }
}

/// So many names are offered instead of a wrong one.
const OFFERED: usize = 3;

/// How like a name must be to be offered, where others are not.
const ALIKE: f64 = 0.7;

/// Whether there is such a one. The error names the nearest.
pub fn check(what: Named, name: &str, context: &Context) -> Result<()> {
    match what {
        Named::Voice => voice(name, context),
        Named::Model => model(name, context),
        Named::Input => device(what, name, &live::devices()?.0),
        Named::Output => device(what, name, &live::devices()?.1),
    }
}

/// As the engine that speaks takes it.
fn voice(name: &str, context: &Context) -> Result<()> {
    if !kept::is_name(name) {
        return Err(Error::reword(Room::Tts, "that is no name of a voice"));
    }
    let Some(missing) = live::missing_voice(name, context)? else { return Ok(()) };
    let error = unknown(Named::Voice, &missing.name, &missing.known);
    Err(match missing.speaks {
        // Whoever knows Kokoro's names expects them here.
        tts::Backend::Espeak => {
            let said = Error::reword(Room::Tts, format!("{}, and espeak-ng speaks", error.message()));
            let kokoros = missing.name.chars().nth(2) == Some('_');
            let hint = if kokoros { Some("`xnai models pull tiny` gets Kokoro, which may have it") } else { error.remedy() };
            said.hint(hint.unwrap_or("see `espeak-ng --voices`"))
        }
        _ => error,
    })
}

/// Says which engine speaks, once for a conversation: so a voice that is chosen is that one's.
pub fn settle(context: &mut Context) {
    // What stands in the way is said by whoever opens the engines.
    if let Ok(backend) = live::speaks(context) {
        context.config.tts.backend = backend;
    }
}

fn model(name: &str, context: &Context) -> Result<()> {
    let ours = matches!(context.config.llm.backend, llm::Backend::Auto | llm::Backend::Llama);
    if !ours || name == "auto" || Path::new(name).is_file() {
        return Ok(());
    }
    let known: Vec<String> = live::models(context)?.into_iter().map(|(id, _)| id).collect();
    among(Named::Model, name, &known)
}

/// As devices are looked for when they are opened.
fn device(what: Named, name: &str, known: &[DeviceInfo]) -> Result<()> {
    match live::find_device(name, known) {
        _ if name == "default" => Ok(()),
        Ok(_) => Ok(()),
        Err(0) => {
            let names: Vec<String> = known.iter().map(|info| info.name.clone()).collect();
            among(what, name, &names)
        }
        Err(several) => {
            let message = format!("{several} devices have {name:?} in their names");
            Err(Error::reword(Room::Audio, message).hint("give more of it, or its number in `xnai devices`"))
        }
    }
}

fn among(what: Named, name: &str, known: &[String]) -> Result<()> {
    if known.iter().any(|one| one == name) { Ok(()) } else { Err(unknown(what, name, known)) }
}

fn unknown(what: Named, name: &str, known: &[String]) -> Error {
    let name: String = name.chars().take(60).collect();
    let error = Error::reword(Room::Pipeline, format!("there is no {} called {name:?}", what.word()));
    match nearest(&name, known) {
        Some(near) => error.hint(near),
        None => error.hint("none is installed"),
    }
}

/// `did you mean a, b or c?`, or where nothing is like it what there is.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    let low = name.to_lowercase();
    let mut all: Vec<(f64, &str)> = known.iter().map(|one| (strsim::jaro_winkler(&one.to_lowercase(), &low), one.as_str())).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let alike: Vec<&str> = all.iter().take(OFFERED).filter(|(like, _)| *like > ALIKE).map(|(_, one)| *one).collect();
    let first: Vec<&str> = all.iter().take(OFFERED).map(|(_, one)| *one).collect();
    match (&alike[..], &first[..]) {
        (_, []) => None,
        ([], first) if known.len() > first.len() => Some(format!("there are {} and {} more", first.join(", "), known.len() - first.len())),
        ([], first) => Some(format!("there is {}", first.join(", "))),
        ([one], _) => Some(format!("did you mean {one}?")),
        ([others @ .., last], _) => Some(format!("did you mean {} or {last}?", others.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn refused(what: Named, name: &str, known: &[&str]) -> String {
        among(what, name, &names(known)).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let voices = ["af_bella", "af_heart", "am_michael", "bf_emma", "bm_george"];
        assert!(among(Named::Voice, "af_bella", &names(&voices)).is_ok());
        let said = refused(Named::Voice, "af_hart", &voices);
        assert!(said.starts_with("there is no voice called \"af_hart\": did you mean af_heart") && !said.contains("george"), "{said}");
        assert_eq!(refused(Named::Voice, "bogus", &voices[..2]), "there is no voice called \"bogus\": there is af_bella, af_heart");
        assert!(refused(Named::Voice, "zzz", &voices).contains("and 2 more"));
        assert_eq!(refused(Named::Model, "x", &[]), "there is no language model called \"x\": none is installed");
    }

    #[test]
    fn where_no_model_of_kokoro_is_espeak_is_the_one_that_is_asked() {
        let root = tempfile::tempdir().unwrap();
        let mut context = Context { config: crate::config::Config::default(), paths: crate::os::paths::Paths::under(root.path()) };
        settle(&mut context);
        assert_eq!(context.config.tts.backend, tts::Backend::Espeak);
        if !tts::espeak::installed() {
            assert!(std::env::var_os("CI").is_none(), "espeak-ng is not installed");
            eprintln!("skipped: espeak-ng is not installed");
            return;
        }
        let said = check(Named::Voice, "af_bella", &context).unwrap_err().to_string();
        assert!(said.starts_with("there is no voice called \"af_bella\", and espeak-ng speaks"), "{said}");
        let said = check(Named::Voice, "en-gbb", &context).unwrap_err().to_string();
        assert!(said.contains("did you mean en-gb"), "{said}");
        assert!(check(Named::Voice, "en-gb", &context).is_ok());
    }

    #[test]
    fn a_device_may_be_meant_by_name_number_or_part() {
        let one = |index, name: &str, description: &str| DeviceInfo {
            index,
            name: name.into(),
            description: description.into(),
            default: false,
            rate: 48_000,
            channels: 1,
        };
        let known = [one(0, "pulse", "Sound server"), one(1, "hw:1", "Blue Yeti"), one(2, "hw:2", "Blue Snowball")];
        for name in ["default", "pulse", "1", "yeti", "SERVER"] {
            assert!(device(Named::Input, name, &known).is_ok(), "{name}");
        }
        assert!(device(Named::Input, "blue", &known).unwrap_err().to_string().contains("2 devices have \"blue\""));
        assert!(device(Named::Input, "bogus", &known).unwrap_err().to_string().contains("no microphone called \"bogus\""));
    }
}
