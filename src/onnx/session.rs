//! One model, opened and ready: tensors in, tensors out, stopped when the turn goes stale.

use std::{
    fs,
    path::Path,
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use ort::{
    session::{RunOptions, SessionInputValue, SessionOutputs, builder::GraphOptimizationLevel},
    value::{DynValue, TensorElementType, TensorRef, ValueType},
};

use super::{Numbers, Tensor, kept, library};
use crate::{
    error::{Error, Result, Room},
    parcel::ModelFile,
    turn::Turn,
};

/// How often a running model is asked whether its turn is still wanted.
const WATCH: Duration = Duration::from_millis(5);

/// How to open a model.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Whose error it is when the model is bad.
    pub room: Room,
    /// Threads for one run.
    pub threads: usize,
    pub optimise: Optimise<'a>,
    /// Tokens of an everyday run: after a longer one the memory that it took is given back.
    pub everyday: usize,
}

/// What to do about the graph before running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optimise<'a> {
    /// Run it as it is.
    Never,
    /// At every start.
    EachTime,
    /// Once: the result is kept in this folder, for this machine and this library.
    Kept(&'a Path),
}

/// A named input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub name: String,
    pub numbers: Numbers,
    /// −1 where the size is free.
    pub shape: Vec<i64>,
}

/// A model that is loaded. One run at a time.
pub struct Session {
    session: ort::session::Session,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    room: Room,
    id: String,
    everyday: usize,
}

impl Session {
    pub fn open(file: &ModelFile, options: Options<'_>) -> Result<Self> {
        check(file, options.room)?;
        let session = match options.optimise {
            Optimise::Never => build(&file.path, options, GraphOptimizationLevel::Disable, None),
            Optimise::EachTime => build(&file.path, options, GraphOptimizationLevel::All, None),
            Optimise::Kept(folder) => {
                kept::open(file, folder, library::runtime(options.room)?, |from, level, to| build(from, options, level, to))
            }
        };
        let session = session.map_err(|failed| failed.about(file, options.room))?;
        let ports = |list: &[ort::value::Outlet]| list.iter().map(port).collect();
        Ok(Self {
            inputs: ports(session.inputs()),
            outputs: ports(session.outputs()),
            room: options.room,
            id: file.id.clone(),
            everyday: options.everyday,
            session,
        })
    }

    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Runs the model on named inputs; the outputs come in the order of [`Session::outputs`].
    pub fn run(&mut self, inputs: &[(&str, Tensor)]) -> Result<Vec<Tensor>> {
        self.run_with(inputs, &self.options(inputs)?)
    }

    /// As [`Session::run`], and stops within a few ms of `turn` going stale.
    pub fn run_while(&mut self, turn: &Turn, inputs: &[(&str, Tensor)]) -> Result<Vec<Tensor>> {
        turn.alive()?;
        let options = self.options(inputs)?;
        let result = watched(turn, &options, || self.run_with(inputs, &options));
        turn.alive()?;
        result
    }

    /// After a run longer than the everyday ones the arena gives back what it grew by.
    fn options(&self, inputs: &[(&str, Tensor)]) -> Result<RunOptions> {
        let tokens = inputs.iter().map(|(_, tensor)| if let Tensor::I64(_, values) = tensor { values.len() } else { 0 });
        let long = tokens.max().is_some_and(|tokens| tokens > self.everyday);
        let options = RunOptions::new().and_then(|mut options| {
            if long {
                options.set("memory.enable_memory_arena_shrinkage", "cpu:0")?;
            }
            Ok(options)
        });
        options.map_err(|e| Error::report(self.room, sentence(e.message())))
    }

    fn run_with(&mut self, inputs: &[(&str, Tensor)], options: &RunOptions) -> Result<Vec<Tensor>> {
        let fault = |e: ort::Error| Error::fetch(self.room, format!("the model {} failed: {}", self.id, sentence(e.message())));
        let inputs = inputs.iter().map(|(name, tensor)| Ok((*name, lend(tensor)?))).collect::<ort::Result<Vec<_>>>().map_err(fault)?;
        let outputs = self.session.run_with_options(inputs, options).map_err(fault)?;
        take(&outputs, &self.outputs).map_err(fault)
    }
}

/// Why a model could not be opened.
pub(super) enum Failed {
    /// The library is missing.
    Library(Error),
    /// The library refused it, saying this.
    Refused(String),
}

impl<R> From<ort::Error<R>> for Failed {
    fn from(error: ort::Error<R>) -> Self {
        Failed::Refused(sentence(error.message()))
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Library(error)
    }
}

impl Failed {
    fn about(self, file: &ModelFile, room: Room) -> Error {
        match self {
            Failed::Library(error) => error,
            Failed::Refused(why) => {
                let why = why.split("failed:").last().unwrap_or(&why).trim();
                refused(file, room, &format!("is no ONNX model that can be run: {why}"))
            }
        }
    }
}

fn refused(file: &ModelFile, room: Room, what: &str) -> Error {
    Error::fetch(room, format!("{} {what}", file.path.display())).hint(format!("fetch {} again with `xnai models pull`", file.id))
}

/// What the library would answer with a riddle, or would wait for.
fn check(file: &ModelFile, room: Room) -> Result<()> {
    let about = fs::metadata(&file.path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => refused(file, room, "is not there"),
        _ => Error::io(room, "opening", &file.path, &e),
    })?;
    match (about.is_file(), about.len()) {
        (false, _) => Err(Error::replace(room, format!("{} is not a file", file.path.display()))),
        (true, 0) => Err(refused(file, room, "is empty")),
        _ => Ok(()),
    }
}

/// Shapes change from run to run here, so no memory pattern is kept for each. The arena stays on: measured on Kokoro
/// without patterns, 90 phonemes peak at 569 MB with it and at 1102 MB without, and it does not grow with repetition.
/// Waiting threads do not spin: on a busy machine that costs more than it saves.
fn build(from: &Path, options: Options<'_>, level: GraphOptimizationLevel, to: Option<&Path>) -> Result<ort::session::Session, Failed> {
    let mut builder = ort::session::Session::builder(library::environment(options.room)?)?
        .with_execution_providers([ort::ep::CPU::default().with_arena_allocator(true).build()])?
        .with_optimization_level(level)?
        .with_intra_threads(options.threads.max(1))?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_memory_pattern(false)?;
    if let Some(to) = to {
        builder = builder.with_optimized_model_path(to)?;
    }
    Ok(builder.commit_from_file(from)?)
}

/// The first line of the library's message, without its source file and without a full stop.
fn sentence(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().trim_end_matches('.').to_owned()
}

fn port(outlet: &ort::value::Outlet) -> Port {
    let (numbers, shape) = match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => (numbers(*ty), shape.to_vec()),
        _ => (Numbers::Other, Vec::new()),
    };
    Port { name: outlet.name().to_owned(), numbers, shape }
}

fn numbers(kind: TensorElementType) -> Numbers {
    match kind {
        TensorElementType::Float32 => Numbers::F32,
        TensorElementType::Int32 => Numbers::I32,
        TensorElementType::Int64 => Numbers::I64,
        _ => Numbers::Other,
    }
}

/// Lends our numbers to the library without copying them.
fn lend(tensor: &Tensor) -> ort::Result<SessionInputValue<'_>> {
    Ok(match tensor {
        Tensor::F32(shape, values) => TensorRef::from_array_view((shape.as_slice(), values.as_slice()))?.into(),
        Tensor::I32(shape, values) => TensorRef::from_array_view((shape.as_slice(), values.as_slice()))?.into(),
        Tensor::I64(shape, values) => TensorRef::from_array_view((shape.as_slice(), values.as_slice()))?.into(),
    })
}

fn take(outputs: &SessionOutputs<'_>, ports: &[Port]) -> ort::Result<Vec<Tensor>> {
    ports.iter().map(|port| copy(&outputs[port.name.as_str()], port)).collect()
}

fn copy(value: &DynValue, port: &Port) -> ort::Result<Tensor> {
    fn parts<T: ort::value::PrimitiveTensorElementType + Copy>(value: &DynValue) -> ort::Result<(Vec<i64>, Vec<T>)> {
        value.try_extract_tensor::<T>().map(|(shape, values)| (shape.to_vec(), values.to_vec()))
    }
    match port.numbers {
        Numbers::I32 => parts(value).map(|(shape, values)| Tensor::I32(shape, values)),
        Numbers::I64 => parts(value).map(|(shape, values)| Tensor::I64(shape, values)),
        Numbers::F32 | Numbers::Other => parts(value).map(|(shape, values)| Tensor::F32(shape, values)),
    }
}

/// Does the work while a second thread looks at the turn, and tells the library to stop once it is stale.
fn watched<T>(turn: &Turn, options: &RunOptions, work: impl FnOnce() -> T) -> T {
    let (done, changed) = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        let watch = || {
            let mut over = done.lock().unwrap_or_else(PoisonError::into_inner);
            while !*over {
                if turn.is_stale() {
                    let _ = options.terminate(); // cannot fail with options that exist; and then the run just goes on
                }
                over = changed.wait_timeout(over, WATCH).unwrap_or_else(PoisonError::into_inner).0;
            }
        };
        // Without a watcher (no thread to be had) the turn is still looked at before and after.
        let _ = thread::Builder::new().name("onnx-watch".into()).spawn_scoped(scope, watch);
        let _over = Over(&done, &changed);
        work()
    })
}

/// Lets the watcher go, also when the work panics.
struct Over<'a>(&'a Mutex<bool>, &'a Condvar);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }
}
