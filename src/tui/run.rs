//! The loop: waits for what happens, lets `update` decide, does what follows, and draws when something changed.

mod effects;

use std::{
    env,
    io::{Stdout, stdout},
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use ratatui::{Terminal, backend::CrosstermBackend};

use super::{
    act,
    event::Event,
    model::{Model, Over},
    reader,
    terminal::Guard,
    theme::Role,
    turns::Turn,
    update::{fit, update},
    view,
    vitals::Watch,
};
use crate::{
    config::Context,
    error::{Error, Result, Room},
    os::{log, stop, terminal::tell},
    pipeline::{
        Told,
        live::{Command, Live, Start, Started},
        worker,
    },
    sessions::{Clerk, Conversation, Sessions},
    talk::{TalkArgs, kept::Choices},
};

/// Events on their way to the loop. When it is full, keys and news wait: the loop empties it many times a second.
const EVENTS: usize = 256;
/// Between two pictures: thirty a second are enough for a meter and for reading along.
const PICTURE: Duration = Duration::from_millis(33);
/// The loop looks at the clock at least this often: a held key ends, a signal is obeyed within its 180 ms.
const TICK: Duration = Duration::from_millis(60);
/// Between two looks at memory and processors.
const VITALS: Duration = Duration::from_secs(1);
/// How long is waited to learn how much of a last answer was heard: with the loop's tick it stays below the 180 ms of a
/// signal.
const LAST_WORD: Duration = Duration::from_millis(50);
/// How long the devices may take to be put in order.
const TIDY_UP: Duration = Duration::from_millis(120);

/// What takes commands: a live conversation, or a test.
pub trait Talks {
    fn send(&mut self, command: Command) -> Result<()>;
}

impl Talks for Live {
    fn send(&mut self, command: Command) -> Result<()> {
        Live::send(self, command)
    }
}

/// Opens the screen and stays until the user leaves.
pub fn run(args: &TalkArgs, context: &Context) -> Result<()> {
    let settings = &context.config.tui;
    let hands_free = settings.hands_free || args.hands_free;
    let past = args.resume.as_deref().map(|wanted| Sessions::open(&context.paths).load(wanted)).transpose()?;
    let history = past.as_ref().map(Conversation::history).unwrap_or_default();
    let start = Start { hands_free, edit: settings.edit, history };
    let Started { mut live, news, models, warnings } = Live::start(context, start)?;
    let theme = settings.theme.respecting(env::var_os("NO_COLOR").as_deref());
    let mut model = Model::new(&context.config, theme, Instant::now());
    (model.models, model.waking, model.knobs.hands_free) = (cleaned(&models), true, hands_free);
    past.iter().flat_map(|past| &past.entries).for_each(|entry| {
        model.turns.push(Turn::past(entry));
    });
    let (clerk, note) = Clerk::begin(&context.paths, &context.config.sessions, models, past)?;
    welcome(&mut model, &warnings, context);
    args.notes.iter().cloned().chain(note.map(|error| error.to_string())).for_each(|note| model.remark(&note, Role::Note));
    let result = Face::open(model, &mut live, clerk, context).and_then(|face| face.converse(news));
    live.stop(TIDY_UP);
    result
}

fn cleaned(models: &[(String, String)]) -> Vec<(String, String)> {
    models.iter().map(|(role, name)| (super::clean::line(role), super::clean::line(name))).collect()
}

/// The first run greets; later ones only say how much is as amiss as it always is.
fn welcome(model: &mut Model, warnings: &[String], context: &Context) {
    if greeted(context).exists() {
        let folded = act::folded(warnings);
        folded.iter().for_each(|line| model.remark(line, Role::Note));
    } else {
        model.over = Over::Greeting { scroll: 0 };
    }
    model.warnings = warnings.iter().map(|warning| super::clean::line(warning)).collect();
}

/// There once the first run was seen.
fn greeted(context: &Context) -> PathBuf {
    context.paths.data.join("greeted")
}

struct Face<'a> {
    model: Model,
    conversation: &'a mut dyn Talks,
    clerk: Clerk,
    context: &'a Context,
    /// As they were last handed to the disk, or at the beginning.
    choices: Choices,
    log: PathBuf,
    guard: Guard,
    terminal: Terminal<CrosstermBackend<Stdout>>,
    events: Receiver<Event>,
    sender: SyncSender<Event>,
    leaving: bool,
}

impl<'a> Face<'a> {
    fn open(mut model: Model, conversation: &'a mut dyn Talks, clerk: Clerk, context: &'a Context) -> Result<Self> {
        let log = log::folder(&context.paths);
        let guard = Guard::take(model.mouse, &log)?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout())).map_err(|e| trouble(&e))?;
        let size = terminal.size().map_err(|e| trouble(&e))?;
        (model.size, model.releases) = ((size.width, size.height), guard.releases);
        let (sender, events) = sync_channel(EVENTS);
        let choices = model.choices();
        Ok(Self { model, conversation, clerk, context, choices, log, guard, terminal, events, sender, leaving: false })
    }

    fn converse(mut self, news: Receiver<Told>) -> Result<()> {
        reader::start(self.sender.clone())?;
        forward(news, self.sender.clone())?;
        let result = self.until_left();
        self.last_word();
        let last = self.clerk.finish();
        // The terminal is given back: what is said now stays.
        drop(self);
        last.iter().for_each(|sentence| tell(sentence));
        result
    }

    fn until_left(&mut self) -> Result<()> {
        let (mut drawn, mut looked) = (Instant::now().checked_sub(PICTURE), Instant::now());
        let (mut watch, parent) = (Watch::new(), nix::unistd::getppid());
        while !self.leaving {
            stop::check()?;
            let wait = if self.model.stale { PICTURE.saturating_sub(drawn.map_or(PICTURE, |at| at.elapsed())) } else { TICK };
            self.take_events(wait)?;
            self.step(Event::Tick(Instant::now()))?;
            self.clerk.replies().into_iter().try_for_each(|reply| self.replied(reply))?;
            if looked.elapsed() >= VITALS {
                looked = Instant::now();
                self.step(Event::Vitals(watch.look()))?;
                self.leaving |= is_abandoned(parent);
            }
            if self.model.stale && drawn.is_none_or(|at| at.elapsed() >= PICTURE) {
                self.draw()?;
                drawn = Some(Instant::now());
            }
        }
        Ok(())
    }

    /// Cuts off an answer that is still being heard, to keep what was heard of it.
    fn last_word(&mut self) {
        self.clerk.leave();
        let deadline = Instant::now() + LAST_WORD;
        if !self.clerk.is_open() || self.conversation.send(Command::Silence).is_err() {
            return;
        }
        while self.clerk.is_open() {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::Told(told)) => drop(self.clerk.hear(&told)),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Waits for the first event, then takes those that came with it: never more than the queue holds.
    fn take_events(&mut self, wait: Duration) -> Result<()> {
        match self.events.recv_timeout(wait) {
            Ok(event) => self.step(event)?,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(Error::report(Room::Pipeline, "the screen lost its events")),
        }
        for _ in 0..EVENTS {
            let Ok(event) = self.events.try_recv() else { break };
            self.step(event)?;
        }
        Ok(())
    }

    fn step(&mut self, event: Event) -> Result<()> {
        if let Event::Told(told) = &event {
            let lost = self.clerk.hear(told);
            self.tell(lost);
        }
        let effects = update(&mut self.model, event);
        effects.into_iter().try_for_each(|effect| self.carry_out(effect))?;
        self.keep_choices();
        self.guard.every_key(self.model.wants_releases()).map_err(|e| trouble(&e))
    }

    fn draw(&mut self) -> Result<()> {
        let size = self.terminal.size().map_err(|e| trouble(&e))?;
        if (size.width, size.height) != self.model.size {
            self.step(Event::Resized(size.width, size.height))?;
        }
        fit(&mut self.model);
        let model = &self.model;
        self.terminal.draw(|frame| view::draw(model, frame)).map_err(|e| trouble(&e))?;
        self.model.stale = false;
        Ok(())
    }
}

/// A terminal that was closed is no fault: its signal may only be a moment behind.
fn trouble(error: &std::io::Error) -> Error {
    if error.raw_os_error() == Some(nix::libc::EIO) {
        return Error::stopped();
    }
    Error::replace(Room::Os, format!("the terminal cannot be drawn on: {error}"))
}

/// News of the conversation among the other events. When the loop does not keep up, the news wait.
fn forward(news: Receiver<Told>, events: SyncSender<Event>) -> Result<()> {
    let body = move || {
        for told in news {
            if events.send(Event::Told(told)).is_err() {
                return;
            }
        }
        let _ = events.send(Event::Said("the conversation has ended unexpectedly: please report this, with the log".into()));
    };
    worker::start("news", body).map(drop)
}

/// Whoever started us is gone and the terminal belongs to somebody else: we would only take keys from them.
fn is_abandoned(parent: nix::unistd::Pid) -> bool {
    let ours = nix::unistd::getpgrp();
    nix::unistd::getppid() != parent && nix::unistd::tcgetpgrp(std::io::stdin()) != Ok(ours)
}
