//! The parts of the pipeline: models, run-time library, documents, voice, sound.

use std::process::{Command, Stdio};

use super::Check;
use crate::{
    audio,
    config::Context,
    error::{Error, Result, Room},
    llm,
    models::{Role, Shelf},
    parcel::{ModelFile, Query},
    pipeline::{crew, wake},
    rag::{
        self,
        home::{DEMO, Home, USER},
        journal::Catalogue,
    },
    stt, tts,
    turn::Session,
};

pub fn examine(context: &Context) -> Vec<Check> {
    let mut checks = vec![runtime_library()];
    match Shelf::open(&context.config.models, &context.paths) {
        Err(error) => checks.push(Check::broken("models", &error)),
        Ok(shelf) => {
            checks.extend([recogniser(context, &shelf), embedder(context, &shelf), writer(context, &shelf), voice(context, &shelf)])
        }
    }
    checks.extend([documents(context), sound(context), wake_word(context)]);
    checks
}

#[cfg(feature = "onnx")]
fn runtime_library() -> Check {
    match crate::onnx::runtime(Room::Os) {
        Ok(runtime) => Check::ready("ONNX Runtime", format!("{} ({})", runtime.path.display(), first_words(&runtime.build))),
        Err(error) => Check::missing("ONNX Runtime", &error),
    }
}

#[cfg(feature = "onnx")]
fn first_words(build: &str) -> String {
    build.split([',', '\n']).next().unwrap_or_default().trim().to_owned()
}

#[cfg(not(feature = "onnx"))]
fn runtime_library() -> Check {
    Check::degraded("ONNX Runtime", "this build was made without it", "build with default features")
}

fn recogniser(context: &Context, shelf: &Shelf) -> Check {
    let crew::Hearing { settings, model, note } = match crew::hearing(context, shelf) {
        Ok(hearing) => hearing,
        Err(error) => return Check::broken("recogniser", &error),
    };
    let found = match (settings.backend, &model) {
        (stt::Backend::Wyoming, _) => stt::wyoming::examine(&settings),
        (stt::Backend::Fake, _) => Ok("a stand-in that hears what it is told to".into()),
        (_, Some(model)) => Ok(named(model)),
        (_, None) => Err(Error::fetch(Room::Stt, "no speech model is installed")
            .hint("run `xnai models pull tiny`, or `scripts/ears/sphinx install` for an ear without a model hub")),
    };
    match (found, note) {
        (Err(error), _) => Check::broken("recogniser", &error),
        (Ok(found), Some(note)) => {
            // The note of the small model names the remedy, which has a place of its own here.
            let small = model.as_ref().is_some_and(|model| stt::note(model).is_some());
            let why = if small { stt::SMALL.to_owned() } else { note };
            Check::degraded("recogniser", format!("{found}: {why}"), "run `xnai models pull tiny`")
        }
        (Ok(found), None) => Check::ready("recogniser", found),
    }
}

fn embedder(context: &Context, shelf: &Shelf) -> Check {
    let settings = &context.config.rag;
    let opened = crew::embedder(settings, shelf).and_then(|files| Ok((files.open(settings, 1)?.is_some(), files.model)));
    match opened {
        Err(error) => Check::broken("embedder", &error),
        Ok((true, Some(model))) => Check::ready("embedder", named(&model)),
        Ok(_) => {
            Check::degraded("embedder", "none: documents are compared by words alone", "run scripts/setup, or `xnai models pull tiny`")
        }
    }
}

fn writer(context: &Context, shelf: &Shelf) -> Check {
    let settings = &context.config.llm;
    let model = match settings.backend {
        llm::Backend::Auto | llm::Backend::Llama => shelf.find(Role::Llm, &settings.model),
        llm::Backend::Quote | llm::Backend::Openai | llm::Backend::Fake => Ok(None),
    };
    match model.map(|model| (settings.decide(model.as_ref()), model)) {
        Err(error) => Check::broken("writer", &error),
        Ok((llm::Backend::Llama, Some(model))) => Check::ready("writer", named(&model)),
        Ok((llm::Backend::Openai, _)) => Check::ready("writer", format!("{} at {}", settings.model, settings.base_url)),
        Ok((llm::Backend::Quote, _)) if settings.backend == llm::Backend::Quote => {
            Check::ready("writer", "quotes the documents, as configured")
        }
        Ok(_) => Check::degraded("writer", "no language model: answers are quoted from the documents", "run `xnai models pull tiny`"),
    }
}

fn voice(context: &Context, shelf: &Shelf) -> Check {
    let settings = &context.config.tts;
    if settings.backend == tts::Backend::Wyoming {
        return tts::wyoming::examine(settings).map_or_else(|e| Check::broken("voice", &e), |found| Check::ready("voice", found));
    }
    let files = shelf.find(Role::Tts, &settings.model).and_then(|model| Ok(tts::Files { model, voices: shelf.voices()? }));
    match files.map(|files| (tts::decide(settings, &files), files)) {
        Err(error) => Check::broken("voice", &error),
        Ok((tts::Backend::Kokoro, files)) => {
            Check::ready("voice", format!("Kokoro, {}", files.model.as_ref().map_or_else(String::new, named)))
        }
        Ok(_) => match espeak_version() {
            Ok(version) => {
                Check::degraded("voice", format!("{version}, a plain synthetic voice"), "run `xnai models pull tiny` for a natural one")
            }
            Err(error) => Check::missing("voice", &error),
        },
    }
}

fn espeak_version() -> Result<String> {
    let missing =
        |_| Error::fetch(Room::Tts, "no voice: neither Kokoro nor the program espeak-ng").hint("run scripts/setup, or install espeak-ng");
    let output = Command::new("espeak-ng").arg("--version").stdin(Stdio::null()).output().map_err(missing)?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split("Data at").next().unwrap_or_default().trim().to_owned())
}

fn named(model: &ModelFile) -> String {
    format!("{} ({})", model.id, model.path.display())
}

/// The user's documents, or the demo ones while there are none.
fn documents(context: &Context) -> Check {
    let folder = context.config.rag.folder(&context.paths);
    let read = |collection| Ok::<_, Error>(Catalogue::read(&Home::new(&folder, collection).journal())?.unwrap_or_default());
    let lost = |c: &Catalogue| c.docs.is_empty() && c.damaged > 0;
    match read(USER).and_then(|user| Ok((lost(&user), user.docs.len(), read(DEMO)?.docs.len()))) {
        Err(error) => Check::broken("documents", &error),
        Ok((true, ..)) => Check::broken("documents", &Error::replace(Room::Rag, rag::search::LOST)),
        Ok((false, user, demo)) => known_documents(context, user, demo),
    }
}

fn known_documents(context: &Context, user: usize, demo: usize) -> Check {
    match (user, demo) {
        (0, 0) => Check::degraded("documents", "none are indexed", "run `xnai ingest PATH`"),
        (0, demo) => Check::degraded("documents", format!("only the {demo} demo documents"), "run `xnai ingest PATH` to add your own"),
        (user, _) => match searches(context) {
            Ok(()) => Check::ready("documents", format!("{user} in {}", context.config.rag.folder(&context.paths).display())),
            Err(error) => Check::broken("documents", &error),
        },
    }
}

/// A search by words, to the end.
fn searches(context: &Context) -> Result<()> {
    let searcher = rag::open_searcher(&context.config.rag, &context.paths, &rag::Files::default(), 1)?;
    let query = Query { text: "anything".into(), limit: 1, ..Query::default() };
    searcher.search(&query, &Session::new().turn()).map(|_| ())
}

/// How somebody without a key is known to mean us.
fn wake_word(context: &Context) -> Check {
    match wake::examine(&context.config.listen, &context.paths) {
        Ok(found) => Check::ready("wake word", found),
        Err(error) => Check::missing("wake word", &error),
    }
}

/// Opens the device that would be used; it makes no sound before the first sample.
fn sound(context: &Context) -> Check {
    match audio::open_speaker(&context.config.audio) {
        Ok(_) => Check::ready("sound", format!("audio.output = {:?} opens", context.config.audio.output)),
        Err(error) => Check::missing("sound", &error),
    }
}
