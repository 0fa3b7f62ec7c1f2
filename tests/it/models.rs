//! The registry against real files, and downloads from folders and from servers that misbehave.

#[cfg(feature = "net")]
mod server;
#[cfg(feature = "net")]
mod web;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use sha2::{Digest, Sha256};
use xnai::{
    error::{Kind, Result},
    models::{Entry, Manners, Places, Pull, Registry, Role, Shelf, Watch, inspect},
    parcel::ModelFile,
    turn::{Session, Turn},
};

use crate::support;

/// One file of a registry made for a test.
pub struct Pin<'a> {
    pub id: &'a str,
    pub content: &'a [u8],
    pub url: String,
    /// The registry knows the size.
    pub sized: bool,
}

impl<'a> Pin<'a> {
    pub fn new(id: &'a str, content: &'a [u8], url: String) -> Self {
        Self { id, content, url, sized: true }
    }
}

/// A shelf of its own in a temporary folder.
pub struct Rig {
    home: tempfile::TempDir,
    pub folder: PathBuf,
    pins: String,
    pub manners: Manners,
    pub mirrors: Vec<String>,
    pub watch: Seen,
    pub turn: Turn,
}

impl Rig {
    /// All files are one pack, `pack`, in which each stands in for those before it.
    pub fn new(pins: &[Pin<'_>]) -> Self {
        let file = |pin: &Pin<'_>| {
            let bytes = if pin.sized { pin.content.len() } else { 0 };
            let sha = format!("{:x}", Sha256::digest(pin.content));
            let (id, url) = (pin.id, &pin.url);
            format!(
                "[[file]]\nid='{id}'\nrole='llm'\nfile='{id}.gguf'\nurl='{url}'\nbytes={bytes}\nsha256='{sha}'\nlicence='MIT'\nseen=1\nabout='.'\n"
            )
        };
        let ids: Vec<String> = pins.iter().map(|pin| format!("'{}'", pin.id)).collect();
        let pack = format!("[[pack]]\nid='pack'\nabout='.'\nfiles=[[{}]]\n", ids.join(","));
        let home = tempfile::tempdir().unwrap();
        let manners = Manners { stall: Duration::from_secs(20), attempts: 5, pause: Duration::from_millis(1) };
        Self {
            folder: home.path().join("models"),
            home,
            pins: pins.iter().map(file).collect::<String>() + &pack,
            manners,
            mirrors: Vec::new(),
            watch: Seen::default(),
            turn: Session::new().turn(),
        }
    }

    pub fn pull(&mut self, names: &[&str]) -> Result<Vec<ModelFile>> {
        let shelf = Shelf::with(Registry::parse(&self.pins)?, Places::single(&self.folder, self.home.path()), &[]);
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        Pull::with(&shelf, self.mirrors.clone(), self.manners.clone())?.run(&names, &mut self.watch, &self.turn)
    }

    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(name)).ok()
    }

    pub fn put(&self, name: &str, content: &[u8]) {
        fs::create_dir_all(&self.folder).unwrap();
        fs::write(self.folder.join(name), content).unwrap();
    }

    /// What lies in the folder.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.folder).into_iter().flatten().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A folder beside it with files, as the address of a mirror.
    pub fn mirror(&self, name: &str, files: &[(&str, &[u8])]) -> String {
        let folder = self.home.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        for (file, content) in files {
            fs::write(folder.join(file), content).unwrap();
        }
        format!("file://{}", folder.display())
    }
}

/// What a watcher saw; can call the turn off in the middle and tell of its notes as they come.
#[derive(Default)]
pub struct Seen {
    pub notes: Vec<String>,
    pub starts: Vec<u64>,
    pub cancel: Option<Turn>,
    pub told: Option<SyncSender<String>>,
}

impl Watch for Seen {
    fn note(&mut self, line: &str) {
        self.notes.push(line.to_owned());
        if let Some(told) = &self.told {
            let _ = told.try_send(line.to_owned());
        }
    }

    fn start(&mut self, _: &Entry, from: u64, _: Option<u64>) {
        self.starts.push(from);
    }

    fn moved(&mut self, _: u64) {
        if let Some(turn) = &self.cancel {
            turn.cancel();
        }
    }

    fn done(&mut self, _: &Entry, _: &Path) {}
}

/// Bytes that differ everywhere, so that a muddle of positions shows.
pub fn content(length: u32) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// An address that nothing listens on.
pub fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/file", listener.local_addr().unwrap())
}

#[test]
fn the_small_pack_in_the_repository_is_what_the_registry_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let cache = tempfile::tempdir().unwrap();
    let shelf = Shelf::with(Registry::embedded().unwrap(), Places::single(&folder, cache.path()), &[]);
    let ear = shelf.find(Role::Stt, "whisper-nano.en-q8_0").unwrap().unwrap();
    inspect(&ear.path, Role::Stt).unwrap();
    assert_eq!(fs::read_to_string(folder.join("nano/phrases.txt")).unwrap().lines().count(), 108);
}

#[test]
fn real_files_pass_and_the_same_files_cut_do_not() {
    let Some(shared) = support::shared_models() else { return };
    let cut = tempfile::tempdir().unwrap();
    let files = [
        (Role::Vad, "vad/ggml-silero-v5.1.2.bin"),
        (Role::Vad, "vad/silero_vad.onnx"),
        (Role::Llm, "llm/stories260K.gguf"),
        (Role::Voices, "kokoro/voices/af_heart.bin"),
        (Role::Stt, "nano/ggml-nano.en-q8_0.bin"),
        (Role::Tts, "wake/embedding_model.onnx"),
    ];
    for (role, name) in files {
        inspect(&shared.join(name), role).unwrap_or_else(|e| panic!("{e}"));
        let bytes = fs::read(shared.join(name)).unwrap();
        let short = cut.path().join("short");
        for length in [0, 3, 16] {
            fs::write(&short, &bytes[..length]).unwrap();
            inspect(&short, role).expect_err(&format!("{name} cut to {length}"));
        }
    }
    let empty = inspect(&shared.join("whisper/for-tests-ggml-tiny.en.bin"), Role::Stt).unwrap_err();
    assert!(empty.to_string().contains("no weights"), "{empty}");
}

#[test]
fn the_shared_folder_is_found_by_its_pins() {
    let Some(shared) = support::shared_models() else { return };
    let cache = tempfile::tempdir().unwrap();
    let shelf = Shelf::with(Registry::embedded().unwrap(), Places::single(&shared, cache.path()), &[]);
    assert_eq!(shelf.find(Role::Vad, "auto").unwrap().unwrap().id, "silero-vad-v5.1.2");
    assert_eq!(shelf.find(Role::Llm, "auto").unwrap(), None, "the story teller is only for those who name it");
    assert!(shelf.find(Role::Llm, "stories260k").unwrap().is_some());
    let voices: Vec<String> = shelf.voices().unwrap().into_iter().map(|v| v.id).collect();
    assert_eq!(voices.len(), 6, "{voices:?} {:?}", shelf.notes());
}

#[test]
fn a_folder_serves_as_a_mirror_and_a_second_pull_does_nothing() {
    let model = content(70_000);
    let mut rig = Rig::new(&[Pin::new("m", &model, nowhere())]);
    rig.mirrors = vec![rig.mirror("mirror", &[("m.gguf", &model)])];
    assert_eq!(rig.pull(&["pack"]).unwrap()[0].id, "m");
    assert_eq!((rig.read("m.gguf").as_ref(), rig.names()), (Some(&model), vec!["m.gguf".to_owned()]));

    rig.mirrors.clear();
    rig.watch = Seen::default();
    rig.pull(&["m"]).unwrap();
    assert!(rig.watch.starts.is_empty() && rig.watch.notes.is_empty());
}

#[test]
fn a_folder_completes_a_part_and_replaces_one_that_does_not_fit() {
    let model = content(70_000);
    for part in [content(30_000), vec![7; 30_000]] {
        let mut rig = Rig::new(&[Pin::new("m", &model, nowhere())]);
        rig.mirrors = vec![rig.mirror("mirror", &[("m.gguf", &model)])];
        rig.put("m.gguf.part", &part);
        rig.pull(&["m"]).unwrap();
        assert_eq!((rig.watch.starts[0], rig.read("m.gguf").unwrap() == model, rig.names().len()), (30_000, true, 1));
    }
}

#[test]
fn a_mirror_with_a_wrong_file_is_passed_over() {
    let (model, mut wrong) = (content(5_000), content(5_000));
    wrong[4_999] ^= 1;
    let mut rig = Rig::new(&[Pin::new("m", &model, nowhere())]);
    rig.mirrors = vec![
        rig.mirror("a", &[("m.gguf", &wrong)]),
        rig.mirror("b", &[]),
        rig.mirror("c", &[("m.gguf", &model[..9])]),
        rig.mirror("d", &[("m.gguf", &model)]),
    ];
    rig.pull(&["m"]).unwrap();
    assert_eq!(rig.names(), ["m.gguf"]);
    assert_eq!(rig.read("m.gguf").unwrap(), model);
}

#[test]
fn a_pin_that_does_not_hold_is_answered_by_the_next_best_file() {
    let (best, next) = (content(5_000), content(4_000));
    let mut rig = Rig::new(&[Pin::new("best", &best, nowhere()), Pin::new("next", &next, nowhere())]);
    rig.mirrors = vec![rig.mirror("mirror", &[("best.gguf", &next), ("next.gguf", &next)])];
    assert_eq!(rig.pull(&["pack"]).unwrap()[0].id, "next");
    assert_eq!(rig.names(), ["next.gguf"]);
    assert!(rig.watch.notes.iter().any(|n| n.contains("next stands in")), "{:?}", rig.watch.notes);

    assert!(rig.pull(&["best"]).is_err(), "who asks for one file by name gets that file or an error");
}

#[test]
fn two_pulls_into_one_folder_take_turns() {
    let model = content(1_000);
    let mut rig = Rig::new(&[Pin::new("m", &model, nowhere())]);
    rig.mirrors = vec![rig.mirror("mirror", &[("m.gguf", &model)])];
    fs::create_dir_all(&rig.folder).unwrap();
    let other = File::open(&rig.folder).unwrap();
    other.lock().unwrap();

    let notes = waiting(&mut rig);
    let second = thread::Builder::new().name("second-pull".into()).spawn(move || rig.pull(&["m"]).map(|_| rig)).unwrap();
    assert!(notes.recv_timeout(Duration::from_secs(30)).unwrap().contains("waiting"));
    assert!(!second.is_finished());
    other.unlock().unwrap();
    assert_eq!(second.join().unwrap().unwrap().names(), ["m.gguf"]);
}

#[test]
fn waiting_for_another_pull_can_be_stopped() {
    let mut rig = Rig::new(&[Pin::new("m", b"x", nowhere())]);
    fs::create_dir_all(&rig.folder).unwrap();
    let other = File::open(&rig.folder).unwrap();
    other.lock().unwrap();
    let (notes, turn) = (waiting(&mut rig), rig.turn.clone());
    let second = thread::Builder::new().name("second-pull".into()).spawn(move || rig.pull(&["m"])).unwrap();
    notes.recv_timeout(Duration::from_secs(30)).unwrap();
    turn.cancel();
    assert!(second.join().unwrap().unwrap_err().is_stale());
}

fn waiting(rig: &mut Rig) -> Receiver<String> {
    let (told, notes) = sync_channel(8);
    rig.watch.told = Some(told);
    notes
}

#[test]
fn a_name_that_is_nothing_and_a_mirror_that_is_none_are_said_at_once() {
    let mut rig = Rig::new(&[Pin::new("whisper", b"x", nowhere())]);
    assert!(rig.pull(&["wisper"]).unwrap_err().to_string().contains("did you mean whisper?"));
    rig.mirrors = vec!["ftp://mirror".into()];
    assert_eq!(rig.pull(&["whisper"]).unwrap_err().kind(), Kind::Reword);
}
