//! One question, one answer, no screen: `xnai --once`.

pub mod args;
mod input;
mod output;
mod report;

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};

use args::OnceArgs;
use input::Input;
use output::Output;
use report::Report;

use crate::{
    config::Context,
    error::{Error, Result, Room},
    os::{memory, stop},
    parcel::Filter,
    pipeline::{
        Crew, News, Notice, Pipeline, Question, Retrieve, Told, Wish,
        crew::{Listener, Needs, Roster},
        edges,
        meter::Timings,
        parse_filter,
        recording::Recording,
    },
};

/// How long the speaker may take to put its file or device in order after the answer was given up.
const TIDY_UP: Duration = Duration::from_millis(120);

/// Answers one question. With `--json` the error is in the object as well as in the exit code.
pub fn run(args: &OnceArgs, context: &Context) -> Result<()> {
    let mut report = Report::new(Timings::from(Instant::now()));
    let mut output = Output::new(args);
    // A turn that ends because it was interrupted was interrupted, whatever else it met on the way.
    let result = match answer(args, context, &mut output, &mut report) {
        Err(_) if stop::requested() => Err(Error::stopped()),
        result => result,
    };
    report.memory = memory::usage();
    report.conclude(&result);
    output.close(&report)?;
    result
}

/// Tells what went wrong before a turn could begin, the way the turn would have told it.
pub fn refuse(args: &OnceArgs, error: &Error) -> Result<()> {
    let mut report = Report::new(Timings::from(Instant::now()));
    report.conclude(&Err(error.clone()));
    Output::new(args).close(&report)
}

fn answer(args: &OnceArgs, context: &Context, output: &mut Output, report: &mut Report) -> Result<()> {
    if args.json && args.out.as_ref().is_some_and(|out| out.as_os_str() == "-") {
        return Err(Error::reword(Room::Config, "--json and --out - both want stdout").hint("write the speech to a file"));
    }
    let input = Input::choose(args)?;
    let filter = parse_filter(&args.source)?;
    let needs = Needs { ear: input.is_sound(), documents: !args.no_rag, listener: listener(args, output) };
    let Roster { crew, used, warnings, aloud } = Crew::call(context, &needs)?;
    report.models = used;
    warnings.into_iter().for_each(|warning| output.warn(report, warning));
    let (pipeline, notices) = Pipeline::start(crew)?;
    let wish = wish(args, context, filter, aloud);
    let result = input.read(context.config.audio.clone()).and_then(|question| wait(&question)).and_then(|read| {
        report.timings.begin(read.complete);
        read.note.into_iter().for_each(|note| output.warn(report, note));
        converse(&pipeline, &notices, read.question, wish, output, report)
    });
    pipeline.stop(TIDY_UP);
    result
}

/// Who wants to hear the answer. Speaking unasked needs somebody at a terminal.
fn listener(args: &OnceArgs, output: &Output) -> Listener {
    match &args.out {
        Some(path) if path.as_os_str() == "-" => Listener::Stdout { also_device: args.play },
        Some(path) => Listener::File { path: path.clone(), also_device: args.play },
        None if args.play => Listener::Device,
        None if output.at_terminal() && !args.quiet && !args.json => Listener::DeviceIfThere,
        None => Listener::Nobody,
    }
}

fn wish(args: &OnceArgs, context: &Context, filter: Filter, aloud: bool) -> Wish {
    let config = &context.config;
    Wish {
        system: config.llm.system.clone(),
        sampling: config.sampling.clone(),
        retrieve: (!args.no_rag).then_some(Retrieve { limit: config.rag.passages, filter }),
        require_docs: args.require_docs,
        aloud,
        history: Vec::new(),
    }
}

/// Waits for the question; Ctrl-C ends the wait.
fn wait(question: &Receiver<Result<Recording>>) -> Result<Recording> {
    loop {
        match question.recv_timeout(edges::PATIENCE) {
            Ok(question) => return question,
            Err(RecvTimeoutError::Timeout) => stop::check()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::report(Room::Pipeline, "the reader of the question ended unexpectedly"));
            }
        }
    }
}

fn converse(
    pipeline: &Pipeline,
    notices: &Receiver<Told>,
    question: Question,
    wish: Wish,
    output: &mut Output,
    report: &mut Report,
) -> Result<()> {
    if let Question::Typed(text) = &question {
        report.question = Some(text.clone());
    }
    pipeline.ask(question, wish)?;
    loop {
        stop::check()?;
        let told = match notices.recv_timeout(edges::PATIENCE) {
            Ok(told) => told,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Err(Error::report(Room::Pipeline, "the conductor ended unexpectedly")),
        };
        report.timings.note(&told);
        if let News::Turn(_, notice) = told.news
            && let Some(end) = take(notice, output, report)?
        {
            late_loads(notices, report);
            return end;
        }
    }
}

/// Handles one notice; `Some` when the turn is over.
fn take(notice: Notice, output: &mut Output, report: &mut Report) -> Result<Option<Result<()>>> {
    match notice {
        Notice::Transcript(transcript) => {
            output.heard(&transcript.text);
            report.question = Some(transcript.text.clone());
            report.transcript = Some(transcript);
        }
        Notice::Passages(passages) => {
            passages.notes.iter().for_each(|note| output.note(note));
            report.cite(&passages);
        }
        Notice::Piece(piece) => {
            report.answer.push_str(&piece.text);
            output.piece(&piece.text)?;
        }
        Notice::Written(finish) => {
            finish.notes.iter().for_each(|note| output.warn(report, note.clone()));
            report.tokens = Some(finish);
        }
        Notice::Fragment(_) | Notice::Sounded => {}
        Notice::Began(_) | Notice::Partial { .. } | Notice::Complete(_) | Notice::Certain | Notice::Drafted(_) => {}
        Notice::Sounding(_) | Notice::Interrupted { .. } | Notice::Withdrawn => {}
        Notice::Done => return Ok(Some(Ok(()))),
        Notice::Failed(error) => return Ok(Some(Err(error))),
    }
    Ok(None)
}

/// Engines that finished loading after the answer still belong in the report.
fn late_loads(notices: &Receiver<Told>, report: &mut Report) {
    loop {
        match notices.try_recv() {
            Ok(told) => report.timings.note(&told),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
        }
    }
}
