//! What was meant: defaults, then the user's file, the environment and the flags, each over the one before.
//!
//! Every room owns its section. A key that nobody knows is an error that names the nearest one that exists.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    error::Kind,
    providers::{Format, Serialized, Toml},
    value::{Dict, Num, Value},
};
use serde::{Deserialize, Serialize};

use crate::{
    audio,
    error::{Error, Result, Room},
    llm, models,
    os::{log, memory, paths::Paths},
    parcel, rag, sessions, stt, tts, tui,
};

/// The complete commented default, as it lies at the root of the repository.
pub const DEFAULT_TOML: &str = include_str!("../config.toml");

/// Variables of the environment that begin like settings and are none.
const NOT_SETTINGS: [&str; 6] = ["HOME", "NATIVE", "PORTABLE", "MODELS_PATH", "MODELS_MIRROR", "CONFIG"];

/// So do the facts of the build, which `cargo run` and `cargo test` pass on.
const NOT_A_SECTION: &str = "BUILD_";

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub audio: audio::Settings,
    pub listen: audio::listen::Settings,
    pub echo: audio::echo::Settings,
    pub stt: stt::Settings,
    pub rag: rag::Settings,
    pub llm: llm::Settings,
    pub sampling: parcel::Sampling,
    pub tts: tts::Settings,
    pub models: models::Settings,
    pub memory: memory::Settings,
    pub sessions: sessions::Settings,
    pub log: log::Settings,
    pub tui: tui::Settings,
}

/// What every verb and face is given.
#[derive(Clone, Debug)]
pub struct Context {
    pub config: Config,
    pub paths: Paths,
}

/// The layers, merged but not yet read into a [`Config`].
pub struct Layers(Figment);

impl Layers {
    /// Stacks defaults, the file (the user's, or the one named), the environment and `flags` (dotted key, value).
    pub fn stack(file: Option<&Path>, paths: &Paths, flags: &[(&str, Value)]) -> Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Config::default()));
        let known = leaves(&figment)?;
        if let Some(layer) = file_layer(file, paths)? {
            check_keys(&layer, &known)?;
            figment = figment.merge(layer);
        }
        let environment = environment_layer(env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))));
        check_keys(&environment, &known)?;
        Ok(Self(figment.merge(environment).merge(Layer::new("command line", flags.iter().cloned()))))
    }

    /// Reads and checks the configuration.
    pub fn read(&self) -> Result<Config> {
        let config: Config = self.0.extract().map_err(|e| refused(&e))?;
        config.check(|key| self.0.find_metadata(key).map_or_else(|| "default".to_owned(), origin))?;
        Ok(config)
    }

    /// Whether a file, the environment or the command line says so: a default is nobody's wish.
    pub fn is_set(&self, key: &str) -> bool {
        self.0.find_metadata(key).is_some_and(|metadata| origin(metadata) != "default")
    }

    /// Every setting as (dotted key, value as TOML, where it was set), in alphabetical order.
    pub fn origins(&self) -> Result<Vec<(String, String, String)>> {
        let describe = |(key, value): (String, Value)| {
            let origin = self.0.find_metadata(&key).map_or_else(|| "default".to_owned(), origin);
            (key, toml_text(&value), origin)
        };
        Ok(leaves(&self.0)?.into_iter().map(describe).collect())
    }
}

impl Config {
    /// Ranges that types cannot express; the error names key and range, and whatever `origin` says set it.
    fn check(&self, origin: impl Fn(&str) -> String) -> Result<()> {
        let rules: &[(&str, f64, std::ops::RangeInclusive<f64>)] = &[
            ("audio.volume", self.audio.volume.into(), 0.0..=1.0),
            ("audio.max_audio_s", self.audio.max_audio_s.into(), 1.0..=7200.0),
            ("audio.max_utterance_s", self.audio.max_utterance_s.into(), 2.0..=29.0),
            ("audio.pad_ms", self.audio.pad_ms.into(), 0.0..=500.0),
            ("audio.min_speech_ms", self.audio.min_speech_ms.into(), 0.0..=2000.0),
            ("audio.speech_threshold", self.audio.speech_threshold.into(), 0.05..=0.95),
            ("listen.threshold", self.listen.threshold.into(), 0.05..=0.95),
            ("listen.neg_threshold", self.listen.neg_threshold.into(), 0.0..=0.95),
            ("listen.preroll_ms", self.listen.preroll_ms.into(), 0.0..=2000.0),
            ("listen.hangover_ms", self.listen.hangover_ms.into(), 0.0..=1000.0),
            ("listen.min_speech_ms", self.listen.min_speech_ms.into(), 0.0..=2000.0),
            ("listen.soft_pause_ms", self.listen.soft_pause_ms.into(), 100.0..=5000.0),
            ("listen.grace_ms", self.listen.grace_ms.into(), 0.0..=5000.0),
            ("listen.max_utterance_s", self.listen.max_utterance_s.into(), 2.0..=29.0),
            ("listen.max_question_s", self.listen.max_question_s.into(), 2.0..=600.0),
            ("listen.release_ms", self.listen.release_ms.into(), 0.0..=2000.0),
            ("listen.wake_window_s", self.listen.wake_window_s.into(), 1.0..=60.0),
            ("listen.wake_sensitivity", self.listen.wake_sensitivity.into(), 0.0..=1.0),
            ("listen.wake_timeout_s", self.listen.wake_timeout_s.into(), 1.0..=600.0),
            ("stt.timeout_s", self.stt.timeout_s.into(), 1.0..=600.0),
            ("stt.threads", self.stt.threads.into(), 0.0..=64.0),
            ("rag.passages", self.rag.passages as f64, 1.0..=50.0),
            ("rag.chunk_chars", self.rag.chunk_chars as f64, 100.0..=8000.0),
            ("llm.threads", self.llm.threads.into(), 0.0..=64.0),
            ("llm.ubatch", self.llm.ubatch.into(), 1.0..=4096.0),
            ("sampling.temperature", self.sampling.temperature.into(), 0.0..=5.0),
            ("sampling.top_p", self.sampling.top_p.into(), 0.0..=1.0),
            ("sampling.max_tokens", self.sampling.max_tokens.into(), 1.0..=32768.0),
            ("tts.timeout_s", self.tts.timeout_s.into(), 1.0..=600.0),
            ("tts.speed", self.tts.speed.into(), 0.5..=2.0),
        ];
        for (key, value, range) in rules {
            if !range.contains(value) {
                let message = format!("{key} is {value}, outside {} to {}", range.start(), range.end());
                return Err(Error::reword(Room::Config, message).hint(format!("it was set by: {}", origin(key))));
            }
        }
        if self.llm.ubatch > self.llm.batch {
            let message = format!("llm.ubatch is {}, more than llm.batch, which is {}", self.llm.ubatch, self.llm.batch);
            return Err(Error::reword(Room::Config, message).hint("raise llm.batch or lower llm.ubatch"));
        }
        Ok(())
    }
}

/// The file that was named instead of the user's: by --config, else by the environment.
pub fn named_file(flag: Option<&Path>) -> Option<PathBuf> {
    flag.map(Path::to_path_buf).or_else(|| env::var_os("XNAI_CONFIG").map(PathBuf::from))
}

/// The user's file where there is one; a file that was named must exist.
fn file_layer(named: Option<&Path>, paths: &Paths) -> Result<Option<figment::providers::Data<Toml>>> {
    let named = named_file(named);
    let path = named.clone().unwrap_or_else(|| paths.config_file());
    if named.is_none() && !path.exists() {
        return Ok(None);
    }
    let text = read_small(&path)?;
    toml::from_str::<toml::Table>(&text).map_err(|e| {
        let message = e.to_string();
        let place = message.lines().next().unwrap_or_default().trim_start_matches("TOML parse error ");
        let reason = e.message().replace('\n', ", ");
        Error::reword(Room::Config, format!("{} is not TOML: {reason} ({place})", path.display()))
            .hint("mend the file, or name another with --config")
    })?;
    Ok(Some(Toml::file_exact(path)))
}

/// A configuration is small; anything else is another file, named by mistake.
fn read_small(path: &Path) -> Result<String> {
    const LIMIT: u64 = 1 << 20;
    let wrong = |what: &str| Error::reword(Room::Config, format!("{} {what}", path.display())).hint("name another file with --config");
    let facts = fs::metadata(path)
        .map_err(|e| wrong(if e.kind() == std::io::ErrorKind::NotFound { "does not exist" } else { "cannot be read" }))?;
    if !facts.is_file() {
        return Err(wrong("is not a file"));
    }
    if facts.len() > LIMIT {
        return Err(wrong("is over 1 MiB, which no configuration is"));
    }
    let bytes = fs::read(path).map_err(|_| wrong("cannot be read"))?;
    String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8 text"))
}

/// Settings that come from no file, under the name of where they come from.
struct Layer {
    name: &'static str,
    dict: Dict,
}

impl Layer {
    fn new<'a>(name: &'static str, settings: impl Iterator<Item = (impl AsRef<str> + 'a, Value)>) -> Self {
        let mut dict = Dict::new();
        settings.for_each(|(key, value)| insert(&mut dict, key.as_ref(), value));
        Self { name, dict }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> figment::Result<figment::value::Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

fn insert(dict: &mut Dict, key: &str, value: Value) {
    let Some((head, rest)) = key.split_once('.') else {
        dict.insert(key.to_owned(), value);
        return;
    };
    let inner = dict.entry(head.to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, inner) = inner {
        insert(inner, rest, value);
    }
}

/// `XNAI_TTS_SPEED=1.2` is `tts.speed`: the first underscore ends the section.
fn environment_layer(variables: impl Iterator<Item = (String, String)>) -> Layer {
    let setting = |(name, text): (String, String)| {
        let key = name.strip_prefix("XNAI_").filter(|key| !NOT_SETTINGS.contains(key) && !key.starts_with(NOT_A_SECTION))?;
        // Parsing a value cannot fail: what is no number, list or truth value is text.
        let value = text.parse::<Value>().unwrap_or_else(|never| match never {});
        Some((key.to_ascii_lowercase().replacen('_', ".", 1), value))
    };
    Layer::new("environment", variables.filter_map(setting))
}

fn check_keys(layer: &impl Provider, known: &BTreeMap<String, Value>) -> Result<()> {
    let data = layer.data().map_err(|e| refused(&e))?;
    let mut given = BTreeMap::new();
    data.values().for_each(|dict| flatten("", dict, &mut given));
    let exists = |key: &String| known.contains_key(key) || known.keys().any(|k| k.starts_with(&format!("{key}.")));
    let unknown: Vec<&String> = given.keys().filter(|key| !exists(key)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let near = |key: &&String| known.keys().max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
    let mut nearest: Vec<&str> = unknown.iter().filter_map(near).map(String::as_str).collect();
    nearest.dedup();
    let names = unknown.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(", or ");
    let error = Error::reword(Room::Config, format!("there is no setting {names} ({})", origin(&layer.metadata())));
    Err(error.hint(format!("did you mean {}?", nearest.join(" and "))))
}

/// All settings under their dotted names. An empty list or text is a leaf as well.
fn leaves(figment: &Figment) -> Result<BTreeMap<String, Value>> {
    let dict: Dict = figment.extract().map_err(|e| refused(&e))?;
    let mut flat = BTreeMap::new();
    flatten("", &dict, &mut flat);
    Ok(flat)
}

fn flatten(prefix: &str, dict: &Dict, out: &mut BTreeMap<String, Value>) {
    for (key, value) in dict {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Dict(_, inner) => flatten(&key, inner, out),
            leaf => drop(out.insert(key, leaf.clone())),
        }
    }
}

fn origin(metadata: &Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => path.display().to_string(),
        _ if ["environment", "command line"].contains(&&*metadata.name) => metadata.name.clone().into_owned(),
        _ => "default".into(),
    }
}

/// Values that are for tests: they work and are not offered.
const NOT_OFFERED: [&str; 1] = ["fake"];

/// Figment's reason with the key and where it was set, in our words: its own name a profile, of which we have none.
fn refused(error: &figment::Error) -> Error {
    let first = error.clone().into_iter().next().unwrap_or_else(|| error.clone());
    let key = if first.path.is_empty() { "the configuration".to_owned() } else { first.path.join(".") };
    let place = first.metadata.as_ref().map(|metadata| format!(" ({})", origin(metadata))).unwrap_or_default();
    let why = match &first.kind {
        Kind::UnknownVariant(given, all) => {
            let offered: Vec<&str> = all.iter().copied().filter(|value| !NOT_OFFERED.contains(value)).collect();
            format!("is {given:?}, and can be {}", offered.join(", "))
        }
        Kind::InvalidType(given, wanted) => format!("is {given}, and must be {}", in_words(wanted)),
        other => format!("does not hold: {other}"),
    };
    Error::reword(Room::Config, format!("{key} {why}{place}")).hint("see `xnai config show --origin`")
}

/// A type of ours as people know it.
fn in_words(wanted: &str) -> &str {
    match wanted {
        "f32" | "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "a boolean" | "bool" => "true or false",
        other => other,
    }
}

/// A number of 32 bits with the digits that it was written with, not those of the 64 bits nearest to it.
fn toml_text(value: &Value) -> String {
    match value {
        Value::Num(_, Num::F32(number)) => format!("{number:?}"),
        other => toml::Value::try_from(other).map_or_else(|_| format!("{other:?}"), |value| value.to_string()),
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
