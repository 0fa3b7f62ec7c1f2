//! What a piece of the screen means into how it looks: dark, light, high contrast, or without any colour.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

/// Colours to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    #[default]
    Dark,
    Light,
    HighContrast,
    /// No colour at all: what `NO_COLOR` asks for.
    Mono,
}

/// What a piece of text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    Plain,
    /// Beside the point: hints, units, what was not heard.
    Faint,
    /// The user's words, understood.
    You,
    /// The user's words that may still change.
    Partial,
    Answer,
    /// The fragment that is being heard now.
    Sounding,
    Citation,
    /// What a search found.
    Match,
    Note,
    Error,
    Title,
    /// A key that can be pressed.
    Key,
    Selected,
    /// States of the conversation.
    Idle,
    Listening,
    Thinking,
    Speaking,
    /// The level meter, and the lamp that says "this is speech".
    Quiet,
    Loud,
    Lamp,
    /// The stages of a turn, in their order.
    Stage(u8),
}

impl Theme {
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::HighContrast, Self::Mono];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Mono => "mono",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name.trim().to_lowercase())
    }

    /// The next one in the list, for a key that turns through them.
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|theme| *theme == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// `NO_COLOR`, when it holds anything, outweighs the setting (no-color.org).
    pub fn respecting(self, no_color: Option<&std::ffi::OsStr>) -> Self {
        if no_color.is_some_and(|value| !value.is_empty()) { Self::Mono } else { self }
    }

    pub fn style(self, role: Role) -> Style {
        let style = Style::new().add_modifier(emphasis(role));
        match self {
            Self::Mono => style.add_modifier(without_colour(role)),
            Self::Dark => style.fg(dark(role)),
            Self::Light => style.fg(light(role)),
            Self::HighContrast => contrast(role, style),
        }
    }
}

/// What does not depend on colours: whoever sees none still sees the difference.
fn emphasis(role: Role) -> Modifier {
    match role {
        Role::Sounding => Modifier::UNDERLINED,
        Role::Citation | Role::Key | Role::Title | Role::You | Role::Lamp => Modifier::BOLD,
        Role::Match | Role::Selected => Modifier::REVERSED,
        Role::Listening | Role::Thinking | Role::Speaking | Role::Error => Modifier::BOLD,
        _ => Modifier::empty(),
    }
}

fn without_colour(role: Role) -> Modifier {
    match role {
        Role::Partial | Role::Faint | Role::Quiet => Modifier::DIM,
        Role::Error => Modifier::REVERSED,
        _ => Modifier::empty(),
    }
}

fn dark(role: Role) -> Color {
    match role {
        Role::Plain | Role::Answer | Role::Match | Role::Selected => Color::Reset,
        Role::You => Color::White,
        Role::Partial | Role::Faint | Role::Idle => Color::DarkGray,
        Role::Sounding | Role::Speaking => Color::LightGreen,
        Role::Citation | Role::Key => Color::LightCyan,
        Role::Note | Role::Thinking => Color::LightYellow,
        Role::Error | Role::Loud => Color::LightRed,
        Role::Title => Color::LightBlue,
        Role::Listening | Role::Lamp => Color::LightMagenta,
        Role::Quiet => Color::Green,
        Role::Stage(n) => [Color::Magenta, Color::Blue, Color::Yellow, Color::Cyan, Color::Green][usize::from(n) % 5],
    }
}

fn light(role: Role) -> Color {
    match role {
        Role::Plain | Role::Answer | Role::Match | Role::Selected => Color::Reset,
        Role::You => Color::Black,
        Role::Partial | Role::Faint | Role::Idle => Color::DarkGray,
        Role::Sounding | Role::Speaking | Role::Quiet => Color::Green,
        Role::Citation | Role::Key | Role::Title => Color::Blue,
        Role::Note | Role::Thinking => Color::Indexed(130), // dark orange: yellow cannot be read on white
        Role::Error | Role::Loud => Color::Red,
        Role::Listening | Role::Lamp => Color::Magenta,
        Role::Stage(n) => [Color::Magenta, Color::Blue, Color::Indexed(130), Color::Cyan, Color::Green][usize::from(n) % 5],
    }
}

/// White on black, and one bright colour where something must be found at a glance.
fn contrast(role: Role, style: Style) -> Style {
    let style = style.bg(Color::Black);
    match role {
        Role::Partial | Role::Faint | Role::Idle => style.fg(Color::Gray),
        Role::Sounding | Role::Match | Role::Selected => style.fg(Color::LightYellow),
        Role::Citation | Role::Key | Role::Title => style.fg(Color::LightCyan).add_modifier(Modifier::BOLD),
        Role::Error | Role::Loud => style.fg(Color::LightRed).add_modifier(Modifier::BOLD),
        Role::Listening | Role::Thinking | Role::Speaking | Role::Lamp => style.fg(Color::LightYellow),
        _ => style.fg(Color::White),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn no_color_means_none_and_an_empty_one_means_nothing() {
        assert_eq!(Theme::Light.respecting(Some(OsStr::new("1"))), Theme::Mono);
        assert_eq!(Theme::Light.respecting(Some(OsStr::new(""))), Theme::Light);
        let colours = |role| (Theme::Mono.style(role).fg, Theme::Mono.style(role).bg);
        for role in [Role::You, Role::Error, Role::Sounding, Role::Stage(3), Role::Loud, Role::Selected] {
            assert_eq!(colours(role), (None, None));
        }
    }

    #[test]
    fn without_colour_the_differences_that_matter_remain() {
        let looks = [Role::You, Role::Partial, Role::Sounding, Role::Match, Role::Plain].map(|role| Theme::Mono.style(role));
        for (i, one) in looks.iter().enumerate() {
            assert!(looks[i + 1..].iter().all(|other| other != one), "{i}");
        }
    }

    #[test]
    fn names_are_found_again() {
        assert!(Theme::ALL.iter().all(|theme| Theme::named(theme.name()) == Some(*theme)));
        assert_eq!(Theme::named("pink"), None);
    }
}
