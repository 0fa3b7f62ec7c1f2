//! Whole conversations, with a pipeline that answers by rote.

use std::{
    io::Cursor,
    sync::mpsc::{SyncSender, sync_channel},
};

use super::*;
use crate::{
    config::Config,
    os::paths::Paths,
    parcel::Piece,
    pipeline::{
        news::{News, Notice, Origin, Stays},
        worker::Engine,
    },
    tts,
    turn::TurnId,
};

#[derive(Default)]
struct Heard {
    said: Vec<String>,
    told: Vec<String>,
}

impl Out for Heard {
    fn say(&mut self, line: &str) -> Result<()> {
        self.said.push(line.to_owned());
        Ok(())
    }

    fn tell(&mut self, line: &str) {
        self.told.push(line.to_owned());
    }
}

struct End {
    heard: Heard,
    sent: Vec<Command>,
    result: Result<()>,
}

struct Rig {
    root: tempfile::TempDir,
    paths: Paths,
    speaks: tts::Backend,
}

impl Rig {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { paths: Paths::under(root.path()), speaks: tts::Backend::Kokoro, root }
    }

    /// Leads a conversation with these lines; every question is answered by itself, `fail` is not, `long` never ends.
    fn lead(&self, script: bool, lines: &str) -> End {
        let (clerk, _) = Clerk::begin(&self.paths, &Config::default().sessions, Vec::new(), None).unwrap();
        self.lead_with(clerk, DISK, script, lines)
    }

    /// With a disk that is waited for so long.
    fn lead_with(&self, clerk: Clerk, disk: Duration, script: bool, lines: &str) -> End {
        let (news, inbox) = sync_channel(256);
        let (mut sent, mut sequence, mut heard) = (Vec::new(), 0, Heard::default());
        let mut send = |command: Command| {
            let tell = |sequence, notice| {
                let turn = TurnId { session: 1, sequence, revision: 0 };
                news.send(Told { at: Instant::now(), news: News::Turn(turn, notice) }).unwrap();
            };
            if let (Command::Ask(_), Some(Command::Voice(refused))) = (&command, sent.last()) {
                let (refused, name) = (refused.clone(), Config::default().tts.voice);
                let stays = Stays { engine: Engine::Voice, refused, name, why: "it is broken".into() };
                news.send(Told { at: Instant::now(), news: News::Stays(stays) }).unwrap();
            }
            if let Command::Ask(question) = &command {
                sequence += 1;
                tell(sequence, Notice::Began(Origin::Typed));
                let piece = |text: String| Notice::Piece(Piece { text });
                match question.as_str() {
                    "fail" => tell(sequence, Notice::Failed(Error::broaden(Room::Rag, "nothing about that"))),
                    "long" => tell(sequence, piece("On and\non".into())),
                    _ => {
                        tell(sequence, piece(format!("About {question}. ")));
                        tell(sequence, piece("That is all.".into()));
                        tell(sequence, Notice::Done);
                    }
                }
            }
            if command == Command::Silence {
                tell(sequence, Notice::Interrupted { heard: "On".into() });
            }
            sent.push(command);
            Ok(())
        };
        let mut config = Config::default();
        config.tts.backend = self.speaks;
        let context = Context { config: config.clone(), paths: self.paths.clone() };
        let lines = lines::read(Cursor::new(lines.to_owned().into_bytes())).unwrap();
        let face = Face::new(&config, script, !script);
        let sessions = Sessions::open(&self.paths);
        let choices = face.choices();
        let context = &context;
        let mut talk = Talk { face, clerk, sessions, script, hands_free: false, context, disk, choices, send: &mut send, out: &mut heard };
        let result = talk.converse(&inbox, &lines);
        End { heard, sent, result }
    }

    fn kept(&self, wanted: &str) -> Vec<(String, String)> {
        let conversation = Sessions::open(&self.paths).load(wanted).unwrap();
        conversation.entries.iter().map(|e| (e.question.clone(), e.heard().to_owned())).collect()
    }
}

fn pair(question: &str, answer: &str) -> (String, String) {
    (question.into(), answer.into())
}

#[test]
fn a_script_is_answered_line_by_line_and_kept() {
    let rig = Rig::new();
    let End { heard, result, .. } = rig.lead(true, "one\n\ntwo");
    let dialogue = ["you: one", "xnai: About one.", "xnai: That is all.", "you: two", "xnai: About two.", "xnai: That is all."];
    assert_eq!(heard.said, dialogue);
    assert!(result.is_ok() && heard.told.is_empty(), "{:?}", heard.told);
    assert_eq!(rig.kept("last"), [pair("one", "About one. That is all."), pair("two", "About two. That is all.")]);
}

#[test]
fn a_script_goes_on_after_a_failure_and_ends_with_its_kind() {
    let rig = Rig::new();
    let End { heard, result, .. } = rig.lead(true, "fail\none\n/nonsense\n");
    assert_eq!(heard.said[1..], ["you: one", "xnai: About one.", "xnai: That is all."]);
    assert_eq!(heard.told.len(), 2);
    assert_eq!(result.unwrap_err().kind(), crate::error::Kind::Broaden);
    assert_eq!(rig.kept("last"), [pair("fail", ""), pair("one", "About one. That is all.")], "the question is kept all the same");
}

#[test]
fn whoever_leaves_in_the_middle_keeps_what_was_heard() {
    let rig = Rig::new();
    let End { result, sent, .. } = rig.lead(false, "long\n/quit\n");
    assert!(result.is_ok());
    assert_eq!(sent, [Command::Ask("long".into()), Command::Silence]);
    assert_eq!(rig.kept("last"), [pair("long", "On")]);
}

#[test]
fn conversations_are_left_taken_up_and_exported_while_talking() {
    let rig = Rig::new();
    rig.lead(true, "one");
    let first = Sessions::open(&rig.paths).find("last").unwrap();
    let file = rig.root.path().join("talk.md");
    let lines = format!(
        "two\n/new\nthree\n/resume {first}\nfour\n/export {}\n/export {}\n/sessions\n/sessions three\n",
        file.display(),
        file.display()
    );
    let End { heard, sent, result } = rig.lead(true, &lines);
    assert_eq!(rig.kept(first.as_str()).iter().map(|(q, _)| q.as_str()).collect::<Vec<_>>(), ["one", "four"]);
    let history = crate::parcel::Exchange { question: "one".into(), answer: "About one. That is all.".into() };
    assert!(sent.contains(&Command::Recall(vec![])) && sent.contains(&Command::Recall(vec![history])), "{sent:?}");
    let document = std::fs::read_to_string(&file).unwrap();
    assert!(document.contains("> one") && document.contains("> four") && !document.contains("> three"), "{document}");
    let told = heard.told.join("\n");
    assert!(told.contains("exists already: name another file, as in /export talk.md") && told.contains("exchange 1  three"), "{told}");
    assert_eq!(result.unwrap_err().kind(), crate::error::Kind::Replace, "the second export did not work");
    assert_eq!(Sessions::open(&rig.paths).ids().unwrap().len(), 3);
}

#[test]
fn what_cannot_be_taken_up_is_said_and_changes_nothing() {
    let rig = Rig::new();
    let End { heard, sent, .. } = rig.lead(false, "/resume ../../etc/passwd\n/resume\n/export\n");
    assert_eq!(heard.told.len(), 3, "{:?}", heard.told);
    assert!(sent.is_empty(), "{sent:?}");
}

#[test]
fn a_disk_that_cannot_be_written_is_said_once_and_stops_nothing() {
    let rig = Rig::new();
    std::fs::write(rig.root.path().join("data"), "in the way").unwrap();
    let End { heard, result, .. } = rig.lead(true, "one\ntwo\nthree\n");
    assert!(result.is_ok());
    assert_eq!((heard.said.len(), heard.told.len()), (9, 1), "{:?}", heard.told);
    assert!(heard.told[0].contains("this conversation is not being saved"));
}

#[test]
fn a_name_that_means_nothing_is_refused_and_nothing_changes() {
    let rig = Rig::new();
    let End { heard, sent, .. } = rig.lead(false, "/voice bogus\n/voice\n/model bogus\n");
    assert!(sent.is_empty(), "{sent:?}");
    assert!(heard.told[0].contains("no voice") || heard.told[0].contains("no voices"), "{:?}", heard.told);
    assert!(heard.told[1].contains("voice: af_heart") && heard.told[2].contains("no language model called"), "{:?}", heard.told);
}

#[test]
fn a_name_that_was_taken_is_said() {
    let rig = Rig::new();
    let file = rig.root.path().join("model.gguf");
    std::fs::write(&file, "").unwrap();
    let End { heard, sent, .. } = rig.lead(false, &format!("/model {}\n", file.display()));
    assert_eq!(sent[..1], [Command::Model(file.display().to_string())]);
    assert_eq!(heard.told, [format!("(model: {})", file.display())]);
}

#[test]
fn a_voice_that_turns_out_to_be_broken_is_not_kept() {
    let rig = Rig { speaks: tts::Backend::Fake, ..Rig::new() };
    let End { heard, .. } = rig.lead(true, "/voice broken\none\n");
    assert!(heard.told[0] == "(voice: broken)" && heard.told[1].contains("stays as it was: it is broken"), "{:?}", heard.told);
    let kept = std::fs::read_to_string(rig.paths.state.join("choices.toml")).unwrap();
    assert_eq!(kept, "voice = \"af_heart\"\n");
}

#[test]
fn what_was_chosen_is_kept_and_nothing_else() {
    let rig = Rig::new();
    rig.lead(true, "/speed 1.3\n/volume 40\n/speed\n");
    let kept = std::fs::read_to_string(rig.paths.state.join("choices.toml")).unwrap();
    assert_eq!(kept, "speed = 1.3\nvolume = 0.4\n");
}

/// A conversation whose disk takes nothing, with so much patience of whoever wants to ask.
fn standing_still(rig: &Rig, turn: Duration) -> (SyncSender<()>, Clerk) {
    let (open, gate) = sync_channel::<()>(0);
    let (keeper, _) = crate::sessions::Keeper::begin(&rig.paths, &Config::default().sessions, Vec::new(), None).unwrap();
    (open, Clerk::waiting_for(gate, keeper, turn).unwrap())
}

#[test]
fn a_disk_that_stands_still_is_waited_for_once_and_ends_no_script() {
    let rig = Rig::new();
    let (_open, clerk) = standing_still(&rig, Duration::from_millis(50));
    let began = Instant::now();
    let End { heard, sent, result } = rig.lead_with(clerk, Duration::from_secs(1), true, "one\ntwo\nthree\nfour\n/new\nfive\n/talk\n");
    // Were it waited for after each line and each piece of news, that were over twenty times.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(heard.said.len(), 15, "what was asked is answered: {:?}", heard.said);
    assert!(result.is_ok() && sent.contains(&Command::Ask("five".into())) && sent.contains(&Command::Press), "{sent:?}");
    assert!(heard.told.last().unwrap().contains("exchanges and 1 other thing)"), "{:?}", heard.told);
}

#[test]
fn nobody_asks_into_the_wrong_conversation() {
    let rig = Rig::new();
    let (_open, clerk) = standing_still(&rig, Duration::from_secs(60));
    let End { heard, sent, .. } = rig.lead_with(clerk, Duration::from_millis(1), false, "/new\nfive\n/talk\n");
    assert!(!sent.contains(&Command::Ask("five".into())) && !sent.contains(&Command::Press), "{sent:?}");
    assert_eq!(heard.told.iter().filter(|told| told.contains("has not answered yet")).count(), 2, "{:?}", heard.told);
}
