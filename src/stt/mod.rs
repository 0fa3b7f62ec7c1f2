//! Utterance in, transcript out.

pub mod fake;
#[cfg(feature = "whisper")]
pub mod whisper;
#[cfg(not(feature = "whisper"))]
#[path = "absent.rs"]
pub mod whisper;
pub mod wyoming;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    os::paths::Paths,
    parcel::{ModelFile, Transcript, Utterance},
    turn::Turn,
};

/// Hears. One caller at a time; cancelled through the turn.
pub trait Stt: Send {
    /// Transcribes a whole utterance. An empty text means that nothing was said.
    fn transcribe(&mut self, speech: &Utterance, turn: &Turn) -> Result<Transcript>;

    /// Transcribes what was said so far, for the screen; may be cheaper and worse than [`Stt::transcribe`].
    fn partial(&mut self, so_far: &Utterance, turn: &Turn) -> Result<Transcript> {
        self.transcribe(so_far, turn)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Whisper where a model for people is installed, else PocketSphinx where it is, else the small model: [`decide`].
    #[default]
    Auto,
    Whisper,
    /// The server of the Wyoming protocol at `stt.address`.
    Wyoming,
    Fake,
}

/// `[stt]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub backend: Backend,
    /// Registry id, path, `nano`, or `auto`: the best one installed. For `wyoming` the server's name of it.
    pub model: String,
    /// Of a Wyoming server: `unix:///path`, `tcp://127.0.0.1:port` or `stdio:program arguments`.
    pub address: String,
    /// How long that server may be silent, in seconds.
    pub timeout_s: u16,
    /// ISO 639-1 code, or `auto` with a multilingual model.
    pub language: String,
    /// Text that whisper takes as having come before: sets style and spelling.
    pub initial_prompt: String,
    /// Names and terms it should know; appended to the initial prompt.
    pub words: Vec<String>,
    /// 0: the number of physical cores given to the voice stages.
    pub threads: u8,
    /// Forces this many tokens and switches retries and checks off; 0 is off. For models with made-up weights.
    pub force_tokens: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            model: "auto".into(),
            address: String::new(),
            timeout_s: 30,
            language: "en".into(),
            initial_prompt: String::new(),
            words: Vec::new(),
            threads: 0,
            force_tokens: 0,
        }
    }
}

impl Settings {
    /// The model as the shelf knows it.
    pub fn wanted(&self) -> &str {
        if self.model == "nano" { NANO } else { &self.model }
    }

    /// Whether it is left to us which model serves.
    fn any_model(&self) -> bool {
        matches!(self.model.as_str(), "" | "auto")
    }
}

/// Registry id of the small model.
const NANO: &str = "whisper-nano.en-q8_0";

/// What there is to choose from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found<'a> {
    /// The file that the shelf has for [`Settings::wanted`].
    pub model: Option<&'a ModelFile>,
    /// The program of the PocketSphinx ear, where it is installed.
    pub sphinx: Option<&'a Path>,
}

/// An ear that was decided on: never `auto`.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// As given, but with the back end and its address filled in.
    pub settings: Settings,
    /// Said once to the user: which ear it is, why, and how to get a better one.
    pub note: Option<String>,
}

/// Where `scripts/ears/sphinx install` leaves the program of the PocketSphinx ear: there is nothing before all is.
pub fn sphinx(paths: &Paths) -> Option<PathBuf> {
    Some(paths.data.join("ears/sphinx/serve")).filter(|program| program.is_file())
}

/// The ear that these settings mean, given what there is. `auto` takes, in this order: the model that `stt.model`
/// names; the server at `stt.address`; an installed Whisper model for people; PocketSphinx; the small model.
pub fn decide(settings: &Settings, found: Found<'_>) -> Chosen {
    let take = |backend, note| Chosen { settings: Settings { backend, ..settings.clone() }, note };
    let small = found.model.and_then(note);
    let people = cfg!(feature = "whisper") && found.model.is_some() && small.is_none();
    match (settings.backend, found.sphinx) {
        (Backend::Auto, _) if !settings.any_model() && settings.address.is_empty() => take(Backend::Whisper, small),
        (Backend::Auto, _) if !settings.address.is_empty() => take(Backend::Wyoming, None),
        (Backend::Auto, Some(program)) if !people => {
            let mut chosen = take(Backend::Wyoming, Some(PARTLY.to_owned()));
            chosen.settings.address = sphinx_address(program);
            chosen
        }
        (Backend::Auto | Backend::Whisper, _) => take(Backend::Whisper, small),
        (chosen, _) => take(chosen, None),
    }
}

/// Of PocketSphinx: what it is, why, and what would be better.
const PARTLY: &str = "no Whisper model for people's voices is installed: PocketSphinx listens, and gets one word in eight to one in three wrong; \
                      `xnai models pull tiny` gets a better ear";

/// That program as the address of a Wyoming server.
pub fn sphinx_address(program: &Path) -> String {
    // As one word, whatever its folders are called.
    format!("stdio:\"{}\"", program.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

/// Opens an ear. `threads` is what the topology reader gives to the voice stages.
pub fn open(settings: &Settings, model: Option<&ModelFile>, threads: usize) -> Result<Box<dyn Stt>> {
    match settings.backend {
        Backend::Auto | Backend::Whisper => whisper::open(settings, model, threads),
        Backend::Wyoming => wyoming::open(settings),
        Backend::Fake => Ok(Box::new(fake::Scripted::default())),
    }
}

/// What the small model is.
pub const SMALL: &str = "the small speech model understands one short question at a time of a clear synthetic English voice, not people";

/// What the user should be told once about this model, if anything: our small one does not understand people.
pub fn note(model: &ModelFile) -> Option<String> {
    let name = model.path.file_name().unwrap_or_default().to_string_lossy();
    let small = model.id.contains("nano") || name.starts_with("ggml-nano");
    small.then(|| {
        format!("{SMALL}: `xnai models pull tiny` gets one that does, `scripts/ears/sphinx install` a plain one without a model hub")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_small_model_comes_with_a_note() {
        let model = |id: &str, path: &str| ModelFile { id: id.into(), path: path.into(), sha256: String::new() };
        let note = note(&model("ear", "/models/nano/ggml-nano.en-q8_0.bin"));
        assert!(note.is_some_and(|n| n.contains("synthetic") && n.contains("xnai models pull tiny")));
        assert!(super::note(&model("whisper-tiny.en", "/models/ggml-tiny.en.bin")).is_none());
    }

    #[test]
    fn auto_takes_the_best_ear_there_is() {
        let file = |id: &str| ModelFile { id: id.into(), path: format!("/models/{id}.bin").into(), sha256: String::new() };
        let (real, nano) = (file("whisper-base.en-q5_1"), file(NANO));
        let program = Path::new("/home/a \"b/serve");
        let at = |backend: Backend, model: &str, address: &str| Settings {
            backend,
            model: model.into(),
            address: address.into(),
            ..Settings::default()
        };
        let with_whisper = if cfg!(feature = "whisper") { Backend::Whisper } else { Backend::Wyoming };
        let unix = "unix:///run/ear";
        let table = [
            // backend, stt.model, stt.address, file, sphinx, the ear taken, a part of the note
            (Backend::Auto, "auto", "", Some(&real), true, with_whisper, if cfg!(feature = "whisper") { "" } else { "PocketSphinx" }),
            (Backend::Auto, "auto", "", Some(&real), false, Backend::Whisper, ""),
            (Backend::Auto, "auto", "", Some(&nano), true, Backend::Wyoming, "PocketSphinx"),
            (Backend::Auto, "auto", "", Some(&nano), false, Backend::Whisper, "not people"),
            (Backend::Auto, "", "", None, true, Backend::Wyoming, "PocketSphinx"),
            (Backend::Auto, "auto", "", None, false, Backend::Whisper, ""),
            (Backend::Auto, "nano", "", Some(&nano), true, Backend::Whisper, "not people"),
            (Backend::Auto, NANO, "", Some(&nano), true, Backend::Whisper, "not people"),
            (Backend::Auto, "auto", unix, Some(&real), true, Backend::Wyoming, ""),
            (Backend::Auto, "a-model-of-the-server", unix, None, true, Backend::Wyoming, ""),
            (Backend::Whisper, "auto", unix, Some(&nano), true, Backend::Whisper, "not people"),
            (Backend::Whisper, "auto", "", None, true, Backend::Whisper, ""),
            (Backend::Wyoming, "auto", unix, None, false, Backend::Wyoming, ""),
            (Backend::Fake, "auto", unix, Some(&nano), true, Backend::Fake, ""),
        ];
        for (backend, model, address, file, sphinx, wanted, note) in table {
            let settings = at(backend, model, address);
            let chosen = decide(&settings, Found { model: file, sphinx: sphinx.then_some(program) });
            let case = format!("{backend:?} {model:?} {address:?} {file:?} {sphinx}: {chosen:?}");
            assert_eq!(chosen.settings.backend, wanted, "{case}");
            assert_eq!(chosen.note.is_some(), !note.is_empty(), "{case}");
            assert!(chosen.note.unwrap_or_default().contains(note), "{case}");
            let expected = if note == "PocketSphinx" { "stdio:\"/home/a \\\"b/serve\"" } else { address };
            assert_eq!(chosen.settings.address, expected, "{case}");
            assert_eq!(Settings { backend, address: address.into(), ..chosen.settings }, settings, "{case}");
        }
    }

    #[test]
    fn the_small_model_has_a_short_name() {
        assert_eq!(Settings { model: "nano".into(), ..Settings::default() }.wanted(), NANO);
        assert_eq!(Settings::default().wanted(), "auto");
    }
}
