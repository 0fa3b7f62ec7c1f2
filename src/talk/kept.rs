//! What was chosen while talking (theme, voice, speed, volume, editing), kept for the next conversation.
//!
//! It lies in a small file of the program's own, `$XDG_STATE_HOME/xnai/choices.toml`; the user's configuration is never
//! written. Flags, the environment and the configuration go before it, as far as they say anything; it goes before the
//! defaults. Only conversations read it: a script's `--once` does what its command line says.
//!
//! Not kept are hands-free, pause, silence and answering without documents, which would surprise tomorrow; devices, which
//! may not be plugged in; a language model, which may not fit into memory and would stop the next start. Where
//! `sessions.save` is false nothing is written to the disk, this neither, and none of it is read.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use serde::{Deserialize, Serialize};

use super::names::{Named, check};
use crate::{
    config::{Config, Context, Layers},
    error::{Error, Kind, Result, Room},
    os::paths::Paths,
    slash, tts,
    tui::Theme,
};

/// A few lines; anything larger is another file.
const MOST_BYTES: u64 = 16 << 10;

/// Longer than the name of any voice.
const NAME: usize = 200;

/// Whether it could be kept as the name of a voice.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME && !text.contains(char::is_control)
}

/// What can be kept; what was not chosen is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<Theme>,
    /// Kokoro's voice or blend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Of espeak-ng.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub espeak_voice: Option<String>,
    /// Of a server of the Wyoming protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wyoming_voice: Option<String>,
    /// Rate, 0.5 to 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f32>,
    /// 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<f32>,
    /// What was heard is shown for editing before it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<bool>,
}

impl Choices {
    /// With the voice of this engine.
    #[must_use]
    pub fn speaking(mut self, engine: tts::Backend, voice: &str) -> Self {
        let place = match engine {
            tts::Backend::Espeak => &mut self.espeak_voice,
            tts::Backend::Wyoming => &mut self.wyoming_voice,
            tts::Backend::Auto | tts::Backend::Kokoro | tts::Backend::Fake => &mut self.voice,
        };
        *place = Some(voice.to_owned());
        self
    }

    /// What differs from an earlier state: that was chosen.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        fn new<T: Clone + PartialEq>(now: &Option<T>, before: &Option<T>) -> Option<T> {
            if now == before { None } else { now.clone() }
        }
        Self {
            theme: new(&self.theme, &before.theme),
            voice: new(&self.voice, &before.voice),
            espeak_voice: new(&self.espeak_voice, &before.espeak_voice),
            wyoming_voice: new(&self.wyoming_voice, &before.wyoming_voice),
            speed: new(&self.speed, &before.speed),
            volume: new(&self.volume, &before.volume),
            edit: new(&self.edit, &before.edit),
        }
    }

    /// Earlier choices, and these over them.
    fn over(self, earlier: Self) -> Self {
        Self {
            theme: self.theme.or(earlier.theme),
            voice: self.voice.or(earlier.voice),
            espeak_voice: self.espeak_voice.or(earlier.espeak_voice),
            wyoming_voice: self.wyoming_voice.or(earlier.wyoming_voice),
            speed: self.speed.or(earlier.speed),
            volume: self.volume.or(earlier.volume),
            edit: self.edit.or(earlier.edit),
        }
    }

    /// A voice that would be taken and cannot be.
    fn take_gone(&mut self, context: &Context, layers: &Layers) -> Option<String> {
        let (place, key) = match context.config.tts.backend {
            tts::Backend::Espeak => (&mut self.espeak_voice, "tts.espeak_voice"),
            tts::Backend::Kokoro => (&mut self.voice, "tts.voice"),
            tts::Backend::Auto | tts::Backend::Wyoming | tts::Backend::Fake => return None,
        };
        // An engine that cannot say which voices it has says so itself when it is opened.
        let gone = |voice: &str| check(Named::Voice, voice, context).is_err_and(|error| error.kind() == Kind::Reword);
        place.take_if(|voice| !layers.is_set(key) && gone(voice))
    }

    fn holds(&self) -> bool {
        // Of a server an empty one is a choice as well: its own.
        [&self.voice, &self.espeak_voice].into_iter().flatten().all(|name| is_name(name))
            && self.wyoming_voice.iter().all(|name| name.is_empty() || is_name(name))
            && self.speed.is_none_or(|speed| slash::SPEED.contains(&speed))
            && self.volume.is_none_or(|volume| slash::VOLUME.contains(&volume))
    }

    /// Into the configuration, where nobody said otherwise.
    fn fill(self, config: &mut Config, is_set: impl Fn(&str) -> bool) {
        fn take<T>(wanted: Option<T>, is_set: bool, place: &mut T) {
            wanted.into_iter().filter(|_| !is_set).for_each(|wanted| *place = wanted);
        }
        take(self.theme, is_set("tui.theme"), &mut config.tui.theme);
        // A voice of an engine that does not speak would only be complained of.
        match config.tts.backend {
            tts::Backend::Espeak => take(self.espeak_voice, is_set("tts.espeak_voice"), &mut config.tts.espeak_voice),
            tts::Backend::Wyoming => take(self.wyoming_voice, is_set("tts.wyoming_voice"), &mut config.tts.wyoming_voice),
            tts::Backend::Kokoro => take(self.voice, is_set("tts.voice"), &mut config.tts.voice),
            tts::Backend::Auto | tts::Backend::Fake => {}
        }
        take(self.speed, is_set("tts.speed"), &mut config.tts.speed);
        take(self.volume, is_set("audio.volume"), &mut config.audio.volume);
        take(self.edit, is_set("tui.edit"), &mut config.tui.edit);
    }
}

/// Puts what was kept into the configuration, which says which engine speaks (see [`settle`](super::names::settle)). What
/// cannot be taken is left out, and the sentence beside it is to be said.
pub fn recall(context: &mut Context, layers: &Layers) -> Option<String> {
    if !context.config.sessions.save {
        return None;
    }
    let path = file(&context.paths);
    let mut choices = match read(&path) {
        Ok(choices) => choices,
        Err(error) => return Some(error.to_string()),
    };
    let gone = choices.take_gone(context, layers);
    choices.fill(&mut context.config, |key| layers.is_set(key));
    gone.map(|voice| format!("the voice chosen last time, {voice}, is not there any more: {} speaks", context.config.tts.spoken()))
}

/// Keeps these choices beside the earlier ones. Waits for the disk.
pub fn keep(paths: &Paths, choices: Choices) -> Result<()> {
    let path = file(paths);
    // What cannot be read was said at the start, and gives way now.
    let all = choices.over(read(&path).unwrap_or_default());
    let text = toml::to_string(&all).map_err(|e| Error::report(Room::Os, format!("choices cannot be written as TOML: {e}")))?;
    write(&path, &text).map_err(|e| {
        let error = Error::io(Room::Os, "writing", &path, &e);
        Error::new(error.kind(), Room::Os, format!("what you choose is not kept for the next time: {}", error.message()))
    })
}

fn file(paths: &Paths) -> PathBuf {
    paths.state.join("choices.toml")
}

fn read(path: &Path) -> Result<Choices> {
    let wrong = |what: &str| {
        let message = format!("what was chosen last time is left out: {} {what}", path.display());
        Error::replace(Room::Os, message).hint("remove it, or choose again: then it is replaced")
    };
    let opened = File::options().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
    let file = match opened {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Choices::default()),
        opened => opened.map_err(|_| wrong("cannot be opened"))?,
    };
    if !file.metadata().is_ok_and(|facts| facts.is_file() && facts.len() <= MOST_BYTES) {
        return Err(wrong("is another file than ours"));
    }
    let mut text = String::new();
    file.take(MOST_BYTES).read_to_string(&mut text).map_err(|_| wrong("is not text"))?;
    let choices: Choices = toml::from_str(&text).map_err(|_| wrong("does not hold what it should"))?;
    if choices.holds() { Ok(choices) } else { Err(wrong("does not hold what it should")) }
}

/// Under its final name stands the old or the new, never half of one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(true).mode(0o600).custom_flags(O_NOFOLLOW).open(&draft);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_data()));
    written.and_then(|()| fs::rename(&draft, path)).inspect_err(|_| drop(fs::remove_file(&draft)))
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
