//! A screen in a test: keys by name, news by hand, and the picture as text.

use std::time::{Duration, Instant};

use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};

use crate::{
    config::Config,
    parcel::{Finish, Passage, Passages, Piece, Sentence, Transcript},
    pipeline::{
        News, Notice, Told,
        conductor::{Ear, Voice, Work},
        live::Command,
        news::{DeviceState, Doing, Level, Origin, Side},
        worker::Engine,
    },
    tui::{
        event::{Effect, Event},
        model::Model,
        theme::Theme,
        update::{fit, update},
        view,
        vitals::Vitals,
    },
    turn::{Session, TurnId},
};

pub struct Rig {
    pub model: Model,
    pub effects: Vec<Effect>,
    session: Session,
    zero: Instant,
    /// Since the beginning, in ms.
    pub ms: u64,
    pub turn: TurnId,
}

impl Rig {
    pub fn new(columns: u16, rows: u16) -> Self {
        let zero = Instant::now();
        let mut model = Model::new(&Config::default(), Theme::Dark, zero);
        (model.size, model.releases) = ((columns, rows), true);
        let session = Session::new();
        let turn = session.turn().id();
        Self { model, effects: Vec::new(), session, zero, ms: 0, turn }
    }

    pub fn event(&mut self, event: Event) -> &mut Self {
        self.effects.extend(update(&mut self.model, event));
        self
    }

    /// Keys by name: `Ctrl-P`, `Alt-Enter`, `F1`, `a`; `-Space` is its release.
    pub fn keys(&mut self, names: &str) -> &mut Self {
        for name in names.split(' ') {
            let key = key(name);
            self.event(Event::Key(key));
        }
        self
    }

    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.event(Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
        self
    }

    pub fn wait(&mut self, ms: u64) -> &mut Self {
        self.ms += ms;
        let now = self.zero + Duration::from_millis(self.ms);
        self.event(Event::Tick(now))
    }

    pub fn news(&mut self, news: News) -> &mut Self {
        let at = self.zero + Duration::from_millis(self.ms);
        self.event(Event::Told(Told { at, news }))
    }

    pub fn tell(&mut self, notice: Notice) -> &mut Self {
        self.news(News::Turn(self.turn, notice))
    }

    /// A new turn begins.
    pub fn begin(&mut self, origin: Origin) -> &mut Self {
        self.turn = self.session.turn().id();
        self.tell(Notice::Began(origin))
    }

    pub fn piece(&mut self, text: &str) -> &mut Self {
        self.tell(Notice::Piece(Piece { text: text.into() }))
    }

    pub fn fragment(&mut self, index: u32, text: &str) -> &mut Self {
        self.tell(Notice::Fragment(Sentence { text: text.into(), index }))
    }

    pub fn passages(&mut self, list: &[(&str, &str, &str)]) -> &mut Self {
        let passage = |(title, source, text): &(&str, &str, &str)| Passage {
            title: (*title).into(),
            source: (*source).into(),
            text: (*text).into(),
            span: 0..text.len(),
            ..Passage::default()
        };
        let list = list.iter().map(passage).collect();
        self.tell(Notice::Passages(Passages { list, found: true, notes: vec![] }))
    }

    pub fn heard(&mut self, text: &str) -> &mut Self {
        self.tell(Notice::Transcript(Transcript { text: text.into(), ..Transcript::default() }))
    }

    pub fn written(&mut self, tokens: u32) -> &mut Self {
        self.tell(Notice::Written(Finish { generated: tokens, ..Finish::default() }))
    }

    pub fn doing(&mut self, ear: Ear, work: Work, voice: Voice) -> &mut Self {
        self.news(News::Doing(Doing { ear, work, voice, hands_free: self.model.knobs.hands_free }))
    }

    pub fn microphone(&mut self, state: DeviceState) -> &mut Self {
        self.news(News::Device(Side::Input, state))
    }

    pub fn level(&mut self, db: f32, speech: bool) -> &mut Self {
        self.news(News::Level(Level { db, speech }))
    }

    pub fn awake(&mut self) -> &mut Self {
        self.news(News::Loaded(Engine::Writer, Duration::from_millis(300)))
    }

    /// One whole turn about the moon, spoken, with its second sentence being heard.
    pub fn moon(&mut self) -> &mut Self {
        self.awake().microphone(DeviceState::Open("USB Microphone".into())).begin(Origin::Key);
        self.tell(Notice::Partial { stable: "how far away".into(), rest: "is them".into() });
        self.level(-24.0, true).wait(120).heard("How far away is the moon?").wait(30);
        self.passages(&[
            ("The Moon", "docs/moon.md", "The Moon is 384,400 km away on average."),
            ("Tides", "docs/tides.md", "The Moon raises the tides."),
        ]);
        self.wait(200).piece("The moon is 384,400 kilometres away on average [1]. ").wait(20);
        self.fragment(0, "The moon is 384,400 kilometres away on average.").wait(180).tell(Notice::Sounded).tell(Notice::Sounding(0));
        self.wait(400).piece("It moves away by 3.8 centimetres a year.").written(24);
        self.fragment(1, "It moves away by 3.8 centimetres a year.").tell(Notice::Sounding(1));
        let vitals = Vitals { resident: 1_300_000_000, cores: 1.76 };
        self.event(Event::Vitals(vitals)).doing(Ear::Idle, Work::Idle, Voice::Speaking)
    }

    /// The commands that were sent since last asked.
    pub fn sent(&mut self) -> Vec<Command> {
        let sent = std::mem::take(&mut self.effects);
        sent.into_iter().filter_map(|effect| if let Effect::Send(command) = effect { Some(command) } else { None }).collect()
    }

    pub fn buffer(&self) -> Buffer {
        let (columns, rows) = self.model.size;
        let mut model = self.model.clone();
        fit(&mut model);
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view::draw(&model, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The picture as lines, without space at their ends.
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let row = |y: u16| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    pub fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }
}

fn key(name: &str) -> KeyEvent {
    let (name, kind) = match name.strip_prefix('-') {
        Some(name) if !name.is_empty() => (name, KeyEventKind::Release),
        _ => (name, KeyEventKind::Press),
    };
    let (modifiers, name) = match name.split_once('-') {
        Some(("Ctrl", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("Alt", rest)) => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Space" => KeyCode::Char(' '),
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "F1" => KeyCode::F(1),
        "F4" => KeyCode::F(4),
        _ if modifiers.is_empty() => KeyCode::Char(name.parse().unwrap_or_else(|_| panic!("no key is called {name}"))),
        _ => KeyCode::Char(name.to_lowercase().parse().unwrap_or_else(|_| panic!("no key is called {name}"))),
    };
    KeyEvent::new_with_kind(code, modifiers, kind)
}
