//! A typed line that begins with a slash into what it asks of a conversation, or a sentence about why not.
//!
//! Pure, and the same in every face. `//` at the beginning of a line makes a question of it that begins with `/`.

use crate::error::{Error, Result, Room};

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Slash {
    Help,
    Quit,
    /// Press or release of the talk key, as a word.
    Talk,
    Silence,
    /// `None`: whatever it is not now.
    Pause(Option<bool>),
    Repeat,
    HandsFree(Option<bool>),
    /// Transcripts are shown before they are sent.
    Edit(Option<bool>),
    Aloud(Option<bool>),
    Documents(Option<bool>),
    /// `None` asks which it is.
    Speed(Option<Amount>),
    Volume(Option<Amount>),
    Voice(Option<String>),
    Model(Option<String>),
    Input(Option<String>),
    Output(Option<String>),
    New,
    /// Lists what was kept, or the exchanges that hold these words.
    Sessions(Option<String>),
    /// A session's name or the beginning of it; `None` is the last one.
    Resume(Option<String>),
    /// To this file, or one named after the session.
    Export(Option<String>),
    /// A question that begins with a slash.
    Ask(String),
}

/// A number, or a step from what it is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    To(f32),
    By(f32),
}

impl Amount {
    /// The value meant, no less and no more than the range allows.
    pub fn from(self, now: f32, range: std::ops::RangeInclusive<f32>) -> f32 {
        let value = match self {
            Self::To(value) => value,
            Self::By(step) => ((now + step) * 100.0).round() / 100.0,
        };
        value.clamp(*range.start(), *range.end())
    }
}

/// Speaking rates, and volumes.
pub const SPEED: std::ops::RangeInclusive<f32> = 0.5..=2.0;
pub const VOLUME: std::ops::RangeInclusive<f32> = 0.0..=1.0;

/// A command as help and palettes show it.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub name: &'static str,
    /// What follows it, as a person would write it; empty: nothing may.
    pub takes: &'static str,
    pub says: &'static str,
    also: &'static [&'static str],
    make: Make,
}

/// What becomes of the rest of the line.
#[derive(Clone, Copy, Debug)]
enum Make {
    Alone(fn() -> Slash),
    Switch(fn(Option<bool>) -> Slash),
    Number(fn(Option<Amount>) -> Slash, &'static Scale),
    Text(fn(Option<String>) -> Slash),
}

/// Which numbers a command takes.
#[derive(Debug)]
struct Scale {
    range: std::ops::RangeInclusive<f32>,
    step: f32,
    /// Typed in hundredths, with or without a sign for it.
    percent: bool,
    up: &'static [&'static str],
    down: &'static [&'static str],
}

impl Scale {
    /// A number as people type it: a volume in hundredths.
    fn shown(&self, number: &f32) -> f32 {
        if self.percent { number * 100.0 } else { *number }
    }
}

static SPEEDS: Scale = Scale { range: SPEED, step: 0.1, percent: false, up: &["faster", "up", "+"], down: &["slower", "down", "-"] };
static VOLUMES: Scale =
    Scale { range: VOLUME, step: 0.1, percent: true, up: &["louder", "up", "+"], down: &["quieter", "softer", "down", "-"] };

const fn known(name: &'static str, takes: &'static str, says: &'static str, also: &'static [&'static str], make: Make) -> Known {
    Known { name, takes, says, also, make }
}

/// Every command, in the order of the help.
pub static TABLE: [Known; 20] = [
    known("help", "", "say what can be typed", &["?", "h"], Make::Alone(|| Slash::Help)),
    known("talk", "", "begin to listen, or end the question", &[], Make::Alone(|| Slash::Talk)),
    known("silence", "", "stop speaking at once", &["stop", "hush"], Make::Alone(|| Slash::Silence)),
    known("pause", "on|off", "hold the voice, or let it go on", &[], Make::Switch(Slash::Pause)),
    known("repeat", "", "speak the last answer once more", &["again"], Make::Alone(|| Slash::Repeat)),
    known("voice", "NAME", "speak with another voice", &[], Make::Text(Slash::Voice)),
    known("speed", "RATE|faster|slower", "speak faster or slower, 0.5 to 2", &["rate"], Make::Number(Slash::Speed, &SPEEDS)),
    known("volume", "0 to 100|louder|quieter", "speak louder or more quietly", &["vol"], Make::Number(Slash::Volume, &VOLUMES)),
    known("aloud", "on|off", "answer aloud, or only in text", &[], Make::Switch(Slash::Aloud)),
    known("handsfree", "on|off", "listen all the time", &["hands-free"], Make::Switch(Slash::HandsFree)),
    known("edit", "on|off", "show what was heard before it is sent", &[], Make::Switch(Slash::Edit)),
    known("docs", "on|off", "answer out of the documents, or without them", &["documents"], Make::Switch(Slash::Documents)),
    known("model", "NAME", "answer with another language model", &[], Make::Text(Slash::Model)),
    known("input", "DEVICE", "listen to another microphone", &["mic", "microphone"], Make::Text(Slash::Input)),
    known("output", "DEVICE", "speak through another speaker", &["speaker"], Make::Text(Slash::Output)),
    known("new", "", "begin a new conversation", &["clear", "reset"], Make::Alone(|| Slash::New)),
    known(
        "sessions",
        "WORDS",
        "list the conversations that were kept, or those that hold the words",
        &["history"],
        Make::Text(Slash::Sessions),
    ),
    known("resume", "SESSION", "go on with a conversation; without a name with the last one", &["load"], Make::Text(Slash::Resume)),
    known("export", "FILE", "write this conversation as Markdown", &["save"], Make::Text(Slash::Export)),
    known("quit", "", "end the program", &["exit", "q", "bye"], Make::Alone(|| Slash::Quit)),
];

impl Known {
    /// `/speed RATE|faster|slower`
    pub fn usage(&self) -> String {
        format!("/{} {}", self.name, self.takes).trim_end().to_owned()
    }
}

impl Known {
    /// What can be typed, as part of a sentence.
    fn example(&self) -> String {
        let name = self.name;
        match &self.make {
            Make::Number(_, scale) => {
                let (from, to) = (scale.shown(scale.range.start()), scale.shown(scale.range.end()));
                format!("/{name} and a number from {from} to {to}, /{name} {} or /{name} {}", scale.up[0], scale.down[0])
            }
            Make::Switch(_) => format!("/{name} on or /{name} off"),
            Make::Alone(_) | Make::Text(_) => self.usage(),
        }
    }
}

/// Whether a line is a command, and which. A line without a slash is none: it is a question.
pub fn parse(line: &str) -> Option<Result<Slash>> {
    let line = line.trim();
    let rest = line.strip_prefix('/')?;
    if rest.starts_with('/') {
        return Some(Ok(Slash::Ask(rest.to_owned())));
    }
    if rest.trim().is_empty() {
        return Some(Ok(Slash::Help));
    }
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some(find(word).and_then(|known| known.read(rest.trim())))
}

/// By name, by another name, or by a beginning that only one name has.
fn find(word: &str) -> Result<&'static Known> {
    let word = word.to_lowercase();
    let named = |known: &&Known| known.name == word || known.also.contains(&word.as_str());
    if let Some(known) = TABLE.iter().find(named) {
        return Ok(known);
    }
    let begun: Vec<&Known> = TABLE.iter().filter(|known| known.name.starts_with(&word)).collect();
    match begun[..] {
        [known] => Ok(known),
        [] => Err(unknown(&word)),
        _ => {
            let names: Vec<String> = begun.iter().map(|known| format!("/{}", known.name)).collect();
            Err(Error::reword(Room::Pipeline, format!("/{word} could be {}", names.join(" or "))).hint("say which"))
        }
    }
}

fn unknown(word: &str) -> Error {
    let word: String = word.chars().take(40).collect();
    let near = TABLE.iter().map(|known| (strsim::jaro_winkler(known.name, &word), known.name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        // Of two kinds, and near to neither.
        _ if ["device", "devices", "audio", "sound"].contains(&&*word) => "did you mean /input (the microphone) or /output?".into(),
        Some((closeness, name)) if closeness > 0.75 => format!("did you mean /{name}?"),
        _ => "/help says what there is".into(),
    };
    Error::reword(Room::Pipeline, format!("there is no command /{word}")).hint(hint)
}

impl Known {
    fn read(&self, rest: &str) -> Result<Slash> {
        let given = (!rest.is_empty()).then_some(rest);
        match self.make {
            Make::Alone(make) if rest.is_empty() => Ok(make()),
            Make::Alone(_) => Err(self.wrong(&format!("/{} takes nothing after it", self.name))),
            Make::Text(make) => Ok(make(given.map(str::to_owned))),
            Make::Switch(make) => given.map(|text| self.switch(text)).transpose().map(make),
            Make::Number(make, scale) => given.map(|text| self.number(text, scale)).transpose().map(make),
        }
    }

    fn switch(&self, text: &str) -> Result<bool> {
        match text.to_lowercase().as_str() {
            "on" | "yes" | "true" | "1" => Ok(true),
            "off" | "no" | "false" | "0" => Ok(false),
            _ => Err(self.wrong(&format!("/{} is on or off, nothing else", self.name))),
        }
    }

    fn number(&self, text: &str, scale: &Scale) -> Result<Amount> {
        let text = text.to_lowercase();
        if scale.up.contains(&&*text) {
            return Ok(Amount::By(scale.step));
        }
        if scale.down.contains(&&*text) {
            return Ok(Amount::By(-scale.step));
        }
        let digits = text.trim_end_matches('%').trim_end().replace(',', ".");
        let value = digits.parse::<f32>().map_err(|_| self.wrong(&format!("/{} takes a number", self.name)))?;
        if scale.percent && value > 0.0 && value < 1.0 {
            return Err(self.wrong(&format!("/{} is in percent, and {digits} is less than one", self.name)));
        }
        let value = if scale.percent || text.ends_with('%') { value / 100.0 } else { value };
        if scale.range.contains(&value) {
            return Ok(Amount::To(value));
        }
        Err(self.wrong(&format!("/{} takes {} to {}", self.name, scale.shown(scale.range.start()), scale.shown(scale.range.end()))))
    }

    fn wrong(&self, message: &str) -> Error {
        Error::reword(Room::Pipeline, message).hint(format!("say {}", self.example()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Slash {
        parse(line).unwrap_or_else(|| panic!("{line} is no command")).unwrap_or_else(|e| panic!("{line}: {e}"))
    }

    #[test]
    fn what_is_typed_is_what_is_meant() {
        let text = |text: &str| Some(text.to_owned());
        let table = [
            ("/help", Slash::Help),
            ("/", Slash::Help),
            ("  /Quit ", Slash::Quit),
            ("/q", Slash::Quit),
            ("/sil", Slash::Silence),
            ("/stop", Slash::Silence),
            ("/pause", Slash::Pause(None)),
            ("/pause OFF", Slash::Pause(Some(false))),
            ("/handsfree on", Slash::HandsFree(Some(true))),
            ("/hands-free off", Slash::HandsFree(Some(false))),
            ("/docs off", Slash::Documents(Some(false))),
            ("/speed 1.25", Slash::Speed(Some(Amount::To(1.25)))),
            ("/speed 1,25", Slash::Speed(Some(Amount::To(1.25)))),
            ("/volume 80", Slash::Volume(Some(Amount::To(0.8)))),
            ("/volume 1", Slash::Volume(Some(Amount::To(0.01)))),
            ("/volume 2", Slash::Volume(Some(Amount::To(0.02)))),
            ("/volume 100", Slash::Volume(Some(Amount::To(1.0)))),
            ("/speed slower", Slash::Speed(Some(Amount::By(-0.1)))),
            ("/speed", Slash::Speed(None)),
            ("/volume 40%", Slash::Volume(Some(Amount::To(0.4)))),
            ("/vol 40", Slash::Volume(Some(Amount::To(0.4)))),
            ("/voice  af_heart.6+am_michael.4 ", Slash::Voice(text("af_heart.6+am_michael.4"))),
            ("/input Blue Yeti (USB)", Slash::Input(text("Blue Yeti (USB)"))),
            ("/output\t2", Slash::Output(text("2"))),
            ("/sessions refund days", Slash::Sessions(text("refund days"))),
            ("/resume", Slash::Resume(None)),
            ("/resume 20260301", Slash::Resume(text("20260301"))),
            ("/export my talk.md", Slash::Export(text("my talk.md"))),
            ("//etc/hosts: what is it?", Slash::Ask("/etc/hosts: what is it?".into())),
        ];
        for (line, expected) in table {
            assert_eq!(said(line), expected, "{line}");
        }
        assert!(parse("what about 3/4?").is_none() && parse("").is_none());
    }

    #[test]
    fn what_cannot_be_meant_is_one_sentence() {
        let table = [
            ("/volme 3", "did you mean /volume?"),
            ("/xyzzy", "there is no command /xyzzy: /help says what there is"),
            ("/re", "/re could be /repeat or /resume"),
            ("/quit now", "/quit takes nothing after it: say /quit"),
            ("/device", "did you mean /input (the microphone) or /output?"),
            ("/pause maybe", "/pause is on or off, nothing else: say /pause on or /pause off"),
            ("/speed 3", "/speed takes 0.5 to 2"),
            ("/speed NaN", "/speed takes 0.5 to 2"),
            ("/volume 0.5", "/volume is in percent, and 0.5 is less than one"),
            ("/volume 101", "/volume takes 0 to 100: say /volume and a number from 0 to 100, /volume louder or /volume quieter"),
            ("/speed fast", "/speed takes a number"),
            ("/volume 120%", "/volume takes 0 to 100"),
            ("/volume -1", "/volume takes 0 to 100"),
        ];
        for (line, expected) in table {
            let error = parse(line).unwrap().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains('\n'), "{line}: {error}");
        }
    }

    #[test]
    fn every_name_is_its_own_and_is_understood() {
        let names: Vec<&str> = TABLE.iter().flat_map(|k| [k.name].into_iter().chain(k.also.iter().copied())).collect();
        for known in &TABLE {
            assert_eq!(names.iter().filter(|name| **name == known.name).count(), 1, "{}", known.name);
            assert!(find(known.name).is_ok_and(|found| found.name == known.name) && !known.says.is_empty());
            known.also.iter().for_each(|also| assert_eq!(find(also).unwrap().name, known.name));
        }
    }

    #[test]
    fn steps_stay_in_range() {
        assert_eq!(Amount::By(0.1).from(1.1, SPEED), 1.2);
        assert_eq!(Amount::By(0.1).from(1.95, SPEED), 2.0);
        assert_eq!(Amount::By(-0.1).from(0.05, VOLUME), 0.0);
        assert_eq!(Amount::To(0.4).from(1.0, VOLUME), 0.4);
    }
}
