//! What a face is told when the conversation is behind: something, in time, and nothing has changed.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{config::Config, llm, os::paths::Paths, pipeline::lane::Lane, stt, tts};

/// A conversation whose conductor and listener take one thing each and no more, for as long as what comes with it is kept.
fn stuck() -> (Live, (Receiver<Message>, Receiver<Wanted>, tempfile::TempDir)) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    (config.stt.backend, config.llm.backend, config.tts.backend) = (stt::Backend::Fake, llm::Backend::Fake, tts::Backend::Fake);
    config.rag.embedder = "none".into();
    let context = Context { config, paths: Paths::under(folder.path()) };
    let ((messages, inbox), (wanted, listener), (_, speaker_gone)) = (sync_channel(1), sync_channel(1), sync_channel(1));
    let lane = Arc::new(Lane::open(&Place::memory()).unwrap());
    let pipeline = Pipeline { session: Arc::default(), messages, lane, speaker_gone };
    let live = Live { wish: wish(&context), pipeline, wanted, engines: Engines::new(&context), rules: Rules::default() };
    (live, (inbox, listener, folder))
}

/// What became of these commands, one after the other; it must not take for ever.
fn send(mut live: Live, commands: Vec<Command>) -> (Live, Vec<Option<Kind>>) {
    let sending = thread::spawn(move || {
        let kinds = commands.into_iter().map(|command| live.send(command).err().map(|error| error.kind())).collect();
        (live, kinds)
    });
    let deadline = Instant::now() + Duration::from_secs(60);
    while !sending.is_finished() {
        assert!(Instant::now() < deadline, "a command waits for ever");
        thread::sleep(Duration::from_millis(5));
    }
    sending.join().unwrap()
}

#[test]
fn a_listener_that_is_behind_holds_no_face_up() {
    let (live, (_inbox, listener, _folder)) = stuck();
    let (live, kinds) = send(live, vec![Command::Release, Command::Release]);
    assert_eq!(kinds, [None, Some(Kind::Retry)]);
    drop(listener);
    assert_eq!(send(live, vec![Command::Release]).1, [Some(Kind::Report)]);
}

#[test]
fn what_could_not_be_handed_over_changes_nothing() {
    let (live, _kept) = stuck();
    // The silence before it fills the queue.
    let (live, kinds) = send(live, vec![Command::Speed(1.5), Command::Edit(true), Command::Aloud(false)]);
    assert_eq!(kinds, [Some(Kind::Retry); 3]);
    assert_eq!(live.engines.wanted().config.tts.speed, tts::Settings::default().speed);
    assert_eq!((live.rules.edit, live.wish.aloud), (false, true));
}
