//! The loop: takes lines and news as they come, and does what follows.

use std::{
    io::{self, IsTerminal},
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};

use super::{
    face::{Act, Face},
    lines::{self, Typed},
};
use crate::{
    config::Context,
    error::{Error, Result, Room},
    os::{stop, terminal},
    pipeline::{
        edges,
        live::{Command, Live, Start, Started},
        news::{News, Told},
    },
    sessions::{
        Clerk, Conversation, Sessions,
        clerk::{self, Errand, Reply},
        show,
    },
    talk::{
        TalkArgs,
        kept::{self, Choices},
        names::{self, Named},
    },
};

/// How long the devices may take to be put in order.
const TIDY_UP: Duration = Duration::from_millis(120);

/// How long is waited to learn how much of a last answer was heard. Together they stay below the 180 ms of Ctrl-C.
const LAST_WORD: Duration = Duration::from_millis(50);

/// How long the disk may keep the next line waiting. Whoever reads lines can wait; a disk that stands still is no reason
/// to fall silent.
const DISK: Duration = Duration::from_secs(5);

/// So many sessions, or exchanges found, are listed.
const LISTED: usize = 10;

/// Leads a conversation until the user leaves, or until a script's last question is answered.
pub fn run(args: &TalkArgs, context: &Context) -> Result<()> {
    let script = !io::stdin().is_terminal();
    let sessions = Sessions::open(&context.paths);
    let past = args.resume.as_deref().map(|wanted| sessions.load(wanted)).transpose()?;
    let history = past.as_ref().map(|past| past.history()).unwrap_or_default();
    let Started { mut live, news, models, warnings } =
        Live::start(context, Start { hands_free: args.hands_free, history, ..Start::default() })?;
    let greeting = greeting(&models, script);
    let (clerk, note) = Clerk::begin(&context.paths, &context.config.sessions, models, past.clone())?;
    // A script reads; whoever wants to hear it as well begins it with /aloud on.
    let aloud = !script || args.hands_free;
    if !aloud {
        live.send(Command::Aloud(false))?;
    }
    let face = Face::new(&context.config, script, aloud);
    let mut send = |command| live.send(command);
    let (choices, hands_free) = (face.choices(), args.hands_free);
    let mut talk = Talk { face, clerk, sessions, script, hands_free, context, disk: DISK, choices, send: &mut send, out: &mut Terminal };
    let notes = warnings.into_iter().chain(args.notes.clone()).chain(note.map(|note| note.to_string())).map(|note| format!("({note})"));
    greeting.into_iter().chain(past.as_ref().map(going_on)).chain(notes).for_each(|line| talk.out.tell(&line));
    // A script's output is what it asked for: the past is not.
    past.iter().filter(|_| !script).try_for_each(|past| talk.last_of(past))?;
    let result = lines::read(io::BufReader::new(io::stdin())).and_then(|lines| talk.converse(&news, &lines));
    live.stop(TIDY_UP);
    result
}

fn going_on(past: &Conversation) -> String {
    format!("(going on with {}, {})", past.id, terminal::many(past.entries.len(), "exchange"))
}

fn greeting(models: &[(String, String)], script: bool) -> Vec<String> {
    if script {
        return Vec::new();
    }
    let models: Vec<String> = models.iter().map(|(role, name)| format!("{role} {name}")).collect();
    let hint = "(type a question; an empty line begins to talk and ends the question; /help says what else there is)";
    let models = if models.is_empty() { String::new() } else { format!(": {}", models.join(", ")) };
    vec![format!("(xnai {}{models})", env!("CARGO_PKG_VERSION")), hint.to_owned()]
}

/// Where lines go.
pub(super) trait Out {
    fn say(&mut self, line: &str) -> Result<()>;
    fn tell(&mut self, line: &str);
}

struct Terminal;

impl Out for Terminal {
    fn say(&mut self, line: &str) -> Result<()> {
        terminal::say(&show::one_line(line))
    }

    fn tell(&mut self, line: &str) {
        terminal::tell(&show::one_line(line));
    }
}

/// A conversation being led.
pub(super) struct Talk<'a> {
    pub face: Face,
    pub clerk: Clerk,
    pub sessions: Sessions,
    pub script: bool,
    /// Asked for from the beginning, before the news say so.
    pub hands_free: bool,
    pub context: &'a Context,
    /// How long the disk is waited for.
    pub disk: Duration,
    /// As they were last handed to the disk, or at the beginning.
    pub choices: Choices,
    pub send: &'a mut dyn FnMut(Command) -> Result<()>,
    pub out: &'a mut dyn Out,
}

impl Talk<'_> {
    /// Until the user leaves.
    pub fn converse(&mut self, news: &Receiver<Told>, lines: &Receiver<Typed>) -> Result<()> {
        let result = self.until_over(news, lines);
        self.last_word(news);
        result
    }

    fn until_over(&mut self, news: &Receiver<Told>, lines: &Receiver<Typed>) -> Result<()> {
        let mut ended = false;
        loop {
            stop::check()?;
            let waits = self.script && (self.face.busy() || self.clerk.is_turning());
            if !ended && !waits {
                match lines.try_recv() {
                    Ok(Typed::Line(line)) if !self.line(&line)? => return self.face.verdict(),
                    Ok(Typed::Line(_)) | Err(TryRecvError::Empty) => {}
                    Ok(Typed::TooLong) => drop(self.refuse(&too_long())?),
                    Ok(Typed::End) | Err(TryRecvError::Disconnected) => ended = true,
                }
            }
            if ended && self.may_end() {
                return self.face.verdict();
            }
            match news.recv_timeout(edges::PATIENCE) {
                Ok(told) => self.hear(&told)?,
                // What a slow disk did meanwhile.
                Err(RecvTimeoutError::Timeout) => self.settle()?,
                Err(RecvTimeoutError::Disconnected) => return Err(ended_unexpectedly()),
            }
        }
    }

    /// At a terminal the end of the lines is Ctrl-D. A script's last question is answered first.
    fn may_end(&self) -> bool {
        !self.script || !(self.face.busy() || self.face.hands_free() || self.hands_free)
    }

    /// Cuts off an answer that is still being heard, and keeps what was heard of it; a question that was not answered, too.
    fn last_word(&mut self, news: &Receiver<Told>) {
        self.clerk.leave();
        let deadline = Instant::now() + LAST_WORD;
        let talking = |talk: &Self| talk.face.engaged() || talk.face.busy() || talk.clerk.is_open();
        if talking(self) && (self.send)(Command::Silence).is_ok() {
            while talking(self) {
                let Ok(told) = news.recv_timeout(deadline.saturating_duration_since(Instant::now())) else { break };
                // Nobody reads any more; what counts is what is kept.
                let _ = self.hear(&told);
            }
        }
        for sentence in self.clerk.finish() {
            self.out.tell(&format!("({sentence})"));
        }
    }

    fn hear(&mut self, told: &Told) -> Result<()> {
        let acts = self.face.told(told);
        self.all(acts)?;
        if let Some(error) = self.clerk.hear(told) {
            self.out.tell(&format!("({error})"));
        }
        if matches!(told.news, News::Stays(_)) {
            self.keep_choices().or_else(|error| self.refuse(&error).map(drop))?;
        }
        self.settle()
    }

    /// The disk has what was said before anything more is said; then what it told.
    fn settle(&mut self) -> Result<()> {
        self.clerk.settle(self.disk);
        for reply in self.clerk.replies() {
            let done = self.replied(reply);
            done.or_else(|error| self.refuse(&error).map(drop))?;
        }
        Ok(())
    }

    fn replied(&mut self, reply: Reply) -> Result<()> {
        match reply {
            Reply::Trouble(error) => self.out.tell(&format!("({error})")),
            Reply::Anew(begun) => {
                begun?;
                self.order(Command::Recall(Vec::new()))?;
                self.out.tell("(a new conversation)");
            }
            Reply::Resumed(past) => {
                let (past, note) = past?;
                self.go_on(&past)?;
                note.into_iter().for_each(|note| self.out.tell(&format!("({note})")));
            }
            Reply::Exported(path) => self.out.tell(&format!("(wrote {})", path?.display())),
        }
        Ok(())
    }

    /// Shows where it stopped, and tells the model.
    fn go_on(&mut self, past: &Conversation) -> Result<()> {
        self.out.tell(&going_on(past));
        self.last_of(past)?;
        self.order(Command::Recall(past.history()))
    }

    /// Whoever goes on is reminded where that is: at the last exchange, with its sources.
    fn last_of(&mut self, past: &Conversation) -> Result<()> {
        past.entries.last().map(show::lines).unwrap_or_default().iter().try_for_each(|line| self.out.say(line))
    }

    fn errand(&mut self, errand: Errand) -> Result<()> {
        self.clerk.send(errand)?;
        self.settle()
    }

    /// `false` when the user leaves.
    fn line(&mut self, line: &str) -> Result<bool> {
        if self.clerk.is_turning() && self.face.asks(line) {
            return self.refuse(&clerk::turning()).map(|_| true);
        }
        let acts = self.face.typed(line);
        let goes_on = self.all(acts)?;
        self.keep_choices().or_else(|error| self.refuse(&error).map(drop))?;
        Ok(goes_on)
    }

    /// Only what there is is taken.
    fn name(&mut self, what: Named, name: &str) -> Result<()> {
        names::check(what, name, self.context)?;
        self.order(what.command(name.to_owned()))?;
        let said = self.face.named(what, name);
        self.act(said)
    }

    /// What was chosen since the last look is kept for the next time.
    fn keep_choices(&mut self) -> Result<()> {
        let now = self.face.choices();
        let chosen = now.since(&self.choices);
        if chosen == Choices::default() || !self.context.config.sessions.save {
            return Ok(());
        }
        self.choices = now;
        let paths = self.context.paths.clone();
        self.clerk.also(move || kept::keep(&paths, chosen))?;
        self.settle()
    }

    fn refuse(&mut self, error: &Error) -> Result<bool> {
        let acts = self.face.refuse(error);
        self.all(acts)
    }

    fn all(&mut self, acts: Vec<Act>) -> Result<bool> {
        for act in acts {
            if act == Act::Quit {
                return Ok(false);
            }
            self.act(act)?;
        }
        Ok(true)
    }

    fn act(&mut self, act: Act) -> Result<()> {
        let done = match act {
            Act::Say(line) => return self.out.say(&line),
            Act::Tell(line) => {
                self.out.tell(&line);
                Ok(())
            }
            Act::Send(command) => self.order(command),
            Act::Name(what, name) => self.name(what, &name),
            Act::New => self.anew(),
            Act::Resume(wanted) => self.resume(&wanted),
            Act::Export(file) => self.errand(Errand::Export(file)),
            Act::List(words) => self.list(words.as_deref()),
            Act::Quit => Ok(()),
        };
        // What cannot be done is said; the conversation goes on.
        done.or_else(|error| self.refuse(&error).map(drop))
    }

    fn order(&mut self, command: Command) -> Result<()> {
        if let Command::Ask(question) = &command {
            self.clerk.asked(question);
        }
        (self.send)(command)
    }

    fn anew(&mut self) -> Result<()> {
        self.order(Command::Silence)?;
        self.errand(Errand::Anew)
    }

    fn resume(&mut self, wanted: &str) -> Result<()> {
        let id = self.sessions.find(wanted)?;
        self.order(Command::Silence)?;
        self.errand(Errand::Resume(id.to_string()))
    }

    fn list(&mut self, words: Option<&str>) -> Result<()> {
        let lines: Vec<String> = match words {
            Some(words) => self.sessions.search(words)?.iter().map(show::hit_lines).collect(),
            None => self.sessions.list()?.iter().map(show::summary_line).collect(),
        };
        if lines.is_empty() {
            self.out.tell("(nothing found)");
        }
        lines.iter().take(LISTED).for_each(|line| self.out.tell(line));
        if lines.len() > LISTED {
            self.out.tell(&format!("(and {} more: see `xnai sessions`)", lines.len() - LISTED));
        }
        Ok(())
    }
}

fn too_long() -> Error {
    Error::replace(Room::Pipeline, "a line of over 64 KiB is no question").hint("index it with `xnai ingest`, and ask about it")
}

fn ended_unexpectedly() -> Error {
    Error::report(Room::Pipeline, "the conductor ended unexpectedly").hint("please report this, with the log")
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
