//! Which engines a conversation has: those that work, and what was wished for since.

use std::sync::{Arc, OnceLock};

use super::Command;
use crate::{config::Context, llm, tts};

/// The configuration of the engines at work, and of those being tried.
pub(super) struct Engines {
    settled: Context,
    writer: Option<Trial<llm::Settings>>,
    voice: Option<Trial<tts::Settings>>,
}

/// Settings of one engine; whether they work is known once its worker has opened it.
struct Trial<S> {
    settings: S,
    worked: Arc<OnceLock<bool>>,
}

impl<S: Clone> Trial<S> {
    fn hopeful(trial: Option<&Self>) -> Option<S> {
        trial.filter(|trial| trial.worked.get() != Some(&false)).map(|trial| trial.settings.clone())
    }

    fn proven(trial: &mut Option<Self>) -> Option<S> {
        trial.take_if(|trial| trial.worked.get() == Some(&true)).map(|trial| trial.settings)
    }
}

impl Engines {
    pub fn new(context: &Context) -> Self {
        Self { settled: context.clone(), writer: None, voice: None }
    }

    /// What was wished for last, but for what is known not to work.
    pub fn wanted(&self) -> Context {
        let mut context = self.settled.clone();
        Trial::hopeful(self.writer.as_ref()).into_iter().for_each(|settings| context.config.llm = settings);
        Trial::hopeful(self.voice.as_ref()).into_iter().for_each(|settings| context.config.tts = settings);
        context
    }

    /// What is known to work.
    pub fn settle(&mut self) -> Context {
        Trial::proven(&mut self.writer).into_iter().for_each(|settings| self.settled.config.llm = settings);
        Trial::proven(&mut self.voice).into_iter().for_each(|settings| self.settled.config.tts = settings);
        self.settled.clone()
    }

    pub fn try_writer(&mut self, context: Context, worked: Arc<OnceLock<bool>>) {
        self.writer = Some(Trial { settings: context.config.llm, worked });
    }

    pub fn try_voice(&mut self, context: Context, worked: Arc<OnceLock<bool>>) {
        self.voice = Some(Trial { settings: context.config.tts, worked });
    }
}

/// The configuration with this wish fulfilled.
pub(super) fn with(context: &Context, wish: &Command) -> Context {
    let mut context = context.clone();
    let (llm, voice) = (&mut context.config.llm, &mut context.config.tts);
    match wish {
        Command::Model(model) => llm.model.clone_from(model),
        Command::Voice(name) => voice.spoken_mut().clone_from(name),
        Command::Speed(speed) => voice.speed = *speed,
        _ => {}
    }
    context
}

/// What that wish is about, as it is named there.
pub(super) fn name(context: &Context, wish: &Command) -> String {
    match wish {
        Command::Model(_) => context.config.llm.model.clone(),
        _ => context.config.tts.spoken().clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, os::paths::Paths};

    fn voice(engines: &Engines) -> String {
        engines.wanted().config.tts.voice
    }

    #[test]
    fn a_wish_that_does_not_work_is_forgotten_and_one_that_does_is_kept() {
        let config = Config { tts: tts::Settings { voice: "af_heart".into(), ..Default::default() }, ..Config::default() };
        let mut engines = Engines::new(&Context { config, paths: Paths::from_env().unwrap() });
        let wish = |engines: &mut Engines, name: &str| {
            let (context, worked) = (with(&engines.wanted(), &Command::Voice(name.into())), Arc::new(OnceLock::new()));
            let settled = engines.settle().config.tts.voice;
            engines.try_voice(context, worked.clone());
            (settled, worked)
        };
        let (settled, worked) = wish(&mut engines, "bogus");
        assert_eq!((settled, voice(&engines)), ("af_heart".to_owned(), "bogus".to_owned()));
        worked.set(false).unwrap();
        assert_eq!(voice(&engines), "af_heart");
        let (settled, worked) = wish(&mut engines, "am_adam");
        assert_eq!(settled, "af_heart");
        worked.set(true).unwrap();
        assert_eq!(voice(&engines), "am_adam");
        assert_eq!(wish(&mut engines, "bf_emma").0, "am_adam");
    }

    #[test]
    fn a_voice_is_set_where_the_engine_that_speaks_looks_for_it() {
        for backend in [tts::Backend::Kokoro, tts::Backend::Espeak, tts::Backend::Wyoming] {
            let before = tts::Settings { backend, ..Default::default() };
            let config = Config { tts: before.clone(), ..Config::default() };
            let wish = Command::Voice("new".into());
            let after = with(&Context { config, paths: Paths::from_env().unwrap() }, &wish);
            let tts::Settings { voice, espeak_voice, wyoming_voice, .. } = after.config.tts.clone();
            let place = |at, old: String| if backend == at { "new".to_owned() } else { old };
            assert_eq!(voice, place(tts::Backend::Kokoro, before.voice));
            assert_eq!(espeak_voice, place(tts::Backend::Espeak, before.espeak_voice));
            assert_eq!(wyoming_voice, place(tts::Backend::Wyoming, before.wyoming_voice));
            assert_eq!(name(&after, &wish), "new");
        }
    }

    #[test]
    fn a_voice_that_works_says_nothing_about_a_model_that_does_not() {
        let mut engines = Engines::new(&Context { config: Config::default(), paths: Paths::from_env().unwrap() });
        let (model, voice) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
        engines.try_writer(with(&engines.wanted(), &Command::Model("broken".into())), model.clone());
        engines.try_voice(with(&engines.wanted(), &Command::Voice("am_adam".into())), voice.clone());
        voice.set(true).unwrap();
        model.set(false).unwrap();
        let config = engines.settle().config;
        assert_eq!((config.tts.voice.as_str(), config.llm.model.as_str()), ("am_adam", "auto"));
        assert_eq!(engines.wanted().config.llm.model, "auto");
    }
}
