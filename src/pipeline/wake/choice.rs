//! The settings into a way to be called, and what is to be said about it.

use std::time::Duration;

use crate::{
    audio::listen::Settings,
    error::{Error, Result, Room},
    os::paths::Paths,
    stt,
    turn::Session,
    wyoming::{Link, Who, wake::plain},
};

/// How somebody who holds no key says that we are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// Whoever speaks is meant.
    Anybody,
    /// What was said begins with this name.
    Name(String),
    /// This phrase comes first: nothing else is heard.
    Phrase(Phrase),
}

/// What is spotted, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// In small letters; empty: whatever the spotter knows.
    pub words: String,
    /// Of the spotter, a server of the Wyoming protocol.
    pub address: String,
    /// How long that may owe a sign of life.
    pub patience: Duration,
    /// How long after it a question may begin.
    pub window: Duration,
}

impl Phrase {
    /// For people.
    pub fn name(&self) -> String {
        if self.words.is_empty() { "a key phrase".into() } else { format!("{:?}", self.words) }
    }

    /// The way to the spotter; nothing is started or connected yet.
    pub fn link(&self) -> Result<Link> {
        let who = Who { room: Room::Pipeline, name: "spotter", key: "listen.wake_address", patience: self.patience };
        Link::new(&self.address, who)
    }
}

/// The way that these settings mean. A phrase whose spotter is not installed, or whose address is none, is an error.
pub fn choose(settings: &Settings, paths: &Paths) -> Result<Choice> {
    let words = plain(&settings.wake_phrase);
    let phrase = |address| Phrase {
        words: words.clone(),
        address,
        patience: Duration::from_secs(settings.wake_timeout_s.into()),
        window: Duration::from_secs(settings.wake_window_s.into()),
    };
    if !settings.wake_address.is_empty() {
        let phrase = phrase(settings.wake_address.clone());
        return phrase.link().map(|_| Choice::Phrase(phrase));
    }
    if words.is_empty() {
        return Ok(if settings.wake.is_empty() { Choice::Anybody } else { Choice::Name(settings.wake.clone()) });
    }
    let missing = || {
        Error::fetch(Room::Pipeline, format!("{words:?} cannot be spotted: PocketSphinx is not installed"))
            .hint("run `scripts/ears/sphinx install`, or set listen.wake_address to another spotter's")
    };
    let program = stt::sphinx(paths).ok_or_else(missing)?;
    let sensitivity = settings.wake_sensitivity;
    // Of a phrase nothing but letters, digits, blanks, dots and apostrophes is left.
    Ok(Choice::Phrase(phrase(format!("{} --wake \"{words}\" --sensitivity {sensitivity}", stt::sphinx_address(&program)))))
}

/// Which way is in use, in words: asks the spotter, where there is one.
pub fn examine(settings: &Settings, paths: &Paths) -> Result<String> {
    match choose(settings, paths)? {
        Choice::Anybody => Ok("none: hands-free answers whoever speaks".into()),
        Choice::Name(name) => Ok(format!("the spoken name {name:?}, looked for in what was understood")),
        Choice::Phrase(phrase) => {
            let (_, spotter) = phrase.link()?.knows(&phrase.words, &Session::new().turn())?;
            Ok(format!("{}, spotted by {spotter}: hands-free hears nothing before it", phrase.name()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(settings: &Settings, sphinx: bool) -> Result<Choice> {
        let folder = tempfile::tempdir().unwrap();
        if sphinx {
            std::fs::create_dir_all(folder.path().join("ears/sphinx")).unwrap();
            std::fs::write(folder.path().join("ears/sphinx/serve"), "").unwrap();
        }
        let mut paths = Paths::from_env().unwrap();
        paths.data = folder.path().to_owned();
        choose(settings, &paths)
    }

    #[test]
    fn the_phrase_goes_before_the_name_and_the_address_before_pocketsphinx() {
        let settings = |wake: &str, phrase: &str, address: &str| Settings {
            wake: wake.into(),
            wake_phrase: phrase.into(),
            wake_address: address.into(),
            ..Settings::default()
        };
        assert_eq!(chosen(&settings("", "", ""), true).unwrap(), Choice::Anybody);
        assert_eq!(chosen(&settings("computer", "", ""), true).unwrap(), Choice::Name("computer".into()));
        let Choice::Phrase(phrase) = chosen(&settings("computer", "Hey, Computer!", ""), true).unwrap() else { panic!() };
        assert_eq!((phrase.words.as_str(), phrase.window), ("hey computer", Duration::from_secs(8)));
        assert!(phrase.address.ends_with("/ears/sphinx/serve\" --wake \"hey computer\" --sensitivity 0.4"), "{}", phrase.address);
        let Choice::Phrase(any) = chosen(&settings("", "", "tcp://127.0.0.1:10400"), false).unwrap() else { panic!() };
        assert_eq!((any.words.as_str(), any.address.as_str()), ("", "tcp://127.0.0.1:10400"));
    }

    #[test]
    fn what_is_missing_is_one_sentence_with_the_command() {
        let phrase = Settings { wake_phrase: "hey computer".into(), ..Settings::default() };
        let text = chosen(&phrase, false).unwrap_err().to_string();
        assert!(text.contains("\"hey computer\" cannot be spotted") && text.contains("scripts/ears/sphinx install"), "{text}");
        let elsewhere = Settings { wake_address: "tcp://192.168.0.1:1".into(), ..phrase };
        assert!(chosen(&elsewhere, true).unwrap_err().to_string().contains("listen.wake_address"));
    }
}
