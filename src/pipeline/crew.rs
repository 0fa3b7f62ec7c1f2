//! Who is on duty: one opener per engine that a turn needs. What is absent is not loaded.
//!
//! This is where configuration and model files meet the rooms; an engine is opened later, on its own thread.

use std::{fs, path::PathBuf, slice};

use serde::Serialize;

use super::{lead::Lead, live::Ears, worker::Opener};
use crate::{
    audio::{
        self, Speaker,
        listen::{self, Segmenter, VoiceDetector},
        pipe::{self, Place},
        save,
    },
    config::Context,
    error::{Error, Kind, Result, Room},
    llm::{self, Llm, gguf},
    models::{Role, Shelf},
    os::{memory, topology},
    parcel::ModelFile,
    rag::{self, Searcher},
    stt::{self, Stt},
    tts::{self, Tts, smooth::Smooth},
};

/// What each engine computes in beside its model, in bytes. Allowances for long questions and answers, so that a set
/// of models that passes does run.
mod buffers {
    /// Encoder and decoder of a Whisper model at full context.
    pub const EAR: u64 = 192 << 20;
    pub const EMBEDDER: u64 = 48 << 20;
    /// The graph of one chunk of the prompt, and one row of the vocabulary for each of its tokens.
    pub const WRITER: u64 = 160 << 20;
    /// The longest fragment in 32 bits.
    pub const VOICE: u64 = 384 << 20;
}

#[derive(Default)]
pub struct Crew {
    pub ear: Option<Opener<dyn Stt>>,
    pub documents: Option<Opener<dyn Searcher>>,
    pub writer: Option<Opener<dyn Llm>>,
    pub voice: Option<Opener<dyn Tts>>,
    pub speaker: Option<Opener<dyn Speaker>>,
    /// Where sound lies between the stages; nowhere: in the program's own memory.
    pub pipes: Option<Place>,
}

/// What a face needs; the writer is always there.
#[derive(Clone, Debug)]
pub struct Needs {
    pub ear: bool,
    pub documents: bool,
    pub listener: Listener,
}

impl Needs {
    pub fn conversation() -> Self {
        Self { ear: true, documents: true, listener: Listener::Live }
    }
}

/// Who hears the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listener {
    Nobody,
    /// Somebody, if there is a sound device and a voice; it is no error if not.
    DeviceIfThere,
    Device,
    /// A device that comes and goes, in a conversation.
    Live,
    File {
        path: PathBuf,
        also_device: bool,
    },
    Stdout {
        also_device: bool,
    },
}

/// A crew, and what to say about it.
pub struct Roster {
    pub crew: Crew,
    pub used: Vec<Used>,
    /// Said once to the user.
    pub warnings: Vec<String>,
    /// Whether the answer will be spoken.
    pub aloud: bool,
}

/// A model in use, for `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Used {
    pub role: &'static str,
    pub id: String,
    pub sha256: String,
}

impl Crew {
    /// Finds and checks the model files, refuses what cannot fit into memory, and prepares the openers.
    pub fn call(context: &Context, needs: &Needs) -> Result<Roster> {
        let mut roll = Roll::new(context)?;
        if needs.ear {
            roll.ear()?;
        }
        if needs.documents {
            roll.documents()?;
        }
        roll.writer(needs.documents)?;
        roll.listener(&needs.listener)?;
        memory::check(&context.config.memory, &roll.bytes)?;
        roll.roster.warnings.extend(roll.shelf.notes());
        Ok(roll.roster)
    }
}

impl Roster {
    fn empty() -> Self {
        Self { crew: Crew::default(), used: Vec::new(), warnings: Vec::new(), aloud: false }
    }
}

/// The files of the embedder. `none`, and `auto` where no model is installed, are no error.
pub fn embedder(settings: &rag::Settings, shelf: &Shelf) -> Result<rag::Files> {
    if settings.embedder == "none" {
        return Ok(rag::Files::default());
    }
    Ok(rag::Files { model: shelf.find(Role::Embed, &settings.embedder)?, tokenizer: shelf.find(Role::Tokenizer, "auto")? })
}

/// Another writer, as configured now; refused where it does not fit into memory beside the rest of a conversation.
pub fn writer(context: &Context) -> Result<Opener<dyn Llm>> {
    Crew::call(context, &Needs::conversation())?.crew.writer.ok_or_else(|| absent("writer"))
}

/// Another voice, likewise.
pub fn voice(context: &Context) -> Result<Opener<dyn Tts>> {
    Crew::call(context, &Needs::conversation())?.crew.voice.ok_or_else(|| absent("voice"))
}

fn absent(who: &str) -> Error {
    Error::report(Room::Pipeline, format!("there is no {who} to be called"))
}

/// What listens in a conversation, and what to say about it.
pub fn ears(context: &Context) -> Result<(Ears, Option<String>)> {
    let (detector, note) = detector(context)?;
    let segmenter = Segmenter::new(&context.config.listen, detector);
    Ok((Ears { microphone: audio::open_live_microphone(&context.config.audio), segmenter }, note))
}

/// What tells speech from other sound, and what to say about it: Silero where its file is, as `listen.vad` allows.
pub fn detector(context: &Context) -> Result<(Box<dyn VoiceDetector>, Option<String>)> {
    let settings = &context.config.listen;
    let file = match settings.vad.as_str() {
        "auto" | "silero" => match Shelf::open(&context.config.models, &context.paths)?.find(Role::Vad, listen::SILERO) {
            // Not installed, or not what it should be: then earshot, which is always there.
            Err(error) if error.kind() == Kind::Fetch => None,
            found => found?,
        },
        _ => None,
    };
    listen::open_detector(settings, file.as_ref())
}

/// The ear that will hear: never `auto`.
pub struct Hearing {
    pub settings: stt::Settings,
    /// The file that it loads.
    pub model: Option<ModelFile>,
    /// Said once to the user.
    pub note: Option<String>,
}

/// Decides on an ear, with what is installed here.
pub fn hearing(context: &Context, shelf: &Shelf) -> Result<Hearing> {
    let wanted = &context.config.stt;
    let may_need_a_file = match wanted.backend {
        stt::Backend::Auto => wanted.address.is_empty(),
        stt::Backend::Whisper => true,
        stt::Backend::Wyoming | stt::Backend::Fake => false,
    };
    let model = if may_need_a_file { shelf.find(Role::Stt, wanted.wanted())? } else { None };
    let sphinx = stt::sphinx(&context.paths);
    let stt::Chosen { settings, note } = stt::decide(wanted, stt::Found { model: model.as_ref(), sphinx: sphinx.as_deref() });
    let model = model.filter(|_| settings.backend == stt::Backend::Whisper);
    Ok(Hearing { settings, model, note })
}

/// A crew being called.
struct Roll<'a> {
    context: &'a Context,
    shelf: Shelf,
    plan: crate::os::plan::Plan,
    roster: Roster,
    bytes: Vec<(&'static str, u64)>,
}

impl<'a> Roll<'a> {
    fn new(context: &'a Context) -> Result<Self> {
        let shelf = Shelf::open(&context.config.models, &context.paths)?;
        Ok(Self { context, shelf, plan: topology::this_machine().plan(), roster: Roster::empty(), bytes: Vec::new() })
    }

    fn ear(&mut self) -> Result<()> {
        let Hearing { settings, model, note } = hearing(self.context, &self.shelf)?;
        self.uses("recogniser", model.as_ref());
        if model.is_some() {
            self.bytes.push(("the recogniser's buffers", buffers::EAR));
        }
        self.roster.warnings.extend(note);
        let threads = self.voice_threads(settings.threads);
        self.roster.crew.ear = Some(Box::new(move || stt::open(&settings, model.as_ref(), threads)));
        Ok(())
    }

    fn documents(&mut self) -> Result<()> {
        let settings = self.context.config.rag.clone();
        let files = embedder(&settings, &self.shelf)?;
        self.uses("embedder", files.model.as_ref());
        if files.model.is_some() {
            self.bytes.extend([("its tokenizer", size(files.tokenizer.as_slice())), ("the embedder's buffers", buffers::EMBEDDER)]);
        }
        let (threads, paths) = (self.voice_threads(settings.threads), self.context.paths.clone());
        self.roster.crew.documents = Some(Box::new(move || rag::open_searcher(&settings, &paths, &files, threads)));
        Ok(())
    }

    fn writer(&mut self, documents: bool) -> Result<()> {
        let settings = self.context.config.llm.clone();
        let model = match settings.backend {
            llm::Backend::Auto | llm::Backend::Llama => self.shelf.find(Role::Llm, &settings.model)?,
            llm::Backend::Quote | llm::Backend::Openai | llm::Backend::Fake => None,
        };
        self.uses("language model", model.as_ref());
        if let Some(model) = &model {
            let cache = gguf::cache::bytes(&settings, &model.path);
            self.bytes.extend([("its KV cache", cache), ("the language model's buffers", buffers::WRITER)]);
        }
        if settings.backend == llm::Backend::Auto && model.is_none() {
            let note = "no language model is installed: answers are quoted from the documents; `xnai models pull tiny` gets one";
            self.roster.warnings.push(note.into());
        }
        if !documents && settings.decide(model.as_ref()) == llm::Backend::Quote {
            self.roster.warnings.push("without a language model and without the documents nothing can be answered".into());
        }
        if settings.decide(model.as_ref()) == llm::Backend::Quote
            && let Some(documents) = self.roster.crew.documents.take()
        {
            self.roster.crew.documents = Some(Box::new(move || Ok(Box::new(Lead(documents()?)))));
        }
        let cores = llm::Cores { cpus: self.plan.model.clone() };
        self.roster.crew.writer = Some(Box::new(move || llm::open(&settings, model.as_ref(), &cores)));
        Ok(())
    }

    fn listener(&mut self, listener: &Listener) -> Result<()> {
        let settings = self.context.config.audio.clone();
        let speaker: Opener<dyn Speaker> = match listener.clone() {
            Listener::Nobody => return Ok(()),
            Listener::DeviceIfThere => match (audio::open_speaker(&settings), self.voice()) {
                (Ok(device), Ok(())) => Box::new(move || Ok(device)),
                (Err(error), _) | (_, Err(error)) => {
                    self.roster.warnings.push(format!("not speaking: {}", error.message()));
                    self.roster.crew.voice = None;
                    return Ok(());
                }
            },
            Listener::Device => Box::new(move || audio::open_speaker(&settings)),
            Listener::Live => Box::new(move || Ok(audio::open_live_speaker(&settings))),
            Listener::File { path, also_device } => {
                self.voice()?;
                let file = save::WavFile::create(&path)?;
                Box::new(move || with_device(Box::new(file), also_device, &settings))
            }
            Listener::Stdout { also_device } => Box::new(move || {
                let stream = save::WavStream::new(std::io::stdout(), "standard output");
                with_device(Box::new(stream), also_device, &settings)
            }),
        };
        if self.roster.crew.voice.is_none() {
            self.voice()?;
        }
        self.roster.crew.speaker = Some(speaker);
        self.roster.crew.pipes = Some(pipe::place(&self.context.paths));
        self.roster.aloud = true;
        Ok(())
    }

    fn voice(&mut self) -> Result<()> {
        let mut settings = self.context.config.tts.clone();
        let files = match settings.backend {
            tts::Backend::Auto | tts::Backend::Kokoro => {
                tts::Files { model: self.shelf.find(Role::Tts, &settings.model)?, voices: self.shelf.voices()? }
            }
            tts::Backend::Espeak | tts::Backend::Wyoming | tts::Backend::Fake => tts::Files::default(),
        };
        self.uses("voice", files.model.as_ref());
        if tts::decide(&settings, &files) == tts::Backend::Espeak && settings.voice != tts::Settings::default().voice {
            // `--voice` names a voice of whichever engine speaks.
            if tts::espeak::voices().is_ok_and(|listed| listed.iter().any(|one| one.is_called(&settings.voice))) {
                settings.espeak_voice.clone_from(&settings.voice);
            } else {
                let note = format!("espeak-ng speaks, and has no voice called {}: `espeak-ng --voices` lists those it has", settings.voice);
                self.roster.warnings.push(note);
            }
        }
        if files.model.is_some() {
            self.bytes.extend([("its styles", size(&files.voices)), ("the voice's buffers", buffers::VOICE)]);
        }
        self.roster.warnings.extend(tts::note(&settings));
        let threads = self.voice_threads(settings.threads);
        self.roster.crew.voice = Some(Box::new(move || Ok(Box::new(Smooth(tts::open(&settings, &files, threads)?)))));
        Ok(())
    }

    /// Takes down a model that will be loaded.
    fn uses(&mut self, role: &'static str, model: Option<&ModelFile>) {
        if let Some(model) = model {
            self.roster.used.push(Used { role, id: model.id.clone(), sha256: model.sha256.clone() });
            self.bytes.push((role, size(slice::from_ref(model))));
        }
    }

    /// Threads of a voice stage: as configured, else the cores that the plan leaves it; of shared cores half, because
    /// an engine whose threads wait for each other crawls as soon as one of them has to share.
    fn voice_threads(&self, configured: u8) -> usize {
        match (configured, self.plan.shared) {
            (0, false) => self.plan.voice.len().max(1),
            (0, true) => (self.plan.voice.len() / 2).max(1),
            (threads, _) => threads.into(),
        }
    }
}

/// Bytes of these files together.
fn size(files: &[ModelFile]) -> u64 {
    files.iter().map(|file| fs::metadata(&file.path).map_or(0, |facts| facts.len())).sum()
}

fn with_device(file: Box<dyn Speaker>, also_device: bool, settings: &audio::Settings) -> Result<Box<dyn Speaker>> {
    if also_device { Ok(Box::new(audio::Tee::new(file, audio::open_speaker(settings)?))) } else { Ok(file) }
}

#[cfg(test)]
#[path = "crew_tests.rs"]
mod tests;
