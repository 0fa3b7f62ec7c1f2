//! What is kept comes back where nobody said otherwise, and a broken file is one sentence.

use std::os::unix::fs::PermissionsExt;

use figment::value::Value;

use super::*;
use crate::pipeline::live;

struct Rig {
    root: tempfile::TempDir,
    context: Context,
}

impl Rig {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { context: Context { config: Config::default(), paths: Paths::under(root.path()) }, root }
    }

    fn broken(text: &[u8]) -> Self {
        let rig = Self::new();
        fs::create_dir_all(&rig.context.paths.state).unwrap();
        fs::write(rig.file(), text).unwrap();
        rig
    }

    fn file(&self) -> PathBuf {
        file(&self.context.paths)
    }

    /// The next start: with this configuration and these flags.
    fn start(&mut self, toml: &str, flags: &[(&str, Value)]) -> (Config, Option<String>) {
        let file = self.root.path().join("config.toml");
        fs::write(&file, toml).unwrap();
        let layers = Layers::stack(Some(&file), &self.context.paths, flags).unwrap();
        self.context.config = layers.read().unwrap();
        super::super::names::settle(&mut self.context);
        let note = recall(&mut self.context, &layers);
        (self.context.config.clone(), note)
    }
}

fn chosen() -> Choices {
    Choices { theme: Some(Theme::Light), speed: Some(1.3), volume: Some(0.5), ..Choices::default() }
}

#[test]
fn a_choice_goes_before_defaults_and_behind_whatever_was_said() {
    let mut rig = Rig::new();
    keep(&rig.context.paths, chosen()).unwrap();
    let (config, note) = rig.start("", &[]);
    assert_eq!((config.tui.theme, config.tts.speed, config.audio.volume, note), (Theme::Light, 1.3, 0.5, None));
    let (config, _) = rig.start("[tui]\ntheme = 'mono'\n[tts]\nspeed = 1.1", &[("tts.speed", Value::from(0.9))]);
    assert_eq!((config.tui.theme, config.tts.speed, config.audio.volume), (Theme::Mono, 0.9, 0.5));
    // Said is said, also where it is the default.
    assert_eq!(rig.start("[tui]\ntheme = 'dark'", &[]).0.tui.theme, Theme::Dark);
}

#[test]
fn choices_add_up_and_only_what_changed_is_one() {
    let mut rig = Rig::new();
    keep(&rig.context.paths, chosen()).unwrap();
    let before = Choices { speed: Some(1.3), voice: Some("af_heart".into()), edit: Some(false), ..chosen() };
    let after = Choices { speed: Some(1.4), edit: Some(true), ..before.clone() };
    let changed = after.since(&before);
    assert_eq!(changed, Choices { speed: Some(1.4), edit: Some(true), ..Choices::default() });
    assert_eq!(after.since(&after), Choices::default());
    keep(&rig.context.paths, changed).unwrap();
    let (config, _) = rig.start("", &[]);
    assert_eq!((config.tui.theme, config.tts.speed, config.tui.edit), (Theme::Light, 1.4, true));
    assert_eq!(config.tts.voice, Config::default().tts.voice);
    let mode = fs::metadata(rig.file()).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, fs::read_dir(&rig.context.paths.state).unwrap().count()), (0o600, 1));
}

#[test]
fn a_file_that_does_not_hold_is_one_sentence_and_gives_way_to_the_next_choice() {
    let large = vec![b'#'; MOST_BYTES as usize + 1];
    let cases: [&[u8]; 8] =
        [b"theme = [", b"theme = 'pink'", b"speed = 9.0", b"speed = nan", b"voice = ''", b"volume = 'loud'", b"\xff\xfe", &large];
    for text in cases {
        let mut rig = Rig::broken(text);
        let (config, note) = rig.start("", &[]);
        let note = note.unwrap();
        let mut untouched = Config::default();
        untouched.tts.backend = config.tts.backend;
        assert_eq!(config, untouched);
        assert!(note.contains("choices.toml") && note.contains("choose again") && !note.contains('\n'), "{note}");
        keep(&rig.context.paths, chosen()).unwrap();
        assert_eq!(rig.start("", &[]).1, None);
    }
}

#[test]
fn what_is_no_file_is_never_waited_for() {
    let mut rig = Rig::new();
    fs::create_dir_all(&rig.context.paths.state).unwrap();
    nix::unistd::mkfifo(&rig.file(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(rig.start("", &[]).1.unwrap().contains("another file than ours"));
}

#[test]
fn a_voice_that_is_gone_is_said_and_not_taken() {
    let mut rig = Rig::new();
    let gone = || Choices { voice: Some("xx gone".into()), espeak_voice: Some("xx-gone".into()), ..chosen() };
    keep(&rig.context.paths, gone()).unwrap();
    // Without Kokoro's files nobody can say which voices there are: it is said when they are opened.
    let note = rig.start("[tts]\nbackend = 'kokoro'\n", &[]).1;
    assert_eq!(note.is_some(), !live::voices(&rig.context).unwrap().is_empty(), "{note:?}");
    if !tts::espeak::installed() {
        assert!(std::env::var_os("CI").is_none(), "espeak-ng is not installed");
        eprintln!("skipped: espeak-ng is not installed");
        return;
    }
    let espeak = "[tts]\nbackend = 'espeak'\n";
    let (config, note) = rig.start(espeak, &[]);
    assert_eq!(note.unwrap(), "the voice chosen last time, xx-gone, is not there any more: en-us speaks");
    assert_eq!((config.tts.espeak_voice, config.tts.speed), (Config::default().tts.espeak_voice, 1.3), "the rest is taken");
    let (_, note) = rig.start(&format!("{espeak}espeak_voice = 'en-us'"), &[]);
    assert_eq!(note, None, "it would not have been taken anyway");
}

#[test]
fn a_voice_belongs_to_the_engine_that_spoke_it() {
    let mut rig = Rig::new();
    for (engine, voice) in [(tts::Backend::Kokoro, "af_bella"), (tts::Backend::Wyoming, "ryan")] {
        keep(&rig.context.paths, Choices::default().speaking(engine, voice)).unwrap();
    }
    let voices = |(config, note): (Config, Option<String>)| {
        let tts::Settings { voice, espeak_voice, wyoming_voice, .. } = config.tts;
        ([voice, espeak_voice, wyoming_voice], note)
    };
    let all = |voices: [&str; 3]| voices.map(str::to_owned);
    // Kokoro's is neither taken nor complained of where espeak-ng speaks.
    assert_eq!(voices(rig.start("[tts]\nbackend = 'espeak'", &[])), (all(["af_heart", "en-us", ""]), None));
    assert_eq!(voices(rig.start("", &[])), (all(["af_heart", "en-us", ""]), None));
    assert_eq!(voices(rig.start("[tts]\nbackend = 'wyoming'", &[])), (all(["af_heart", "en-us", "ryan"]), None));
    keep(&rig.context.paths, Choices::default().speaking(tts::Backend::Wyoming, "")).unwrap();
    assert_eq!(voices(rig.start("[tts]\nbackend = 'wyoming'", &[])), (all(["af_heart", "en-us", ""]), None));
    if tts::espeak::installed() {
        keep(&rig.context.paths, Choices::default().speaking(tts::Backend::Espeak, "en-gb")).unwrap();
        assert_eq!(voices(rig.start("", &[])), (all(["af_heart", "en-gb", ""]), None));
    }
}

#[test]
fn where_nothing_is_saved_none_of_it_is_read() {
    let mut rig = Rig::new();
    keep(&rig.context.paths, chosen()).unwrap();
    assert_eq!(rig.start("[sessions]\nsave = false", &[]).0.tts.speed, 1.0);
}
