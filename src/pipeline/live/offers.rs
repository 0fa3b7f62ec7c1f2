//! What there is to choose from while talking: devices, voices, language models. Looks at files, programs and sound
//! devices: for a thread that may wait.

pub use crate::audio::{DeviceInfo, find as find_device};
use crate::{
    audio,
    config::Context,
    error::{Error, Result, Room},
    models::{Role, Shelf},
    tts,
};

/// The devices there are: those that hear, those that play.
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

/// The voices that the engine that speaks can be given; a server's are its own secret.
pub fn voices(context: &Context) -> Result<Vec<String>> {
    match speaks(context)? {
        tts::Backend::Auto | tts::Backend::Kokoro => kokoro(context),
        tts::Backend::Espeak => Ok(tts::espeak::voices()?.into_iter().map(|listed| listed.language).collect()),
        tts::Backend::Wyoming | tts::Backend::Fake => Ok(Vec::new()),
    }
}

/// A voice that is wished for and not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub name: String,
    /// Those that are there.
    pub known: Vec<String>,
    pub speaks: tts::Backend,
}

/// What the engine that speaks lacks for this voice or blend, if anything. A server alone knows what it has.
pub fn missing_voice(wish: &str, context: &Context) -> Result<Option<Missing>> {
    let speaks = speaks(context)?;
    let lacking = match speaks {
        tts::Backend::Auto | tts::Backend::Kokoro => {
            let known = kokoro(context)?;
            if known.is_empty() {
                let message = "there are no voices of Kokoro to choose from";
                return Err(Error::fetch(Room::Tts, message).hint("`xnai models pull tiny` gets voices"));
            }
            lacking(wish, &known)?.map(|name| (name, known))
        }
        tts::Backend::Espeak => {
            let listed = tts::espeak::voices()?;
            let there = listed.iter().any(|voice| voice.is_called(wish));
            (!there).then(|| (wish.to_owned(), listed.into_iter().map(|voice| voice.language).collect()))
        }
        tts::Backend::Wyoming | tts::Backend::Fake => None,
    };
    Ok(lacking.map(|(name, known)| Missing { name, known, speaks }))
}

/// The language models that are installed, with their bytes.
pub fn models(context: &Context) -> Result<Vec<(String, u64)>> {
    let shelf = Shelf::open(&context.config.models, &context.paths)?;
    let installed = shelf.registry().of(Role::Llm).filter(|entry| !shelf.candidates(entry).is_empty());
    Ok(installed.map(|entry| (entry.id.clone(), entry.bytes)).collect())
}

fn kokoro(context: &Context) -> Result<Vec<String>> {
    let shelf = Shelf::open(&context.config.models, &context.paths)?;
    tts::voices::names(&shelf.voices()?)
}

/// The first voice of a wish, read as it is when it is opened, that there is not.
fn lacking(wish: &str, known: &[String]) -> Result<Option<String>> {
    Ok(tts::voices::parse(wish)?.into_iter().map(|(name, _)| name).find(|name| !known.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blend_is_taken_as_it_is_opened_and_every_voice_of_it_must_be_there() {
        let known = ["af_heart", "am_michael"].map(str::to_owned);
        for wish in ["af_heart", "af_heart.6+am_michael.4", " am_michael + af_heart.5 "] {
            assert_eq!(lacking(wish, &known).unwrap(), None, "{wish}");
        }
        assert_eq!(lacking("af_heart.6+bogus.4", &known).unwrap().as_deref(), Some("bogus"));
        for wish in ["af_heart.0", "af_heart.x", "af_heart+", "af_heart.5.5+.", ""] {
            assert!(lacking(wish, &known).is_err(), "{wish}");
        }
    }
}
