//! A line that begins with a slash into what is meant by it.

use super::{act::Act, choices::Kind, theme::Theme};

/// A command, what it takes, and what it does: for completion and for the help.
pub struct Command {
    pub name: &'static str,
    pub takes: &'static str,
    pub does: &'static str,
}

const fn command(name: &'static str, takes: &'static str, does: &'static str) -> Command {
    Command { name, takes, does }
}

/// In the order of the help.
pub const COMMANDS: [Command; 20] = [
    command("voice", "NAME", "speak with this voice"),
    command("speed", "0.5-2", "speak slower or faster"),
    command("volume", "0-100", "speak softer or louder"),
    command("aloud", "on|off", "speak the answers"),
    command("model", "ID", "answer with this language model"),
    command("input", "NAME", "listen to this microphone"),
    command("output", "NAME", "speak through this device"),
    command("handsfree", "on|off", "listen without a key"),
    command("docs", "on|off", "answer out of the documents"),
    command("edit", "on|off", "edit what was understood before it is sent"),
    command("pause", "", "hold the voice, or let it go on"),
    command("repeat", "", "speak the last answer once more"),
    command("new", "", "begin a new conversation"),
    command("sessions", "", "go on with an earlier conversation"),
    command("resume", "NAME", "go on with this conversation"),
    command("export", "", "write this conversation as Markdown"),
    command("search", "WORDS", "search this conversation"),
    command("theme", "NAME", "dark, light, high-contrast, mono"),
    command("help", "", "show all keys and commands"),
    command("quit", "", "leave"),
];

/// The commands that begin like this line, for the line of keys.
pub fn beginning(line: &str) -> Vec<&'static Command> {
    let Some(typed) = line.strip_prefix('/') else { return Vec::new() };
    let word = typed.split(' ').next().unwrap_or_default();
    COMMANDS.iter().filter(|command| if typed.contains(' ') { command.name == word } else { command.name.starts_with(word) }).collect()
}

/// The line, completed as far as only one command is meant.
pub fn complete(line: &str) -> Option<String> {
    match beginning(line).as_slice() {
        [one] if !line.contains(' ') => Some(format!("/{}{}", one.name, if one.takes.is_empty() { "" } else { " " })),
        _ => None,
    }
}

/// What the line means; nothing when it is no command; else a sentence about what is wrong with it.
pub fn parse(line: &str) -> Option<Result<Act, String>> {
    let typed = line.trim().strip_prefix('/')?;
    let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    Some(meant(&name.to_lowercase(), rest.trim()))
}

fn meant(name: &str, rest: &str) -> Result<Act, String> {
    let named = |kind: Kind| if rest.is_empty() { Act::Choose(kind) } else { Act::Take(kind, rest.to_owned()) };
    Ok(match name {
        "voice" => named(Kind::Voices),
        "model" => named(Kind::Models),
        "input" => named(Kind::Inputs),
        "output" => named(Kind::Outputs),
        "sessions" | "resume" => named(Kind::Sessions),
        "speed" => Act::Speed(number(rest, 0.5, 2.0, "/speed takes a number from 0.5 to 2")?),
        "volume" => Act::Volume(number(rest.trim_end_matches('%'), 0.0, 100.0, "/volume takes a number from 0 to 100")? / 100.0),
        "aloud" => Act::Aloud(switch(rest, name)?),
        "handsfree" | "hands-free" => Act::HandsFree(switch(rest, name)?),
        "docs" | "documents" => Act::Documents(switch(rest, name)?),
        "edit" => Act::Edit(switch(rest, name)?),
        "pause" => Act::Pause,
        "repeat" => Act::Repeat,
        "new" => Act::New,
        "export" => Act::Export,
        "search" => Act::Search(rest.to_owned()),
        "theme" if rest.is_empty() => Act::Theme(None),
        "theme" => Act::Theme(Some(Theme::named(rest).ok_or("/theme takes dark, light, high-contrast or mono")?)),
        "help" | "?" => Act::Help,
        "quit" | "exit" | "q" => Act::Quit,
        _ => return Err(unknown(name)),
    })
}

fn unknown(name: &str) -> String {
    let nearest = COMMANDS.iter().max_by(|a, b| strsim::jaro_winkler(a.name, name).total_cmp(&strsim::jaro_winkler(b.name, name)));
    format!("there is no command /{name}: did you mean /{}?", nearest.map_or("help", |command| command.name))
}

fn number(text: &str, least: f32, most: f32, wrong: &str) -> Result<f32, String> {
    text.replace(',', ".").parse().ok().filter(|value| (least..=most).contains(value)).ok_or_else(|| wrong.to_owned())
}

/// `on`, `off`, or nothing: the other way than now.
fn switch(text: &str, name: &str) -> Result<Option<bool>, String> {
    match text.to_lowercase().as_str() {
        "" => Ok(None),
        "on" | "yes" | "true" => Ok(Some(true)),
        "off" | "no" | "false" => Ok(Some(false)),
        _ => Err(format!("/{name} takes on or off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_mean_what_they_say() {
        let cases = [
            ("/voice af_heart", Act::Take(Kind::Voices, "af_heart".into())),
            ("/voice", Act::Choose(Kind::Voices)),
            ("  /speed 1,2 ", Act::Speed(1.2)),
            ("/volume 80%", Act::Volume(0.8)),
            ("/handsfree on", Act::HandsFree(Some(true))),
            ("/docs", Act::Documents(None)),
            ("/theme high-contrast", Act::Theme(Some(Theme::HighContrast))),
            ("/HELP", Act::Help),
        ];
        for (line, act) in cases {
            assert_eq!(parse(line), Some(Ok(act)), "{line}");
        }
        assert_eq!(parse("what is 1/2?"), None);
    }

    #[test]
    fn what_cannot_be_meant_is_a_sentence() {
        let cases = [
            ("/speed fast", "0.5 to 2"),
            ("/speed NaN", "0.5 to 2"),
            ("/volume 101", "0 to 100"),
            ("/docs maybe", "on or off"),
            ("/voise x", "did you mean /voice?"),
            ("/", "there is no command"),
        ];
        for (line, part) in cases {
            let said = parse(line).unwrap().unwrap_err();
            assert!(said.contains(part), "{line}: {said}");
        }
    }

    #[test]
    fn every_command_of_the_list_is_understood_and_completes() {
        for command in &COMMANDS {
            let said = parse(&format!("/{}", command.name)).unwrap();
            assert!(!said.is_err_and(|wrong| wrong.contains("no command")), "{}", command.name);
        }
        assert_eq!(complete("/vol").as_deref(), Some("/volume "));
        assert_eq!(complete("/v"), None);
        assert_eq!(complete("/qu").as_deref(), Some("/quit"));
    }
}
