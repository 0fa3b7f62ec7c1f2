//! What the shelf hands out, and what it refuses with which sentence.

use std::{fs, os::unix::fs::symlink, path::Path};

use super::*;
use crate::error::Kind;

const GOOD: &str = "good model";
const BETTER: &str = "better one";

fn sha(text: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("{:x}", Sha256::digest(text))
}

fn registry() -> Registry {
    let file = |id: &str, role: &str, rest: &str| {
        format!("[[file]]\nid='{id}'\nrole='{role}'\nfile='{id}.bin'\nlicence='MIT'\nseen=1\nabout='.'\n{rest}\n")
    };
    let pinned =
        |id: &str, role: &str, text: &str| file(id, role, &format!("url='https://h/'\nbytes={}\nsha256='{}'", text.len(), sha(text)));
    let text = pinned("better", "llm", BETTER)
        + &pinned("good", "llm", GOOD)
        + &pinned("named", "llm", "only by name").replace("seen=1", "seen=1\nauto=false")
        + &pinned("ear", "stt", "an ear")
        + &file("local", "tokenizer", "made='scripts/models/minilm'");
    Registry::parse(&text).unwrap()
}

struct Rig {
    folder: tempfile::TempDir,
    trust: Vec<String>,
}

impl Rig {
    fn with(files: &[(&str, &str)]) -> Self {
        let rig = Self { folder: tempfile::tempdir().unwrap(), trust: Vec::new() };
        for (name, text) in files {
            let path = rig.at(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        rig
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join("models").join(name)
    }

    fn shelf(&self) -> Shelf {
        Shelf::with(registry(), Places::single(&self.folder.path().join("models"), &self.folder.path().join("cache")), &self.trust)
    }

    fn find(&self, role: Role, wanted: &str) -> Result<Option<String>> {
        self.shelf().find(role, wanted).map(|file| file.map(|f| f.id))
    }

    fn refusal(&self, role: Role, wanted: &str) -> String {
        let error = self.find(role, wanted).unwrap_err();
        assert_eq!(error.kind(), Kind::Fetch, "{error}");
        error.to_string()
    }
}

#[test]
fn auto_takes_the_best_that_is_installed_in_any_subfolder() {
    assert_eq!(Rig::with(&[]).find(Role::Llm, "auto").unwrap(), None);
    assert_eq!(Rig::with(&[("llm/good.bin", GOOD)]).find(Role::Llm, "auto").unwrap().as_deref(), Some("good"));
    let both = Rig::with(&[("good.bin", GOOD), ("a/b/better.bin", BETTER)]);
    assert_eq!(both.find(Role::Llm, "auto").unwrap().as_deref(), Some("better"));
}

#[test]
fn auto_never_takes_what_is_only_for_those_who_name_it() {
    let rig = Rig::with(&[("named.bin", "only by name")]);
    assert_eq!(rig.find(Role::Llm, "auto").unwrap(), None);
    assert_eq!(rig.find(Role::Llm, "named").unwrap().as_deref(), Some("named"));
}

#[test]
fn a_damaged_best_is_a_note_and_the_next_best_serves() {
    for damaged in ["better", "bettEr one", "far longer than it should be", ""] {
        let rig = Rig::with(&[("better.bin", damaged), ("good.bin", GOOD)]);
        let shelf = rig.shelf();
        assert_eq!(shelf.find(Role::Llm, "auto").unwrap().unwrap().id, "good", "{damaged:?}");
        assert_eq!(shelf.notes().len(), 1, "{damaged:?}");
        assert!(shelf.notes().is_empty());
        assert!(rig.refusal(Role::Llm, "better").contains("better.bin"));
    }
}

#[test]
fn a_damaged_file_does_not_hide_a_good_one_behind_it() {
    let rig = Rig::with(&[("a/good.bin", "cut"), ("b/good.bin", GOOD)]);
    assert_eq!(rig.shelf().find(Role::Llm, "good").unwrap().unwrap().path, rig.at("b/good.bin"));
}

#[test]
fn a_missing_model_names_the_command_that_gets_it() {
    let rig = Rig::with(&[]);
    assert!(rig.refusal(Role::Llm, "good").contains("`xnai models pull good`"));
    assert!(rig.refusal(Role::Tokenizer, "local").contains("scripts/models/minilm"));
    assert!(rig.refusal(Role::Llm, "goood").contains("did you mean good?"));
}

#[test]
fn a_file_for_one_thing_does_not_serve_as_another() {
    let rig = Rig::with(&[("ear.bin", "an ear")]);
    assert!(rig.refusal(Role::Llm, "ear").contains("is a file for stt"));
    assert!(rig.refusal(Role::Llm, rig.at("ear.bin").to_str().unwrap()).contains("is a file for stt"));
}

#[test]
fn a_path_is_taken_when_its_content_is_pinned_whatever_its_name() {
    let rig = Rig::with(&[("renamed.gguf", GOOD)]);
    assert_eq!(rig.find(Role::Llm, rig.at("renamed.gguf").to_str().unwrap()).unwrap().as_deref(), Some("good"));
}

#[test]
fn an_unknown_file_is_refused_with_its_hash_until_it_is_trusted() {
    let text = "{\"model\": {}}";
    let mut rig = Rig::with(&[("mine.json", text)]);
    let path = rig.at("mine.json").to_str().unwrap().to_owned();
    let refusal = rig.refusal(Role::Tokenizer, &path);
    assert!(refusal.contains(&sha(text)) && refusal.contains("--trust-model"), "{refusal}");

    symlink(rig.at("mine.json"), rig.at("link.json")).unwrap();
    rig.trust = vec![rig.at("link.json").to_str().unwrap().to_owned()];
    assert_eq!(rig.find(Role::Tokenizer, &path).unwrap().as_deref(), Some("mine.json"));
    assert!(rig.refusal(Role::Llm, &path).contains("no GGUF"), "trust is not blindness");
}

#[test]
fn what_our_scripts_make_is_held_to_the_hash_they_recorded() {
    let text = "{\"model\": {}}";
    let rig = Rig::with(&[("local.bin", text)]);
    assert!(rig.refusal(Role::Tokenizer, "local").contains("no recorded hash"));
    assert_eq!(rig.find(Role::Tokenizer, "auto").unwrap(), None);

    fs::write(rig.at("local.bin.sha256"), format!("{}  local.bin\n", sha(text))).unwrap();
    assert_eq!(rig.find(Role::Tokenizer, "auto").unwrap().as_deref(), Some("local"));

    fs::write(rig.at("local.bin"), "{\"model\": 13}").unwrap();
    assert!(rig.refusal(Role::Tokenizer, "local").contains("is not local"));
}

#[test]
fn a_hash_recorded_beside_a_file_vouches_only_for_what_our_scripts_make() {
    let text = "{\"model\": {}}";
    let record = |name: &str| format!("{}  {name}\n", sha(text));
    let (local, mine) = (record("local.bin"), record("mine.bin"));
    let rig = Rig::with(&[
        ("minilm/local.bin", text),
        ("minilm/local.bin.sha256", &local),
        ("mine.bin", text),
        ("mine.bin.sha256", &mine),
        ("../elsewhere/local.bin", text),
        ("../elsewhere/local.bin.sha256", &local),
    ]);
    let ours = rig.at("minilm/local.bin");
    assert_eq!(rig.find(Role::Tokenizer, ours.to_str().unwrap()).unwrap().as_deref(), Some("local"));
    for strange in ["mine.bin", "../elsewhere/local.bin"] {
        let refusal = rig.refusal(Role::Tokenizer, rig.at(strange).to_str().unwrap());
        assert!(refusal.contains("--trust-model"), "{strange}: {refusal}");
    }
    assert!(rig.refusal(Role::Llm, ours.to_str().unwrap()).contains("--trust-model"), "made for something else");
    fs::write(&ours, "{\"model\": 13}").unwrap();
    assert!(rig.refusal(Role::Tokenizer, ours.to_str().unwrap()).contains("--trust-model"), "not what was recorded");
}

#[test]
fn the_command_line_trusts_in_addition_to_the_settings() {
    let rig = Rig::with(&[("a.json", "{\"model\": {}}"), ("b.json", "{\"model\": {}}")]);
    let trust = vec![rig.at("a.json").to_str().unwrap().to_owned()];
    let settings = Settings { trust, trusted_too: vec![rig.at("b.json")], ..Settings::default() };
    let shelf = Shelf::open(&settings, &Paths::under(rig.folder.path())).unwrap();
    for name in ["a.json", "b.json"] {
        assert_eq!(shelf.find(Role::Tokenizer, rig.at(name).to_str().unwrap()).unwrap().unwrap().id, name);
    }
}

#[test]
fn folders_pipes_and_nothing_are_sentences() {
    let rig = Rig::with(&[("empty.bin", "")]);
    nix::unistd::mkfifo(&rig.at("pipe.bin"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (name, says) in [("empty.bin", "is empty"), ("pipe.bin", "is a pipe"), ("", "is a folder"), ("none.bin", "does not exist")] {
        let refusal = rig.refusal(Role::Llm, rig.at(name).to_str().unwrap());
        assert!(refusal.contains(says), "{refusal}");
    }
}

#[test]
fn a_single_file_with_all_voices_comes_before_single_voices() {
    let registry = Registry::embedded().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::with(registry, Places::single(folder.path(), folder.path()), &[]);
    assert_eq!(shelf.voices().unwrap(), []);
    fs::write(folder.path().join("af_heart.bin"), vec![0; 522_240]).unwrap();
    assert_eq!(shelf.voices().unwrap(), [], "the right size is not enough");
    assert_eq!(shelf.notes().len(), 1);
}

#[test]
fn state_is_told_without_reading() {
    let rig = Rig::with(&[("good.bin", GOOD), ("better.bin", "cut")]);
    let shelf = rig.shelf();
    let state = |id: &str| shelf.state(shelf.registry().get(id).unwrap());
    assert_eq!(state("good"), State::Installed(rig.at("good.bin")));
    assert_eq!(state("better"), State::Damaged(rig.at("better.bin")));
    assert_eq!(state("ear"), State::Missing);
}

#[test]
fn only_downloads_are_removed() {
    let rig = Rig::with(&[("sub/good.bin", GOOD), ("good.bin.part", "go"), ("local.bin", "{}"), ("local.bin.sha256", "x")]);
    let shelf = rig.shelf();
    let remove = |id: &str| shelf.remove(shelf.registry().get(id).unwrap());
    assert_eq!(remove("good").unwrap(), [rig.at("sub/good.bin"), rig.at("good.bin.part")]);
    assert_eq!(remove("local").unwrap(), [rig.at("local.bin"), rig.at("local.bin.sha256")]);
    assert_eq!(remove("ear").unwrap_err().kind(), Kind::Fetch);
}

#[test]
fn what_lies_elsewhere_or_belongs_to_the_program_is_not_removed() {
    let rig = Rig::with(&[("good.bin", GOOD)]);
    let elsewhere =
        Places { owned: vec![Path::new("/nowhere").into()], ..Places::single(&rig.folder.path().join("models"), rig.folder.path()) };
    let shelf = Shelf::with(registry(), elsewhere, &[]);
    assert_eq!(shelf.remove(shelf.registry().get("good").unwrap()).unwrap_err().kind(), Kind::Reword);
    assert!(rig.at("good.bin").exists());

    let nano = Registry::embedded().unwrap().get("whisper-nano.en-q8_0").unwrap().clone();
    assert!(shelf.remove(&nano).unwrap_err().to_string().contains("stays"));
}
