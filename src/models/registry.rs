//! `models/registry.toml` into entries and packs: every file that xnai knows, with its size and hash.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Room};

/// What a file is for; decides which header it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Speech to text: whisper.cpp's format.
    Stt,
    /// Voice activity: whisper.cpp's format or ONNX.
    Vad,
    /// Writes answers: GGUF.
    Llm,
    /// Speaks: ONNX.
    Tts,
    /// Voice styles: an npz, or one raw array of f32.
    Voices,
    /// Text into vectors: ONNX or GGUF.
    Embed,
    /// The embedder's word pieces: JSON.
    Tokenizer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Stt => "stt",
            Role::Vad => "vad",
            Role::Llm => "llm",
            Role::Tts => "tts",
            Role::Voices => "voices",
            Role::Embed => "embed",
            Role::Tokenizer => "tokenizer",
        })
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: String,
    pub role: Role,
    /// Its name here and on mirrors; no folder.
    pub file: String,
    /// Where it was published; empty when it cannot be downloaded.
    #[serde(default)]
    pub url: String,
    /// 0: not known.
    #[serde(default)]
    pub bytes: u64,
    /// Lower-case hex; empty for files made by our scripts, whose hash is recorded beside them.
    #[serde(default)]
    pub sha256: String,
    pub licence: String,
    /// Independent public places that name the same hash.
    pub seen: u32,
    /// `auto` may choose it.
    #[serde(default = "yes")]
    pub auto: bool,
    /// The script of ours that makes it.
    #[serde(default)]
    pub made: Option<String>,
    /// The folder of the source tree that holds it.
    #[serde(default)]
    pub part_of: Option<String>,
    /// One sentence for people.
    pub about: String,
}

fn yes() -> bool {
    true
}

impl Entry {
    pub fn can_be_downloaded(&self) -> bool {
        !self.url.is_empty()
    }

    /// What gets this file: the imperative part of a hint.
    pub fn remedy(&self) -> String {
        match (&self.made, &self.part_of) {
            (Some(script), _) => format!("run {script}, which makes it"),
            (_, Some(folder)) => format!("take it from {folder} of the source tree"),
            _ => format!("run `xnai models pull {}`", self.id),
        }
    }
}

/// Files that together make a working set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub id: String,
    pub about: String,
    /// For each file of the pack: its id, then the ids of what stands in for it, best first.
    pub files: Vec<Vec<String>>,
}

/// Every file and pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    #[serde(rename = "file")]
    pub files: Vec<Entry>,
    #[serde(rename = "pack", default)]
    pub packs: Vec<Pack>,
}

impl Registry {
    /// The one this program was built with.
    pub fn embedded() -> Result<Self> {
        Self::parse(include_str!("../../models/registry.toml"))
    }

    pub fn parse(text: &str) -> Result<Self> {
        let registry: Self =
            toml::from_str(text).map_err(|e| Error::report(Room::Models, format!("the model registry cannot be read: {}", e.message())))?;
        registry.check()?;
        Ok(registry)
    }

    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.files.iter().find(|entry| entry.id == id)
    }

    pub fn pack(&self, id: &str) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.id == id)
    }

    pub fn by_hash(&self, sha256: &str) -> Option<&Entry> {
        self.files.iter().find(|entry| !entry.sha256.is_empty() && entry.sha256 == sha256)
    }

    /// Files of a role, best first.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Entry> {
        self.files.iter().filter(move |entry| entry.role == role)
    }

    /// The packs that want this file first.
    pub fn packs_of(&self, id: &str) -> Vec<&str> {
        self.packs.iter().filter(|p| p.files.iter().any(|line| line.first().is_some_and(|f| f == id))).map(|p| p.id.as_str()).collect()
    }

    /// Packs and ids into files: for every one that is meant, itself and its stand-ins, best first.
    pub fn lines(&self, names: &[String]) -> Result<Vec<Vec<&Entry>>> {
        let (mut lines, mut seen) = (Vec::new(), HashSet::new());
        for name in names {
            let wanted = match (self.pack(name), self.get(name)) {
                (Some(pack), _) => self.lines_of(pack),
                (None, Some(entry)) => vec![vec![entry]],
                (None, None) => return Err(self.unknown(name)),
            };
            lines.extend(wanted.into_iter().filter(|line| line.first().is_some_and(|first| seen.insert(&first.id))));
        }
        Ok(lines)
    }

    /// The files of a pack, each with its stand-ins.
    pub fn lines_of(&self, pack: &Pack) -> Vec<Vec<&Entry>> {
        pack.files.iter().map(|line| line.iter().filter_map(|id| self.get(id)).collect()).collect()
    }

    /// An id that does not exist, with the nearest one that does.
    pub fn unknown(&self, id: &str) -> Error {
        let names = self.files.iter().map(|e| e.id.as_str()).chain(self.packs.iter().map(|p| p.id.as_str()));
        let near = names.max_by(|a, b| strsim::jaro_winkler(a, id).total_cmp(&strsim::jaro_winkler(b, id)));
        let error = Error::fetch(Room::Models, format!("no model, pack or file is called {id:?}"));
        match near.filter(|name| strsim::jaro_winkler(name, id) > 0.75) {
            Some(name) => error.hint(format!("did you mean {name}? `xnai models list` shows all")),
            None => error.hint("`xnai models list` shows all"),
        }
    }

    fn check(&self) -> Result<()> {
        let bad = |what: String| Err(Error::report(Room::Models, format!("the model registry is wrong: {what}")));
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        for entry in &self.files {
            if !ids.insert(&entry.id) || !names.insert(&entry.file) {
                return bad(format!("{} or its file name occurs twice", entry.id));
            }
            if entry.file.is_empty() || entry.file.starts_with('.') || entry.file.contains('/') {
                return bad(format!("{} has no plain file name", entry.id));
            }
            let hash_fits = if entry.made.is_some() { entry.sha256.is_empty() } else { is_sha256(&entry.sha256) };
            if !hash_fits {
                return bad(format!("{} has no usable sha256", entry.id));
            }
        }
        let packed = self.packs.iter().flat_map(|p| p.files.iter().flatten());
        match packed.into_iter().find(|id| !ids.contains(id)) {
            Some(id) => bad(format!("a pack names {id}, which is no file")),
            None => Ok(()),
        }
    }
}

/// 64 lower-case hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_registry_holds_and_every_pack_has_ears_and_an_embedder() {
        let registry = Registry::embedded().unwrap();
        for name in ["nano", "tiny", "laptop", "quality"] {
            let pack = registry.pack(name).unwrap();
            let roles: Vec<Role> = pack.files.iter().map(|line| registry.get(&line[0]).unwrap().role).collect();
            assert!(roles.contains(&Role::Stt) && roles.contains(&Role::Embed) && roles.contains(&Role::Tokenizer), "{name}");
            for line in &pack.files {
                let role = registry.get(&line[0]).unwrap().role;
                assert!(line.iter().all(|id| registry.get(id).unwrap().role == role), "{name}: a stand-in has another role");
            }
        }
    }

    #[test]
    fn every_published_file_is_fetched_over_tls() {
        for entry in Registry::embedded().unwrap().files {
            let origins =
                usize::from(entry.url.starts_with("https://")) + usize::from(entry.made.is_some()) + usize::from(entry.part_of.is_some());
            assert_eq!(origins, 1, "{}", entry.id);
            assert!(entry.about.ends_with('.') && entry.seen > 0, "{}", entry.id);
        }
    }

    #[test]
    fn nano_is_the_last_ear_that_auto_would_choose() {
        let registry = Registry::embedded().unwrap();
        assert_eq!(registry.of(Role::Stt).last().unwrap().id, "whisper-nano.en-q8_0");
    }

    #[test]
    fn mistakes_in_a_registry_are_named() {
        let entry = |id: &str, file: &str, sha: &str| {
            format!("[[file]]\nid='{id}'\nrole='llm'\nfile='{file}'\nurl='https://x/'\nsha256='{sha}'\nlicence='MIT'\nseen=1\nabout='.'\n")
        };
        let sha = "0".repeat(64);
        assert!(Registry::parse(&entry("a", "a.gguf", &sha)).is_ok());
        for (text, says) in [
            (entry("a", "../a", &sha), "plain file name"),
            (entry("a", "a", "12"), "sha256"),
            (entry("a", "a", &sha) + &entry("a", "b", &sha), "twice"),
            (entry("a", "a", &sha) + "[[pack]]\nid='p'\nabout='.'\nfiles=[['b']]\n", "no file"),
            ("nonsense".into(), "cannot be read"),
        ] {
            assert!(Registry::parse(&text).unwrap_err().to_string().contains(says), "{says}");
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let error = Registry::embedded().unwrap().unknown("whisper-tiny.en");
        assert!(error.to_string().contains("whisper-tiny.en-q5_1"), "{error}");
    }
}
