//! The switches and names of a conversation: as they were set last, and what setting them asks for.

use super::face::{Act, tell};
use crate::{
    config::Config,
    pipeline::{live::Command, news::Stays, worker::Engine},
    slash::{self, Slash},
    talk::{kept::Choices, names::Named},
    tts,
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
    /// Of the engine that speaks.
    voice: String,
    speaks: tts::Backend,
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
            voice: config.tts.spoken().clone(),
            speaks: config.tts.backend,
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
                dialled(&mut self.speed, to, Command::Speed, |speed| format!("speed: {speed}"))
            }
            Slash::Volume(amount) => {
                let to = amount.map(|amount| amount.from(self.volume, slash::VOLUME));
                dialled(&mut self.volume, to, Command::Volume, |volume| format!("volume: {:.0} %", volume * 100.0))
            }
            Slash::Voice(name) => wanted("voice", &self.voice, Named::Voice, name),
            Slash::Model(name) => wanted("model", &self.model, Named::Model, name),
            Slash::Input(name) => wanted("input", &self.input, Named::Input, name),
            Slash::Output(name) => wanted("output", &self.output, Named::Output, name),
            _ => Vec::new(),
        }
    }

    /// It was taken.
    pub fn named(&mut self, what: Named, name: &str) -> Act {
        let (knob, word) = match what {
            Named::Voice => (&mut self.voice, "voice"),
            Named::Model => (&mut self.model, "model"),
            Named::Input => (&mut self.input, "input"),
            Named::Output => (&mut self.output, "output"),
        };
        name.clone_into(knob);
        tell(format!("{word}: {name}"))
    }

    /// It was taken, and could not be opened.
    pub fn stays(&mut self, stays: &Stays) {
        let knob = if stays.engine == Engine::Writer { &mut self.model } else { &mut self.voice };
        if *knob == stays.refused {
            knob.clone_from(&stays.name);
        }
    }

    /// What is kept for the next time, as it is set now. The editing of this face is its own.
    pub fn choices(&self) -> Choices {
        let kept = Choices { speed: Some(self.speed), volume: Some(self.volume), ..Choices::default() };
        kept.speaking(self.speaks, &self.voice)
    }
}

pub(super) fn turned(what: &str, knob: &mut bool, to: Option<bool>, command: fn(bool) -> Command) -> Vec<Act> {
    *knob = to.unwrap_or(!*knob);
    vec![Act::Send(command(*knob)), tell(format!("{what}: {}", if *knob { "on" } else { "off" }))]
}

fn dialled(knob: &mut f32, to: Option<f32>, command: fn(f32) -> Command, shown: fn(f32) -> String) -> Vec<Act> {
    let send = to.map(|value| {
        *knob = value;
        Act::Send(command(value))
    });
    send.into_iter().chain([tell(shown(*knob))]).collect()
}

fn wanted(what: &str, now: &str, named: Named, name: Option<String>) -> Vec<Act> {
    match name {
        None => vec![tell(format!("{what}: {now}; /{what} NAME takes another"))],
        Some(name) => vec![Act::Name(named, name)],
    }
}

pub(super) fn help() -> Vec<Act> {
    let keys = ["a line of text: a question", "an empty line: begin to talk, or end the question"].map(str::to_owned);
    let commands = slash::TABLE.iter().map(|known| format!("{}: {}", known.usage(), known.says));
    keys.into_iter().chain(commands).map(Act::Tell).collect()
}
