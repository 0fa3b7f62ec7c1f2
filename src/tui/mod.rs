//! The screen: keys, mouse and news in, a picture of the conversation out. A face: it talks to `pipeline` alone.
//!
//! ```text
//! reader (keys) ─┐                                 ┌─► view: the picture, at most thirty times a second
//! news ──────────┼─► run: Event ─► update ─► Model ┤
//! clock ─────────┘                                 └─► Effect: a command, the clipboard, the clerk of the session
//! ```
//!
//! `update` is pure, so that a test is a list of events and what must follow. Text from outside is made printable
//! (`clean`) before it enters the model. The terminal is given back whatever happens (`terminal`).

mod act;
mod choices;
pub mod clean;
mod clipboard;
mod event;
mod input;
mod keys;
mod meters;
mod model;
mod mouse;
mod news;
mod palette;
mod quiet;
mod reader;
mod run;
mod search;
mod slash;
mod talk;
mod terminal;
mod theme;
mod turns;
mod update;
mod view;
mod vitals;
mod wrap;

pub use run::{Talks, run};
use serde::{Deserialize, Serialize};
pub use theme::Theme;

/// `[tui]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub theme: Theme,
    /// The wheel scrolls and a click opens; the terminal's own selection then needs Shift.
    pub mouse: bool,
    /// `space`, or a function key.
    pub talk_key: TalkKey,
    /// What was understood is shown for editing before it is sent.
    pub edit: bool,
    /// Listens without a key from the beginning.
    pub hands_free: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { theme: Theme::Dark, mouse: true, talk_key: TalkKey::Space, edit: false, hands_free: false }
    }
}

/// The key that is held, or pressed, to talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TalkKey {
    /// While nothing is typed.
    #[default]
    Space,
    /// F2 to F12, always.
    Function(u8),
}

impl TryFrom<String> for TalkKey {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let name = name.to_lowercase();
        let function = name.strip_prefix('f').and_then(|n| n.parse().ok()).filter(|n| (2..=12).contains(n));
        match function {
            Some(n) => Ok(Self::Function(n)),
            None if name == "space" => Ok(Self::Space),
            None => Err("tui.talk_key is space, or f2 to f12".into()),
        }
    }
}

impl From<TalkKey> for String {
    fn from(key: TalkKey) -> Self {
        match key {
            TalkKey::Space => "space".into(),
            TalkKey::Function(n) => format!("f{n}"),
        }
    }
}

#[cfg(test)]
mod tests;
