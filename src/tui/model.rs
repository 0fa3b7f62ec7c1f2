//! All that the screen knows: plain state, changed by `update` alone and shown by `view` alone.

use std::time::{Duration, Instant};

use super::{
    Settings, TalkKey,
    input::Input,
    meters::Meters,
    palette::Palette,
    talk::Talk,
    theme::{Role, Theme},
    turns::{Turn, Turns},
};
use crate::{
    config::Config,
    pipeline::{
        conductor::{Ear, Voice, Work},
        news::{Doing, Level, Phrase},
    },
    sessions::clerk,
    talk::{kept::Choices, noted::Noted},
    tts,
};

/// How long a sentence stays in the status line.
const SAID: Duration = Duration::from_secs(6);

/// What stands over the transcript.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Over {
    #[default]
    Nothing,
    /// The first run: which models there are, and whether the microphone hears.
    Greeting {
        scroll: usize,
    },
    Help {
        scroll: usize,
    },
    Palette(Palette),
    /// One passage, opened from its number.
    Passage {
        turn: usize,
        citation: usize,
        scroll: usize,
    },
    /// Words are being typed that the transcript is searched for.
    Search,
}

/// Where typed letters go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    #[default]
    Input,
    /// Letters are commands: scroll, search, open, copy.
    Reading,
}

/// A microphone or a speaker, as far as the news told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Device {
    #[default]
    Unknown,
    Open(String),
    Lost(String),
    Muted(String),
}

/// Settings that can be turned while it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Knobs {
    pub hands_free: bool,
    pub edit: bool,
    pub aloud: bool,
    pub documents: bool,
    pub paused: bool,
    /// 0.0 to 1.0.
    pub volume: f32,
    /// 0.5 to 2.0.
    pub speed: f32,
    /// Of the engine that speaks.
    pub voice: String,
    pub speaks: tts::Backend,
    pub model: String,
}

/// What the conversation does, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Waking,
    Idle,
    /// Nothing is heard before the key phrase was spoken.
    Awaiting,
    /// It was: a question may begin.
    Called,
    Listening,
    Thinking,
    Speaking,
    /// An answer is being spoken, and there is nothing to hear it with.
    Unheard,
    Paused,
}

impl State {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waking => "waking up",
            Self::Idle => "idle",
            Self::Awaiting => "waits for its phrase",
            Self::Called => "yes? listening",
            Self::Listening => "listening",
            Self::Thinking => "thinking",
            Self::Speaking => "speaking",
            Self::Unheard => "no speaker",
            Self::Paused => "paused",
        }
    }

    pub const fn role(self) -> Role {
        match self {
            Self::Idle | Self::Awaiting => Role::Idle,
            Self::Called | Self::Listening => Role::Listening,
            Self::Waking | Self::Thinking | Self::Paused => Role::Thinking,
            Self::Speaking => Role::Speaking,
            Self::Unheard => Role::Error,
        }
    }
}

/// A place that holds the words: a row of the transcript, and which of the matches in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub row: usize,
    pub nth: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub query: String,
    /// Every place that holds it, from the top.
    pub hits: Vec<Hit>,
    /// The one that is shown.
    pub at: usize,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub now: Instant,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub theme: Theme,
    pub mouse: bool,
    pub talk_key: TalkKey,
    /// The terminal reports that a key was let go.
    pub releases: bool,
    pub talk: Talk,
    pub turns: Turns,
    /// The first row shown; none: the end, wherever it goes.
    pub top: Option<usize>,
    pub input: Input,
    pub focus: Focus,
    pub over: Over,
    pub search: Search,
    pub doing: Doing,
    pub phrase: Phrase,
    /// Engines that have not loaded yet.
    pub waking: bool,
    pub level: Level,
    pub microphone: Device,
    pub speaker: Device,
    /// Since when microphone and speaker are gone.
    pub gone: [Option<Instant>; 2],
    pub meters: Meters,
    pub knobs: Knobs,
    /// Role and name of every model in use.
    pub models: Vec<(String, String)>,
    pub warnings: Vec<String>,
    pub said: Option<(String, Instant)>,
    /// What the documents and the writer noted in this run: said once.
    pub noted: Noted,
    pub silence: Silence,
    /// Since when another conversation is asked for and the disk has not answered.
    pub turning: Option<Instant>,
    /// What was typed before Tab made a command of it, and what it made.
    pub completed: Option<(String, String)>,
    /// Something on the screen is no longer true.
    pub stale: bool,
}

/// A microphone that delivers nothing but zeros. A virtual one does so after every sound: said once, that is of use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    pub told: bool,
    /// Silent again since then, and not said.
    pub since: Option<Instant>,
}

impl Model {
    pub fn new(config: &Config, theme: Theme, now: Instant) -> Self {
        let Settings { mouse, talk_key, edit, hands_free, .. } = config.tui.clone();
        let knobs = Knobs {
            hands_free,
            edit,
            aloud: true,
            documents: true,
            paused: false,
            volume: config.audio.volume,
            speed: config.tts.speed,
            voice: config.tts.spoken().clone(),
            speaks: config.tts.backend,
            model: config.llm.model.clone(),
        };
        Self {
            now,
            size: (80, 24),
            theme,
            mouse,
            talk_key,
            releases: false,
            talk: Talk::Up,
            turns: Turns::default(),
            top: None,
            input: Input::default(),
            focus: Focus::Input,
            over: Over::Nothing,
            search: Search::default(),
            doing: Doing::default(),
            phrase: Phrase::default(),
            waking: false,
            level: Level { db: -90.0, speech: false },
            microphone: Device::Unknown,
            speaker: Device::Unknown,
            gone: [None; 2],
            meters: Meters::default(),
            knobs,
            models: Vec::new(),
            warnings: Vec::new(),
            said: None,
            noted: Noted::default(),
            silence: Silence::default(),
            turning: None,
            completed: None,
            stale: true,
        }
    }

    /// What is kept for the next time, as it is set now.
    pub fn choices(&self) -> Choices {
        let Knobs { voice, speaks, speed, volume, edit, .. } = &self.knobs;
        let (speed, volume, edit) = (Some(*speed), Some(*volume), Some(*edit));
        Choices { theme: Some(self.theme), speed, volume, edit, ..Choices::default() }.speaking(*speaks, voice)
    }

    /// Puts a sentence into the status line for a while.
    pub fn say(&mut self, text: &str) {
        self.said = Some((super::clean::line(text), self.now + SAID));
    }

    /// Puts a sentence into the transcript for good.
    pub fn remark(&mut self, text: &str, role: Role) {
        self.turns.push(Turn::remark(text, role));
    }

    pub fn state(&self) -> State {
        let Doing { ear, work, voice, .. } = self.doing;
        let held = self.talk.is_down() || (ear == Ear::Listening && !self.knobs.hands_free);
        match (held, voice, work, ear) {
            (true, ..) => State::Listening,
            (_, Voice::Speaking | Voice::Held, ..) if self.knobs.paused => State::Paused,
            (_, Voice::Speaking, ..) if matches!(self.speaker, Device::Lost(_)) => State::Unheard,
            (_, Voice::Speaking, ..) => State::Speaking,
            (_, _, _, Ear::Listening) => State::Listening,
            (_, Voice::Held, ..) | (_, _, _, Ear::Transcribing) => State::Thinking,
            (_, _, work, _) if work != Work::Idle => State::Thinking,
            _ if self.waking => State::Waking,
            _ => match self.phrase {
                Phrase::Unwanted => State::Idle,
                Phrase::Awaited => State::Awaiting,
                Phrase::Spoken => State::Called,
            },
        }
    }

    /// Whether what were asked now would be cut off by another conversation.
    pub fn is_turning(&self) -> bool {
        self.turning.is_some_and(|since| self.now.saturating_duration_since(since) < clerk::TURN)
    }

    /// Whether something goes on that Esc would end.
    pub fn is_busy(&self) -> bool {
        !matches!(self.state(), State::Idle | State::Awaiting | State::Called | State::Waking)
    }

    /// The talk key types a space where somebody is typing.
    pub fn space_talks(&self) -> bool {
        self.talk_key == TalkKey::Space && self.over_lets_talk() && (self.focus == Focus::Reading || self.input.is_empty())
    }

    /// Whether what stands over the transcript leaves the talk key alone.
    pub fn over_lets_talk(&self) -> bool {
        matches!(self.over, Over::Nothing | Over::Greeting { .. } | Over::Passage { .. })
    }

    /// Whether every key should be reported with its release: only while the space bar is the talk key, because typing
    /// is safest the ordinary way (accents, layouts with a third level).
    pub fn wants_releases(&self) -> bool {
        self.releases && self.space_talks()
    }
}
