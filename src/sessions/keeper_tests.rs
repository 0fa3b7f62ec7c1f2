//! A face's conversation: begun, taken up again, exchanged for another.

use std::time::Instant;

use super::*;
use crate::{
    parcel::Piece,
    pipeline::news::{News, Notice, Origin, Told},
    sessions::Scribe,
};

struct Rig {
    _root: tempfile::TempDir,
    paths: Paths,
    keeper: Keeper,
    scribe: Scribe,
    sequence: u64,
}

impl Rig {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::under(root.path());
        let (keeper, note) = Keeper::begin(&paths, &Settings::default(), Vec::new(), None).unwrap();
        assert_eq!(note, None);
        Self { _root: root, paths, keeper, scribe: Scribe::default(), sequence: 0 }
    }

    fn tell(&mut self, notice: Notice) {
        let turn = TurnId { session: 1, sequence: self.sequence, revision: 0 };
        if let Some((turn, line)) = self.scribe.hear(&Told { at: Instant::now(), news: News::Turn(turn, notice) }) {
            assert_eq!(self.keeper.write(turn, line), None);
        }
    }

    fn begin(&mut self, question: &str) {
        self.sequence += 1;
        self.scribe.asked(question);
        self.tell(Notice::Began(Origin::Typed));
        self.tell(Notice::Piece(Piece { text: format!("About {question}.") }));
    }

    fn ask(&mut self, question: &str) {
        self.begin(question);
        self.tell(Notice::Done);
    }

    fn anew(&mut self) {
        self.keeper.anew(self.scribe.newest()).unwrap();
    }

    fn resume(&mut self, wanted: &str) -> Result<(usize, Option<Error>)> {
        let (past, note) = self.keeper.resume(wanted, self.scribe.newest())?;
        Ok((past.entries.len(), note))
    }

    fn kept(&self, wanted: &str) -> Vec<String> {
        let conversation = Sessions::open(&self.paths).load(wanted).unwrap();
        conversation.entries.into_iter().map(|e| e.question).collect()
    }
}

#[test]
fn a_new_conversation_has_a_file_of_its_own_and_the_old_one_can_be_taken_up() {
    let mut rig = Rig::new();
    rig.ask("a");
    let first = rig.keeper.conversation().id.to_string();
    rig.anew();
    assert!(rig.keeper.conversation().entries.is_empty());
    rig.ask("b");
    assert_eq!((rig.kept(&first), rig.kept("last")), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert_eq!(rig.resume(&first).unwrap(), (1, None));
    rig.ask("c");
    assert_eq!(rig.kept(&first), ["a", "c"]);
    assert!(rig.keeper.document().contains("> a\n") && rig.keeper.document().contains("> c\n"));
    assert_eq!(rig.resume("last").unwrap().0, 2, "the one at hand");
    // There and back before anything was said: the file is still held by this program itself.
    rig.anew();
    assert_eq!(rig.resume(&first).unwrap().1, None);
    rig.ask("d");
    assert_eq!(rig.kept(&first), ["a", "c", "d"]);
    assert!(rig.resume("../x").is_err());
}

#[test]
fn a_turn_that_ends_late_stays_in_its_own_conversation() {
    let mut rig = Rig::new();
    rig.ask("a");
    let first = rig.keeper.conversation().id.to_string();
    rig.begin("late");
    rig.anew();
    rig.tell(Notice::Interrupted { heard: "About".into() });
    rig.ask("b");
    assert_eq!((rig.kept(&first), rig.kept("last")), (vec!["a".to_owned(), "late".to_owned()], vec!["b".to_owned()]));
    assert_eq!(rig.keeper.conversation().entries.len(), 1);
}

#[test]
fn a_conversation_held_elsewhere_goes_on_in_a_new_file() {
    let mut rig = Rig::new();
    rig.ask("a");
    let past = Sessions::open(&rig.paths).load("last").unwrap();
    let (mut other, note) = Keeper::begin(&rig.paths, &Settings::default(), Vec::new(), Some(past)).unwrap();
    assert!(note.unwrap().to_string().contains("as a new session"));
    std::mem::swap(&mut rig.keeper, &mut other);
    rig.ask("b");
    assert_eq!(Sessions::open(&rig.paths).ids().unwrap().len(), 2);
    assert_eq!(rig.keeper.conversation().entries.len(), 2, "what was said before is still its past");
}

#[test]
fn without_files_there_is_still_something_to_export() {
    let root = tempfile::tempdir().unwrap();
    let off = Settings { save: false, keep: 0 };
    let paths = Paths::under(root.path());
    let (keeper, _) = Keeper::begin(&paths, &off, Vec::new(), None).unwrap();
    let mut rig = Rig { _root: root, paths, keeper, scribe: Scribe::default(), sequence: 0 };
    rig.ask("a");
    assert!(rig.keeper.document().contains("> a\n"));
    assert!(!rig.paths.data.exists());
}
