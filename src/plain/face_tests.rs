//! Lines and news as they come, and what is said about them.

use std::time::Instant;

use super::*;
use crate::{
    error::Room,
    parcel::{Finish, Passage, Piece, Transcript},
    pipeline::{
        news::{DeviceState, Side, Stays},
        worker::Engine,
    },
};

struct Rig {
    face: Face,
    sequence: u64,
}

impl Rig {
    fn new(script: bool) -> Self {
        Self { face: Face::new(&Config::default(), script, !script), sequence: 0 }
    }

    fn news(&mut self, news: News) -> Vec<String> {
        let told = Told { at: Instant::now(), news };
        shown(self.face.told(&told))
    }

    fn begin(&mut self, origin: Origin) -> Vec<String> {
        self.sequence += 1;
        self.hear(Notice::Began(origin))
    }

    fn hear(&mut self, notice: Notice) -> Vec<String> {
        self.of(self.sequence, notice)
    }

    fn of(&mut self, sequence: u64, notice: Notice) -> Vec<String> {
        self.news(News::Turn(TurnId { session: 1, sequence, revision: 0 }, notice))
    }

    fn doing(&mut self, ear: Ear, work: Work, voice: Voice) -> Vec<String> {
        self.news(News::Doing(Doing { ear, work, voice, hands_free: false }))
    }

    fn line(&mut self, line: &str) -> Vec<String> {
        shown(self.face.typed(line))
    }
}

/// Acts as a reader of the test sees them.
fn shown(acts: Vec<Act>) -> Vec<String> {
    let show = |act| match act {
        Act::Say(line) | Act::Tell(line) => line,
        other => format!("{other:?}"),
    };
    acts.into_iter().map(show).collect()
}

fn piece(text: &str) -> Notice {
    Notice::Piece(Piece { text: text.into() })
}

fn heard(text: &str) -> Notice {
    Notice::Transcript(Transcript { text: text.into(), ..Transcript::default() })
}

#[test]
fn an_answer_is_a_line_a_sentence_with_its_sources_after_it() {
    let mut rig = Rig::new(false);
    assert_eq!(rig.line("How long?"), ["Send(Ask(\"How long?\"))"]);
    assert!(rig.begin(Origin::Typed).is_empty());
    let passage = |source: &str| Passage { source: source.into(), title: "T".into(), ..Passage::default() };
    let passages = Passages { list: vec![passage("a.md"), passage("b.md")], found: true, notes: vec!["words only".into()] };
    assert_eq!(rig.hear(Notice::Passages(passages.clone())), ["(words only)"]);
    assert!(rig.hear(Notice::Passages(passages)).is_empty(), "said once");
    assert!(rig.hear(piece("Thirty days. ")).is_empty());
    assert_eq!(rig.hear(piece("And no")), ["xnai: Thirty days."]);
    assert_eq!(rig.hear(piece(" more.")), Vec::<String>::new());
    assert!(rig.face.busy());
    let written = rig.hear(Notice::Written(Finish::default()));
    assert_eq!(written, ["xnai: And no more.", "[1] T, a.md", "[2] T, b.md"]);
    assert!(rig.hear(Notice::Done).is_empty() && !rig.face.busy());
}

#[test]
fn an_empty_line_is_the_talk_key() {
    let mut rig = Rig::new(false);
    assert_eq!(rig.line(""), ["Send(Press)"]);
    assert_eq!(rig.doing(Ear::Listening, Work::Idle, Voice::Idle), ["(listening)"]);
    assert_eq!(rig.line(""), ["Send(Release)"]);
    assert!(rig.doing(Ear::Transcribing, Work::Idle, Voice::Idle).is_empty());
    rig.begin(Origin::Key);
    assert_eq!(rig.hear(heard(" How far? ")), ["you: How far?"]);
    assert_eq!(rig.doing(Ear::Idle, Work::Writing, Voice::Idle), ["(thinking)"]);
    assert_eq!(rig.doing(Ear::Idle, Work::Writing, Voice::Speaking), ["(speaking)"]);
    assert_eq!(rig.line(""), ["Send(Press)"]);
    // Something else ended it: the next empty line begins again.
    rig.doing(Ear::Listening, Work::Idle, Voice::Idle);
    rig.doing(Ear::Idle, Work::Idle, Voice::Idle);
    assert_eq!(rig.line(""), ["Send(Press)"]);
}

#[test]
fn what_was_cut_off_is_marked_once() {
    let mut rig = Rig::new(false);
    rig.line("a");
    rig.begin(Origin::Typed);
    rig.hear(piece("One. Two"));
    assert_eq!(rig.line("b").len(), 1);
    assert_eq!(rig.begin(Origin::Typed), ["xnai: Two", "(interrupted)"]);
    assert!(rig.of(1, Notice::Interrupted { heard: "One.".into() }).is_empty(), "that was said already");
    assert!(rig.of(1, piece("late")).is_empty());
    assert!(rig.face.busy(), "the second question is not answered yet");
    assert_eq!(rig.hear(Notice::Interrupted { heard: String::new() }), ["(interrupted)"]);
    assert!(!rig.face.busy());
}

#[test]
fn a_transcript_can_be_corrected_before_it_is_sent() {
    let mut rig = Rig::new(false);
    assert_eq!(rig.line("/edit on")[0], "Send(Edit(true))");
    rig.begin(Origin::Key);
    assert_eq!(rig.hear(heard("How far")), ["you: How far"]);
    assert_eq!(rig.hear(Notice::Drafted("How far".into())).len(), 1);
    assert_eq!(rig.line(""), ["Send(Ask(\"How far\"))"]);
    assert_eq!(rig.line(""), ["Send(Press)"], "sent once");
}

#[test]
fn devices_and_notes_are_said_when_they_change() {
    let mut rig = Rig::new(false);
    let gone = || News::Device(Side::Input, DeviceState::Lost("unplugged".into()));
    assert_eq!(rig.news(gone()), ["(microphone gone: unplugged)"]);
    assert!(rig.news(gone()).is_empty());
    assert_eq!(rig.news(News::Device(Side::Input, DeviceState::Open("Yeti".into()))), ["(microphone: Yeti)"]);
    assert_eq!(rig.news(News::Device(Side::Output, DeviceState::Lost("x".into()))), ["(speaker gone: x)"]);
    assert_eq!(rig.line(""), ["Send(Press)"]);
    rig.line("");
    rig.news(gone());
    assert_eq!(rig.line(""), ["Send(Silence)", "(there is no microphone to talk into: unplugged)"]);
    assert_eq!(rig.news(News::Note("voice: bella".into())), ["(voice: bella)"]);
}

#[test]
fn commands_become_what_the_pipeline_knows() {
    let mut rig = Rig::new(false);
    let cases: [(&str, &[&str]); 14] = [
        ("/silence", &["Send(Silence)"]),
        ("/pause", &["Send(Pause(true))", "(paused: on)"]),
        ("/pause", &["Send(Pause(false))", "(paused: off)"]),
        ("/repeat", &["Send(Repeat)"]),
        ("/voice bella", &["Name(Voice, \"bella\")"]),
        ("/speed faster", &["Send(Speed(1.1))", "(speed: 1.1)"]),
        ("/volume", &["(volume: 100 %)"]),
        ("/handsfree on", &["Send(HandsFree(true))", "(hands-free: on)"]),
        ("/docs off", &["Send(Documents(false))", "(answers out of the documents: off)"]),
        ("/new", &["New"]),
        ("/resume", &["Resume(\"last\")"]),
        ("/export talk.md", &["Export(Some(\"talk.md\"))"]),
        ("//etc", &["Send(Ask(\"/etc\"))"]),
        ("/quit", &["Quit"]),
    ];
    for (line, expected) in cases {
        assert_eq!(rig.line(line), expected, "{line}");
    }
    assert_eq!(rig.line("/voice"), ["(voice: af_heart; /voice NAME takes another)"], "it was not taken yet");
    assert_eq!(shown(vec![rig.face.named(Named::Voice, "bella")]), ["(voice: bella)"]);
    assert_eq!(rig.line("/voice"), ["(voice: bella; /voice NAME takes another)"]);
    assert_eq!(rig.line("/"), rig.line("/help"), "a slash alone lists what there is");
    assert!(rig.line("/help").len() > slash::TABLE.len());
    assert!(rig.line("/hlep")[0].contains("did you mean /help?"));
    assert!(rig.face.verdict().is_ok(), "at a terminal a slip is no failure");
}

#[test]
fn a_voice_that_cannot_be_opened_is_none_and_the_one_before_is() {
    let mut rig = Rig::new(false);
    let before = rig.face.choices();
    rig.face.named(Named::Voice, "broken");
    let stays = |refused: &str| {
        let (refused, name, why) = (refused.to_owned(), "af_heart".to_owned(), "it is no voice".to_owned());
        News::Stays(Stays { engine: Engine::Voice, refused, name, why })
    };
    assert_eq!(rig.news(stays("another")), ["(the voice stays as it was: it is no voice)"]);
    assert_ne!(rig.face.choices(), before, "something else was chosen since");
    rig.news(stays("broken"));
    assert_eq!(rig.face.choices(), before);
    assert_eq!(rig.line("/voice"), ["(voice: af_heart; /voice NAME takes another)"]);
}

#[test]
fn a_script_reads_a_dialogue_and_learns_of_failures_at_the_end() {
    let mut rig = Rig::new(true);
    assert!(rig.line("").is_empty());
    assert_eq!(rig.line("a"), ["you: a", "Send(Ask(\"a\"))"]);
    rig.begin(Origin::Typed);
    let error = Error::fetch(Room::Llm, "no model").hint("get one");
    assert_eq!(rig.hear(Notice::Failed(error)), ["(no model: get one)"]);
    assert!(!rig.face.busy());
    assert_eq!(rig.face.verdict().unwrap_err().to_string(), "a question or command failed");
    rig.line("/nonsense");
    rig.line("b");
    rig.begin(Origin::Typed);
    rig.hear(Notice::Done);
    let verdict = rig.face.verdict().unwrap_err();
    assert_eq!((verdict.kind(), verdict.message()), (Kind::Fetch, "2 questions or commands failed"));
}

#[test]
fn what_is_taken_back_is_said_to_be() {
    let mut rig = Rig::new(false);
    rig.begin(Origin::HandsFree);
    assert!(rig.hear(Notice::Withdrawn).is_empty(), "nothing had been said");
    rig.begin(Origin::HandsFree);
    rig.hear(piece("Too early.\n"));
    assert_eq!(rig.hear(Notice::Withdrawn), ["(never mind that: there is more to the question)"]);
}

#[test]
fn words_that_are_given_up_while_they_are_understood_are_said_and_can_be_sent() {
    let partial = || Notice::Partial { stable: "how long".into(), rest: "may I".into() };
    let mut rig = Rig::new(false);
    rig.begin(Origin::Key);
    rig.hear(partial());
    rig.doing(Ear::Transcribing, Work::Idle, Voice::Idle);
    rig.line("/silence");
    let told = rig.hear(Notice::Withdrawn);
    assert_eq!(told, ["you: how long may I", "(not asked: an empty line sends it; or type what you meant)"]);
    assert_eq!(rig.line(""), ["Send(Ask(\"how long may I\"))"]);
    // Whoever speaks on takes nothing back.
    rig.begin(Origin::HandsFree);
    rig.hear(partial());
    assert!(rig.hear(Notice::Withdrawn).is_empty());
}

#[test]
fn whoever_says_it_anew_sends_what_is_said_then() {
    let mut rig = Rig::new(false);
    rig.begin(Origin::Key);
    rig.hear(Notice::Partial { stable: "how long".into(), rest: String::new() });
    rig.doing(Ear::Transcribing, Work::Idle, Voice::Idle);
    assert_eq!(rig.line(""), ["Send(Press)"]);
    assert_eq!(rig.hear(Notice::Withdrawn), ["you: how long", "(not asked)"]);
    rig.doing(Ear::Listening, Work::Idle, Voice::Idle);
    assert_eq!(rig.line(""), ["Send(Release)"], "what is being said now counts");
}

#[test]
fn words_are_kept_from_the_moment_the_key_comes_up() {
    let mut rig = Rig::new(false);
    rig.line("");
    rig.doing(Ear::Listening, Work::Idle, Voice::Idle);
    rig.begin(Origin::Key);
    rig.hear(Notice::Partial { stable: "how long".into(), rest: String::new() });
    rig.line("");
    assert_eq!(rig.line("/silence"), ["Send(Silence)"]);
    assert_eq!(rig.hear(Notice::Withdrawn)[0], "you: how long");
}

#[test]
fn a_draft_waits_until_something_else_is_asked() {
    let mut rig = Rig::new(false);
    let dropped = |rig: &mut Rig| {
        rig.begin(Origin::Key);
        rig.hear(Notice::Partial { stable: "how long".into(), rest: String::new() });
        rig.doing(Ear::Transcribing, Work::Idle, Voice::Idle);
        rig.line("/silence");
        assert_eq!(rig.hear(Notice::Withdrawn).len(), 2);
    };
    dropped(&mut rig);
    rig.begin(Origin::HandsFree);
    rig.hear(heard("something else"));
    assert_eq!(rig.line(""), ["Send(Press)"]);
    dropped(&mut rig);
    assert_eq!(rig.line("/talk"), ["Send(Release)"]);
    assert_eq!(rig.line(""), ["Send(Press)"]);
}

#[test]
fn silence_over_an_answer_leaves_no_mark_on_what_is_said_next() {
    let mut rig = Rig::new(false);
    rig.begin(Origin::HandsFree);
    rig.hear(piece("An answer. "));
    // Somebody speaks over it, and then wants quiet.
    rig.doing(Ear::Transcribing, Work::Writing, Voice::Speaking);
    rig.line("/silence");
    rig.hear(Notice::Interrupted { heard: String::new() });
    rig.begin(Origin::HandsFree);
    rig.hear(Notice::Partial { stable: "how".into(), rest: "long".into() });
    assert!(rig.hear(Notice::Withdrawn).is_empty(), "there is more to the question");
}

#[test]
fn the_phrase_is_answered_with_a_sign() {
    let mut rig = Rig::new(false);
    assert!(rig.news(News::Phrase(Phrase::Awaited)).is_empty(), "a note says so");
    assert_eq!(rig.news(News::Phrase(Phrase::Spoken)), ["(yes? listening)"]);
    assert_eq!(rig.news(News::Phrase(Phrase::Awaited)), ["(waiting for the phrase again)"]);
}
