//! A line that begins with a slash into what is meant by it: the commands of every face, and two of the screen's own.

use super::{act::Act, choices::Kind, model::Knobs, theme::Theme};
use crate::slash::{self, Slash};

/// A command, what it takes, and what it does: for completion and for the help.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub name: &'static str,
    pub takes: &'static str,
    pub does: &'static str,
}

const OWN: [Command; 3] = [
    Command { name: "search", takes: "WORDS", does: "search what was said here" },
    Command { name: "notes", takes: "", does: "what is amiss, as it was found at the start" },
    Command { name: "theme", takes: "NAME", does: "dark, light, high-contrast or mono" },
];

/// In the order of the help.
pub fn commands() -> impl Iterator<Item = Command> {
    slash::TABLE.iter().map(|known| Command { name: known.name, takes: known.takes, does: known.says }).chain(OWN)
}

/// The commands that begin like this line, for the list above it and for the line of keys.
pub fn beginning(line: &str) -> Vec<Command> {
    let Some(typed) = line.strip_prefix('/') else { return Vec::new() };
    let word = typed.split(' ').next().unwrap_or_default();
    commands().filter(|command| if typed.contains(' ') { command.name == word } else { command.name.starts_with(word) }).collect()
}

/// What the line can become: whole commands, or a command with what it takes.
fn completions(line: &str) -> Vec<String> {
    match (beginning(line).as_slice(), line.split_once(' ')) {
        ([one], None) => vec![format!("/{}{}", one.name, if one.takes.is_empty() { "" } else { " " })],
        (several, None) => several.iter().map(|command| format!("/{}", command.name)).collect(),
        ([one], Some((word, typed))) => {
            let themes = Theme::ALL.map(Theme::name);
            let words: Vec<&str> = if one.name == "theme" { themes.to_vec() } else { one.takes.split('|').collect() };
            let known = words.into_iter().filter(|known| known.starts_with(typed.trim_start()) && !known.contains(char::is_uppercase));
            known.filter(|known| !known.contains(' ')).map(|known| format!("{word} {known}")).collect()
        }
        (_, Some(_)) => Vec::new(),
    }
}

/// The line after Tab: what all that it can mean have in common; where they have no more, one of them after the other.
/// `before` is what was typed and what Tab made of it last.
pub fn complete(line: &str, before: Option<&(String, String)>) -> Option<(String, String)> {
    let typed = before.filter(|(_, made)| made == line).map_or(line, |(typed, _)| typed);
    let all = completions(typed);
    let first = all.first()?;
    let common = first
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|end| all.iter().all(|one| one.starts_with(&first[..*end])))
        .last();
    let common = &first[..common.unwrap_or(0)];
    let made = match all.iter().position(|one| one == line) {
        Some(at) => all[(at + 1) % all.len()].clone(),
        None if common.len() > line.len() => common.to_owned(),
        None => first.clone(),
    };
    Some((typed.to_owned(), made))
}

/// What the line means; nothing when it is no command; else a sentence about what is wrong with it.
pub fn parse(line: &str, knobs: &Knobs) -> Option<Result<Act, String>> {
    let (word, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    Some(match word.to_lowercase().as_str() {
        "/search" => Ok(Act::Search(rest.trim().to_owned())),
        "/" => Ok(Act::Commands),
        "/notes" => Ok(Act::Notes),
        "/theme" if rest.trim().is_empty() => Ok(Act::Theme(None)),
        "/theme" => Theme::named(rest).map(|theme| Act::Theme(Some(theme))).ok_or("/theme takes dark, light, high-contrast or mono".into()),
        _ => slash::parse(line)?.map(|slash| meant(slash, knobs)).map_err(|error| error.to_string()),
    })
}

fn meant(slash: Slash, knobs: &Knobs) -> Act {
    let named = |kind: Kind, name: Option<String>| name.map_or(Act::Choose(kind), |name| Act::Name(kind, name));
    match slash {
        Slash::Help => Act::Help,
        Slash::Quit => Act::Quit,
        Slash::Talk => Act::Talk,
        Slash::Silence => Act::Silence,
        Slash::Pause(on) => Act::Pause(on),
        Slash::Repeat => Act::Repeat,
        Slash::HandsFree(on) => Act::HandsFree(on),
        Slash::Edit(on) => Act::Edit(on),
        Slash::Aloud(on) => Act::Aloud(on),
        Slash::Documents(on) => Act::Documents(on),
        Slash::Speed(None) => Act::Tell(format!("speed: {:.1}×", knobs.speed)),
        Slash::Speed(Some(amount)) => Act::Speed(amount.from(knobs.speed, slash::SPEED)),
        Slash::Volume(None) => Act::Tell(format!("volume: {:.0} %", knobs.volume * 100.0)),
        Slash::Volume(Some(amount)) => Act::Volume(amount.from(knobs.volume, slash::VOLUME)),
        Slash::Voice(name) => named(Kind::Voices, name),
        Slash::Model(name) => named(Kind::Models, name),
        Slash::Input(name) => named(Kind::Inputs, name),
        Slash::Output(name) => named(Kind::Outputs, name),
        Slash::New => Act::New,
        Slash::Sessions(None) => Act::Choose(Kind::Sessions),
        Slash::Sessions(Some(words)) => Act::Find(words),
        Slash::Resume(name) => Act::Take(Kind::Sessions, name.unwrap_or_else(|| "last".into())),
        Slash::Export(file) => Act::Export(file),
        Slash::Ask(text) => Act::Ask(text),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{config::Config, tui::model::Model};

    fn said(line: &str) -> Option<Result<Act, String>> {
        parse(line, &Model::new(&Config::default(), Theme::Dark, Instant::now()).knobs)
    }

    #[test]
    fn commands_of_every_face_and_our_own() {
        let cases = [
            ("/voice af_heart", Act::Name(Kind::Voices, "af_heart".into())),
            ("/voice", Act::Choose(Kind::Voices)),
            ("/speed faster", Act::Speed(1.1)),
            ("/volume 80%", Act::Volume(0.8)),
            ("/sessions moon", Act::Find("moon".into())),
            ("/resume", Act::Take(Kind::Sessions, "last".into())),
            ("//tmp?", Act::Ask("/tmp?".into())),
            ("/theme high-contrast", Act::Theme(Some(Theme::HighContrast))),
            ("/search the moon", Act::Search("the moon".into())),
        ];
        for (line, act) in cases {
            assert_eq!(said(line), Some(Ok(act)), "{line}");
        }
        assert_eq!(said("what is 1/2?"), None);
        assert!(said("/theme pink").unwrap().is_err() && said("/voise x").unwrap().is_err());
    }

    /// What the line is after each Tab.
    fn tabs(line: &str, times: usize) -> Vec<String> {
        let (mut line, mut before, mut seen) = (line.to_owned(), None, Vec::new());
        for _ in 0..times {
            let Some((typed, made)) = complete(&line, before.as_ref()) else { break };
            seen.push(made.clone());
            (line, before) = (made.clone(), Some((typed, made)));
        }
        seen
    }

    #[test]
    fn what_only_one_command_begins_with_is_completed() {
        for (line, made) in [("/vol", "/volume "), ("/qu", "/quit"), ("/th", "/theme "), ("/theme hi", "/theme high-contrast")] {
            assert_eq!(tabs(line, 1), [made]);
        }
        assert_eq!(tabs("/xyz", 1), Vec::<String>::new());
        assert_eq!(tabs("/voice af", 1), Vec::<String>::new(), "voices are found elsewhere");
    }

    #[test]
    fn tab_goes_through_all_that_is_possible() {
        assert_eq!(tabs("/v", 1), ["/vo"], "what they have in common");
        assert_eq!(tabs("/vo", 4), ["/voice", "/volume", "/voice", "/volume"]);
        assert_eq!(tabs("/pause ", 3), ["/pause o", "/pause on", "/pause off"]);
        let all = tabs("/", commands().count() + 1);
        assert_eq!((all.first(), all.last()), (Some(&"/help".to_owned()), Some(&"/help".to_owned())), "all of them, and round");
    }
}
