//! Which engines a conversation has: those that work, and what was wished for since.

use std::sync::{Arc, OnceLock};

use super::Command;
use crate::{config::Context, tts};

/// The configuration of the engines at work, and of those being tried.
pub(super) struct Engines {
    settled: Context,
    /// Whether it worked is known once its worker has opened it.
    trying: Option<(Context, Arc<OnceLock<bool>>)>,
}

impl Engines {
    pub fn new(context: &Context) -> Self {
        Self { settled: context.clone(), trying: None }
    }

    /// What was wished for last, unless it is known not to work.
    pub fn wanted(&self) -> &Context {
        let hopeful = |(_, worked): &&(Context, Arc<OnceLock<bool>>)| worked.get() != Some(&false);
        self.trying.as_ref().filter(hopeful).map_or(&self.settled, |(context, _)| context)
    }

    /// What is known to work.
    pub fn settle(&mut self) -> Context {
        if let Some((context, _)) = self.trying.take_if(|(_, worked)| worked.get() == Some(&true)) {
            self.settled = context;
        }
        self.settled.clone()
    }

    pub fn try_out(&mut self, context: Context, worked: Arc<OnceLock<bool>>) {
        self.trying = Some((context, worked));
    }
}

/// The configuration with this wish fulfilled.
pub(super) fn with(context: &Context, wish: &Command) -> Context {
    let mut context = context.clone();
    let (llm, voice) = (&mut context.config.llm, &mut context.config.tts);
    match wish {
        Command::Model(model) => llm.model.clone_from(model),
        Command::Voice(name) if voice.backend == tts::Backend::Espeak => voice.espeak_voice.clone_from(name),
        Command::Voice(name) => voice.voice.clone_from(name),
        Command::Speed(speed) => voice.speed = *speed,
        _ => {}
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, os::paths::Paths};

    fn voice(engines: &Engines) -> &str {
        &engines.wanted().config.tts.voice
    }

    #[test]
    fn a_wish_that_does_not_work_is_forgotten_and_one_that_does_is_kept() {
        let config = Config { tts: tts::Settings { voice: "af_heart".into(), ..Default::default() }, ..Config::default() };
        let mut engines = Engines::new(&Context { config, paths: Paths::from_env().unwrap() });
        let wish = |engines: &mut Engines, name: &str| {
            let (context, worked) = (with(engines.wanted(), &Command::Voice(name.into())), Arc::new(OnceLock::new()));
            let settled = engines.settle().config.tts.voice;
            engines.try_out(context, worked.clone());
            (settled, worked)
        };
        let (settled, worked) = wish(&mut engines, "bogus");
        assert_eq!((settled.as_str(), voice(&engines)), ("af_heart", "bogus"));
        worked.set(false).unwrap();
        assert_eq!(voice(&engines), "af_heart");
        let (settled, worked) = wish(&mut engines, "am_adam");
        assert_eq!(settled, "af_heart");
        worked.set(true).unwrap();
        assert_eq!(voice(&engines), "am_adam");
        assert_eq!(wish(&mut engines, "bf_emma").0, "am_adam");
    }
}
