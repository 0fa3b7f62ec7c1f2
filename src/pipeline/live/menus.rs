//! What a face may offer to choose from: devices, voices, models.

use crate::{
    audio::{self, DeviceInfo},
    config::Context,
    error::Result,
    models::{Role, Shelf},
    tts,
};

/// The devices there are, for a menu: those that hear, those that play.
pub fn devices() -> Result<(Vec<DeviceInfo>, Vec<DeviceInfo>)> {
    Ok((audio::inputs()?, audio::outputs()?))
}

/// The engine that speaks under this configuration.
pub fn speaks(context: &Context) -> Result<tts::Backend> {
    let settings = &context.config.tts;
    if settings.backend != tts::Backend::Auto {
        return Ok(settings.backend);
    }
    let shelf = Shelf::open(&context.config.models, &context.paths)?;
    let files = tts::Files { model: shelf.find(Role::Tts, &settings.model)?, voices: shelf.voices()? };
    Ok(tts::decide(settings, &files))
}

/// The voices that the engine that speaks can be given, for a menu; a server's are its own secret.
pub fn voices(context: &Context) -> Result<Vec<String>> {
    match speaks(context)? {
        tts::Backend::Auto | tts::Backend::Kokoro => {
            let shelf = Shelf::open(&context.config.models, &context.paths)?;
            tts::voices::names(&shelf.voices()?)
        }
        tts::Backend::Espeak => Ok(tts::espeak::voices()?.into_iter().map(|listed| listed.language).collect()),
        tts::Backend::Wyoming | tts::Backend::Fake => Ok(Vec::new()),
    }
}

/// The language models that are installed, with their bytes, for a menu.
pub fn models(context: &Context) -> Result<Vec<(String, u64)>> {
    let shelf = Shelf::open(&context.config.models, &context.paths)?;
    let installed = shelf.registry().of(Role::Llm).filter(|entry| !shelf.candidates(entry).is_empty());
    Ok(installed.map(|entry| (entry.id.clone(), entry.bytes)).collect())
}
