//! What is said and done next: a pure step for each line typed and each piece of news.

use super::{
    devices::Devices,
    knobs::{self, Knobs, help},
    sentences::Sentences,
};
use crate::{
    config::Config,
    error::{Error, Kind, Result},
    parcel::Passages,
    pipeline::{
        conductor::{Ear, Voice, Work},
        live::Command,
        news::{Doing, News, Notice, Origin, Phrase, Told},
    },
    sessions::Citation,
    slash::{self, Slash},
    talk::{kept::Choices, names::Named, noted::Noted},
    turn::TurnId,
};

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// A line of the conversation.
    Say(String),
    /// A line about it.
    Tell(String),
    Send(Command),
    /// A name to be taken, if there is such a one.
    Name(Named, String),
    New,
    Resume(String),
    Export(Option<String>),
    List(Option<String>),
    Quit,
}

/// What a line-by-line face knows.
#[derive(Debug)]
pub struct Face {
    /// Lines come from a script: each waits for the answer to the one before, and an empty one means nothing.
    script: bool,
    doing: Doing,
    /// The talk key is down, and whether listening has begun since.
    pressed: bool,
    listening: bool,
    current: Option<Current>,
    /// A question was typed, after this turn, and its own is not over.
    asked: Option<Option<TurnId>>,
    /// Understood, and waiting to be sent.
    draft: Option<String>,
    phrase: Phrase,
    devices: Devices,
    /// What documents and writer noted, and was said.
    noted: Noted,
    knobs: Knobs,
    failures: Vec<Error>,
}

/// The turn that is being told.
#[derive(Debug)]
struct Current {
    turn: TurnId,
    over: bool,
    sentences: Sentences,
    sources: Vec<Citation>,
    said: bool,
    /// What was understood so far of what is being said.
    words: String,
    given_up: Option<GivenUp>,
}

/// How the user gave up what was being understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GivenUp {
    /// By the word for silence: it may still be sent.
    Dropped,
    /// By the talk key, to say it anew.
    Anew,
}

pub(super) fn tell(text: impl std::fmt::Display) -> Act {
    Act::Tell(format!("({text})"))
}

impl Face {
    pub fn new(config: &Config, script: bool, aloud: bool) -> Self {
        Self {
            script,
            doing: Doing::default(),
            pressed: false,
            listening: false,
            current: None,
            asked: None,
            draft: None,
            phrase: Phrase::default(),
            devices: Devices::default(),
            noted: Noted::default(),
            knobs: Knobs::new(config, aloud),
            failures: Vec::new(),
        }
    }

    /// A question was asked and its answer is not over.
    pub fn busy(&self) -> bool {
        self.asked.is_some()
    }

    /// How a script's questions ended: the kind of the first failure counts. The reasons were told when they came.
    pub fn verdict(&self) -> Result<()> {
        let Some(first) = self.failures.first() else { return Ok(()) };
        let message = match self.failures.len() {
            1 => "a question or command failed".to_owned(),
            several => format!("{several} questions or commands failed"),
        };
        Err(Error::new(first.kind(), first.room(), message))
    }

    /// Whether it listens all the time: then the end of the typed lines is not the end.
    pub fn hands_free(&self) -> bool {
        self.doing.hands_free
    }

    /// Whether a turn is going on.
    pub fn engaged(&self) -> bool {
        self.current.as_ref().is_some_and(|current| !current.over)
    }

    /// A line was typed.
    pub fn typed(&mut self, line: &str) -> Vec<Act> {
        if line.is_empty() {
            // A key that is down comes up, whatever waits to be sent.
            return match self.draft.take().filter(|_| !self.pressed) {
                Some(draft) => self.ask(draft),
                None if self.script => Vec::new(),
                None => self.talk(),
            };
        }
        match slash::parse(line) {
            None => self.ask(line.to_owned()),
            Some(Ok(slash)) => self.obey(slash),
            Some(Err(error)) => self.refuse(&error),
        }
    }

    /// Whether this line would ask something, or begin to talk.
    pub fn asks(&self, line: &str) -> bool {
        match slash::parse(line) {
            _ if line.is_empty() => self.draft.is_some() || !self.script,
            parsed => matches!(parsed, None | Some(Ok(Slash::Ask(_) | Slash::Talk))),
        }
    }

    /// A line that cannot be used.
    pub fn refuse(&mut self, error: &Error) -> Vec<Act> {
        if self.script {
            self.failures.push(error.clone());
        }
        vec![tell(error)]
    }

    fn ask(&mut self, question: String) -> Vec<Act> {
        self.draft = None;
        self.asked = Some(self.current.as_ref().map(|current| current.turn));
        // At a terminal the line stands there already.
        let echo = self.script.then(|| Act::Say(format!("you: {question}")));
        echo.into_iter().chain([Act::Send(Command::Ask(question))]).collect()
    }

    fn talk(&mut self) -> Vec<Act> {
        if let (false, Some(why)) = (self.pressed, self.devices.no_microphone()) {
            return vec![Act::Send(Command::Silence), tell(format!("there is no microphone to talk into: {why}"))];
        }
        self.pressed = !self.pressed;
        (self.listening, self.draft) = (false, None);
        if self.pressed {
            self.give_up(GivenUp::Anew);
        }
        vec![Act::Send(if self.pressed { Command::Press } else { Command::Release })]
    }

    /// Words that are still being understood are shown once they are dropped.
    fn give_up(&mut self, how: GivenUp) {
        // After the key a little more is listened to before it is understood.
        let tail = self.doing.ear == Ear::Listening && !self.pressed && !self.doing.hands_free;
        let understanding = self.doing.ear == Ear::Transcribing || tail;
        if let Some(current) = self.current.as_mut().filter(|current| understanding && !current.over) {
            current.given_up = Some(how);
        }
    }

    fn obey(&mut self, slash: Slash) -> Vec<Act> {
        match slash {
            Slash::Help => help(),
            Slash::Quit => vec![Act::Quit],
            Slash::Talk => self.talk(),
            Slash::Silence => {
                self.give_up(GivenUp::Dropped);
                vec![Act::Send(Command::Silence)]
            }
            Slash::Repeat => vec![Act::Send(Command::Repeat)],
            Slash::Ask(question) => self.ask(question),
            Slash::New => vec![Act::New],
            Slash::Sessions(words) => vec![Act::List(words)],
            Slash::Resume(wanted) => vec![Act::Resume(wanted.unwrap_or_else(|| "last".into()))],
            Slash::Export(file) => vec![Act::Export(file)],
            Slash::HandsFree(to) => knobs::turned("hands-free", &mut self.doing.hands_free, to, Command::HandsFree),
            knob => self.knobs.turn(knob),
        }
    }

    /// Something happened.
    pub fn told(&mut self, told: &Told) -> Vec<Act> {
        match &told.news {
            News::Turn(turn, notice) => self.notice(*turn, notice),
            News::Doing(doing) => self.doing(*doing),
            News::Device(side, state) => self.devices.told(*side, state),
            News::Stays(stays) => {
                self.knobs.stays(stays);
                vec![tell(stays)]
            }
            News::Note(note) => vec![tell(note)],
            News::Phrase(phrase) => self.phrase(*phrase),
            News::Loaded(..) | News::Level(_) => Vec::new(),
        }
    }

    /// That the phrase was understood, and that its time is over. At the beginning a note says what is waited for.
    fn phrase(&mut self, now: Phrase) -> Vec<Act> {
        match (std::mem::replace(&mut self.phrase, now), now) {
            (_, Phrase::Spoken) => vec![tell("yes? listening")],
            (Phrase::Spoken, Phrase::Awaited) => vec![tell("waiting for the phrase again")],
            _ => Vec::new(),
        }
    }

    fn doing(&mut self, now: Doing) -> Vec<Act> {
        let before = std::mem::replace(&mut self.doing, now);
        if now.ear == Ear::Listening {
            self.listening = true;
        } else if self.listening {
            // Listening ended, by whatever: the next press begins it again.
            (self.pressed, self.listening) = (false, false);
        }
        let began = [
            (before.ear != Ear::Listening && now.ear == Ear::Listening, "listening"),
            (before.work == Work::Idle && now.work != Work::Idle, "thinking"),
            (before.voice != Voice::Speaking && now.voice == Voice::Speaking, "speaking"),
        ];
        began.into_iter().filter(|(began, _)| *began).map(|(_, what)| tell(what)).collect()
    }

    fn notice(&mut self, turn: TurnId, notice: &Notice) -> Vec<Act> {
        let mut acts = Vec::new();
        match &self.current {
            Some(current) if turn < current.turn => return acts,
            Some(current) if turn == current.turn && current.over => return acts,
            Some(current) if turn == current.turn => {}
            // What was said before was cut off by this.
            Some(current) if !current.over => acts.extend(self.end(Some("interrupted"))),
            _ => {}
        }
        if self.current.as_ref().is_none_or(|current| current.turn != turn) {
            self.current = Some(Current {
                turn,
                over: false,
                sentences: Sentences::default(),
                sources: Vec::new(),
                said: false,
                words: String::new(),
                given_up: None,
            });
        }
        acts.extend(self.of_current(notice));
        acts
    }

    fn of_current(&mut self, notice: &Notice) -> Vec<Act> {
        let Some(current) = &mut self.current else { return Vec::new() };
        match notice {
            Notice::Transcript(transcript) if !transcript.text.trim().is_empty() => {
                // Something else was asked since.
                self.draft = None;
                vec![Act::Say(format!("you: {}", transcript.text.trim()))]
            }
            Notice::Drafted(text) => {
                let acts = self.end(None);
                self.draft = Some(text.clone());
                acts.into_iter().chain([tell("an empty line sends it; or type what you meant")]).collect()
            }
            Notice::Passages(passages) => self.found(passages),
            Notice::Piece(piece) => {
                let lines = current.sentences.push(&piece.text);
                self.answer(lines)
            }
            Notice::Written(finish) => {
                let lines = current.sentences.finish();
                let mut acts = self.answer(lines);
                acts.extend(self.sources());
                acts.extend(self.once(&finish.notes));
                acts
            }
            Notice::Done => self.end(None),
            Notice::Interrupted { .. } => self.end(Some("interrupted")),
            Notice::Withdrawn => match current.given_up {
                Some(how) => {
                    let words = std::mem::take(&mut current.words);
                    self.end(None).into_iter().chain(self.keep(words, how)).collect()
                }
                None => {
                    let said = current.said;
                    self.end(said.then_some("never mind that: there is more to the question"))
                }
            },
            Notice::Failed(error) => self.failed(error),
            Notice::Began(Origin::Repeat) => vec![tell("again")],
            Notice::Partial { stable, rest } => {
                current.words = [stable.as_str(), rest].join(" ").trim().to_owned();
                Vec::new()
            }
            Notice::Began(_) | Notice::Complete(_) | Notice::Certain | Notice::Transcript(_) => Vec::new(),
            Notice::Fragment(_) | Notice::Sounded | Notice::Sounding(_) => Vec::new(),
        }
    }

    /// What was given up before it was understood to its end.
    fn keep(&mut self, words: String, how: GivenUp) -> Vec<Act> {
        if words.is_empty() {
            return vec![tell("dropped before a word of it was understood")];
        }
        let said = Act::Say(format!("you: {words}"));
        let rest = match how {
            GivenUp::Dropped => {
                self.draft = Some(words);
                "not asked: an empty line sends it; or type what you meant"
            }
            GivenUp::Anew => "not asked",
        };
        vec![said, tell(rest)]
    }

    fn answer(&mut self, lines: Vec<String>) -> Vec<Act> {
        if let Some(current) = &mut self.current {
            current.said |= !lines.is_empty();
        }
        lines.into_iter().map(|line| Act::Say(format!("xnai: {line}"))).collect()
    }

    fn found(&mut self, passages: &Passages) -> Vec<Act> {
        if let Some(current) = &mut self.current {
            current.sources = Citation::of(passages);
        }
        self.once(&passages.notes)
    }

    /// What was not said in this run.
    fn once(&mut self, notes: &[String]) -> Vec<Act> {
        self.noted.once(notes).iter().map(tell).collect()
    }

    /// It was taken.
    pub fn named(&mut self, what: Named, name: &str) -> Act {
        self.knobs.named(what, name)
    }

    /// What is kept for the next time, as it is set now.
    pub fn choices(&self) -> Choices {
        self.knobs.choices()
    }

    fn sources(&mut self) -> Vec<Act> {
        let sources = self.current.as_mut().map(|current| std::mem::take(&mut current.sources)).unwrap_or_default();
        Citation::lines(&sources).into_iter().map(Act::Say).collect()
    }

    fn failed(&mut self, error: &Error) -> Vec<Act> {
        let typed = self.is_asked();
        if typed && self.script {
            self.failures.push(error.clone());
        }
        let mut acts = self.end(None);
        if error.kind() != Kind::Stopped {
            acts.push(tell(error));
        }
        acts
    }

    /// The turn at hand is the one that a typed question waits for.
    fn is_asked(&self) -> bool {
        let turn = self.current.as_ref().map(|current| current.turn);
        self.asked.is_some_and(|before| turn > before)
    }

    /// The turn at hand is over: what is left of it, and how it ended.
    fn end(&mut self, how: Option<&str>) -> Vec<Act> {
        if self.is_asked() {
            self.asked = None;
        }
        let Some(current) = &mut self.current else { return Vec::new() };
        current.over = true;
        let rest = current.sentences.finish();
        let mut acts = self.answer(rest);
        if self.current.as_ref().is_some_and(|current| current.said) {
            acts.extend(self.sources());
        }
        acts.extend(how.map(tell));
        acts
    }
}

#[cfg(test)]
#[path = "face_tests.rs"]
mod tests;
