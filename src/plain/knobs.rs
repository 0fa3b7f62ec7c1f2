//! The switches and names of a conversation: as they were set last, and what setting them asks for.

use super::face::{Act, tell};
use crate::{
    config::Config,
    pipeline::live::Command,
    slash::{self, Slash},
};

/// Switches and names as they were set last.
#[derive(Debug)]
pub struct Knobs {
    paused: bool,
    aloud: bool,
    edit: bool,
    documents: bool,
    speed: f32,
    volume: f32,
    voice: String,
    model: String,
    input: String,
    output: String,
}

impl Knobs {
    pub fn new(config: &Config, aloud: bool) -> Self {
        Self {
            paused: false,
            aloud,
            edit: false,
            documents: true,
            speed: config.tts.speed,
            volume: config.audio.volume,
            voice: config.tts.voice.clone(),
            model: config.llm.model.clone(),
            input: config.audio.input.clone(),
            output: config.audio.output.clone(),
        }
    }

    /// What a command sets, or says about what is set. Commands that set nothing are none of these.
    pub fn turn(&mut self, slash: Slash) -> Vec<Act> {
        match slash {
            Slash::Pause(to) => turned("paused", &mut self.paused, to, Command::Pause),
            Slash::Aloud(to) => turned("answers aloud", &mut self.aloud, to, Command::Aloud),
            Slash::Edit(to) => turned("what was heard is shown before it is sent", &mut self.edit, to, Command::Edit),
            Slash::Documents(to) => turned("answers out of the documents", &mut self.documents, to, Command::Documents),
            Slash::Speed(amount) => {
                let to = amount.map(|amount| amount.from(self.speed, slash::SPEED));
                dialled("speed", &mut self.speed, to, Command::Speed)
            }
            Slash::Volume(amount) => {
                let to = amount.map(|amount| amount.from(self.volume, slash::VOLUME));
                dialled("volume", &mut self.volume, to, Command::Volume)
            }
            Slash::Voice(name) => named("voice", &mut self.voice, name, Command::Voice),
            Slash::Model(name) => named("model", &mut self.model, name, Command::Model),
            Slash::Input(name) => named("input", &mut self.input, name, Command::Input),
            Slash::Output(name) => named("output", &mut self.output, name, Command::Output),
            _ => Vec::new(),
        }
    }
}

pub(super) fn turned(what: &str, knob: &mut bool, to: Option<bool>, command: fn(bool) -> Command) -> Vec<Act> {
    *knob = to.unwrap_or(!*knob);
    vec![Act::Send(command(*knob)), tell(format!("{what}: {}", if *knob { "on" } else { "off" }))]
}

fn dialled(what: &str, knob: &mut f32, to: Option<f32>, command: fn(f32) -> Command) -> Vec<Act> {
    let send = to.map(|value| {
        *knob = value;
        Act::Send(command(value))
    });
    send.into_iter().chain([tell(format!("{what}: {knob}"))]).collect()
}

fn named(what: &str, knob: &mut String, name: Option<String>, command: fn(String) -> Command) -> Vec<Act> {
    match name {
        None => vec![tell(format!("{what}: {knob}; /{what} NAME takes another"))],
        Some(name) => {
            knob.clone_from(&name);
            vec![Act::Send(command(name))]
        }
    }
}

pub(super) fn help() -> Vec<Act> {
    let keys = ["a line of text: a question", "an empty line: begin to talk, or end the question"].map(str::to_owned);
    let commands = slash::TABLE.iter().map(|known| format!("{}: {}", known.usage(), known.says));
    keys.into_iter().chain(commands).map(Act::Tell).collect()
}
