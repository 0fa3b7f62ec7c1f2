//! Layers over layers, and what is said when one does not fit.

use super::*;

fn read(toml: &str) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, toml).unwrap();
    Layers::stack(Some(&file), &Paths::under(folder.path()), &[])?.read()
}

#[test]
fn the_file_at_the_root_is_the_default() {
    assert_eq!(read(DEFAULT_TOML).unwrap(), Config::default());
    let mut written = BTreeMap::new();
    let table: Dict = toml::from_str(DEFAULT_TOML).unwrap();
    flatten("", &table, &mut written);
    let known = leaves(&Figment::from(Serialized::defaults(Config::default()))).unwrap();
    let missing: Vec<_> = known.keys().filter(|key| !written.contains_key(*key)).collect();
    assert!(missing.is_empty(), "config.toml does not name {missing:?}");
}

#[test]
fn a_file_overlays_the_default_and_a_flag_overlays_the_file() {
    assert_eq!(read("[tts]\nspeed = 1.5").unwrap().tts.speed, 1.5);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    fs::write(&file, "[tts]\nspeed = 1.5\nvoice = 'am_michael'").unwrap();
    let layers = Layers::stack(Some(&file), &Paths::under(folder.path()), &[("tts.speed", Value::from(0.75))]).unwrap();
    let config = layers.read().unwrap();
    assert_eq!((config.tts.speed, config.tts.voice.as_str()), (0.75, "am_michael"));
    let origins = layers.origins().unwrap();
    let of = |key: &str| origins.iter().find(|o| o.0 == key).unwrap().2.clone();
    assert_eq!(of("tts.speed"), "command line");
    assert!(of("tts.voice").ends_with("c.toml"));
    assert_eq!(of("llm.batch"), "default");
    let value = |key: &str| origins.iter().find(|o| o.0 == key).unwrap().1.clone();
    assert_eq!((value("sampling.min_p").as_str(), value("tts.speed").as_str(), value("audio.volume").as_str()), ("0.05", "0.75", "1.0"));
}

#[test]
fn what_cannot_be_meant_is_one_sentence_with_the_key() {
    let cases = [
        ("[tts]\nspeeed = 1.0", "did you mean tts.speed?"),
        ("[tt]\nspeed = 1.0", "did you mean tts.speed?"),
        ("[tts]\nspeed = 9.0", "tts.speed is 9, outside 0.5 to 2: it was set by: "),
        ("[tts]\nspeed = 'fast'", "tts.speed is string \"fast\", and must be a number (/"),
        ("[llm]\nbackend = 'gpt'", "llm.backend is \"gpt\", and can be auto, llama, quote, openai (/"),
        ("[tts]\nvoce = ''\nspeeed = 1.0", "no setting tts.speeed, or tts.voce ("),
        ("[tts]\nvoce = ''\nspeeed = 1.0", "did you mean tts.speed and tts.voice?"),
        ("[llm]\nbatch = 64\nubatch = 512", "llm.ubatch is 512"),
        ("tts = [", "is not TOML"),
    ];
    for (toml, expected) in cases {
        let error = read(toml).unwrap_err();
        assert!(error.to_string().contains(expected), "{toml:?} gave: {error}");
        assert_eq!(error.kind(), crate::error::Kind::Reword);
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn files_that_are_no_configuration_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::under(folder.path());
    let path = |name: &str| folder.path().join(name);
    fs::write(path("binary"), [0xff, 0xfe, 0x00]).unwrap();
    fs::write(path("huge"), vec![b'#'; 2 << 20]).unwrap();
    nix::unistd::mkfifo(&path("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (name, expected) in
        [("missing", "does not exist"), ("binary", "not UTF-8"), ("huge", "over 1 MiB"), ("fifo", "is not a file"), ("", "is not a file")]
    {
        let error = Layers::stack(Some(&path(name)), &paths, &[]).err().unwrap();
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
    assert_eq!(Layers::stack(None, &paths, &[]).unwrap().read().unwrap(), Config::default());
}

#[test]
fn the_environment_names_settings_by_section_and_key() {
    let set = |name: &str, value: &str| environment_layer([(name.to_owned(), value.to_owned())].into_iter());
    let read = |layer: Layer| Figment::from(Serialized::defaults(Config::default())).merge(layer).extract::<Config>().unwrap();
    assert_eq!(read(set("XNAI_AUDIO_MAX_AUDIO_S", "30")).audio.max_audio_s, 30);
    assert_eq!(read(set("XNAI_MODELS_PATH", "/somewhere")), Config::default());
    let known = leaves(&Figment::from(Serialized::defaults(Config::default()))).unwrap();
    let error = check_keys(&set("XNAI_AUDIO_LOUDNESS", "11"), &known).unwrap_err();
    assert!(error.to_string().contains("no setting audio.loudness (environment)"), "{error}");
}
