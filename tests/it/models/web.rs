//! Downloads over HTTP: from servers that cut, stall, lie, forget and mistake, onto disks that are full.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use xnai::error::Kind;

use super::{
    Pin, Rig, content, nowhere,
    server::{Manner, Server},
};
use crate::support::SmallDisk;

/// A rig with one file on a server of that manner.
fn served(model: &[u8], manner: Manner) -> (Rig, Server) {
    let server = Server::start(&[("m.gguf", model, manner)]);
    let rig = Rig::new(&[Pin::new("m", model, server.url("m.gguf"))]);
    (rig, server)
}

/// The same, and the registry does not know the size.
fn served_unsized(model: &[u8], manner: Manner) -> (Rig, Server) {
    let server = Server::start(&[("m.gguf", model, manner)]);
    let rig = Rig::new(&[Pin { sized: false, ..Pin::new("m", model, server.url("m.gguf")) }]);
    (rig, server)
}

#[test]
fn a_connection_that_is_cut_is_taken_up_where_it_ended() {
    let model = content(300_000);
    let (mut rig, server) = served(&model, Manner::Cut { after: 100_000, times: 2 });
    rig.pull(&["m"]).unwrap();
    assert_eq!(rig.read("m.gguf").unwrap(), model);
    assert_eq!(server.starts("m.gguf"), [None, Some(100_000), Some(200_000)], "every byte came once");
}

#[test]
fn a_server_that_always_cuts_is_given_up_after_five_times_and_the_part_stays() {
    let model = content(300_000);
    let (mut rig, server) = served(&model, Manner::Cut { after: 1_000, times: 99 });
    let error = rig.pull(&["m"]).unwrap_err();
    assert_eq!(error.kind(), Kind::Retry, "{error}");
    assert_eq!(server.starts("m.gguf").len(), 5);
    assert_eq!((rig.names(), rig.read("m.gguf.part").unwrap()), (vec!["m.gguf.part".to_owned()], model[..5_000].to_vec()));
}

#[test]
fn a_pull_that_was_stopped_leaves_only_its_part_and_the_next_goes_on() {
    let model = content(3_000_000);
    let (mut rig, server) = served(&model, Manner::Plain);
    rig.watch.cancel = Some(rig.turn.clone());
    assert!(rig.pull(&["m"]).unwrap_err().is_stale());
    assert_eq!(rig.names(), ["m.gguf.part"]);
    let have = rig.read("m.gguf.part").unwrap().len();
    assert!((1..model.len()).contains(&have));

    let mut next = Rig::new(&[Pin::new("m", &model, server.url("m.gguf"))]);
    next.folder = rig.folder.clone();
    next.pull(&["m"]).unwrap();
    assert_eq!(server.starts("m.gguf"), [None, Some(have)]);
    assert_eq!((next.names(), next.read("m.gguf").unwrap()), (vec!["m.gguf".to_owned()], model));
}

#[test]
fn a_server_that_cannot_go_on_in_the_middle_starts_over() {
    let model = content(200_000);
    let (mut rig, server) = served(&model, Manner::NoRange);
    rig.put("m.gguf.part", &content(50_000));
    rig.pull(&["m"]).unwrap();
    assert_eq!(rig.read("m.gguf").unwrap(), model);
    assert_eq!((server.starts("m.gguf"), &rig.watch.starts), (vec![Some(50_000)], &vec![0]));
    assert!(rig.watch.notes.iter().any(|n| n.contains("starting over")), "{:?}", rig.watch.notes);
}

#[test]
fn a_part_of_something_else_is_thrown_away_and_the_same_server_asked_again() {
    let model = content(200_000);
    let (mut rig, server) = served(&model, Manner::Plain);
    rig.put("m.gguf.part", &[7; 50_000]);
    rig.pull(&["m"]).unwrap();
    assert_eq!(rig.read("m.gguf").unwrap(), model);
    assert_eq!(server.starts("m.gguf"), [Some(50_000), None]);
}

#[test]
fn a_complete_part_is_not_fetched_again_and_a_longer_one_is() {
    let model = content(20_000);
    let (mut rig, server) = served(&model, Manner::Plain);
    rig.put("m.gguf.part", &model);
    rig.pull(&["m"]).unwrap();
    assert_eq!((server.starts("m.gguf"), rig.names()), (vec![], vec!["m.gguf".to_owned()]));

    fs::remove_file(rig.folder.join("m.gguf")).unwrap();
    rig.put("m.gguf.part", &content(30_000));
    rig.pull(&["m"]).unwrap();
    assert_eq!((server.starts("m.gguf"), rig.read("m.gguf").unwrap()), (vec![None], model));
}

#[test]
fn a_length_that_is_not_the_pinned_one_is_not_even_fetched() {
    let model = content(20_000);
    let (mut rig, server) = served(&model, Manner::Claims(5));
    let error = rig.pull(&["m"]).unwrap_err();
    assert_eq!(error.kind(), Kind::Fetch);
    assert!(error.to_string().contains("20005 bytes where 20000 are expected"), "{error}");
    assert_eq!((server.starts("m.gguf").len(), rig.names().len()), (1, 0));
}

#[test]
fn a_length_that_promises_too_much_does_not_matter_when_the_hash_fits() {
    let model = content(20_000);
    let (mut rig, server) = served_unsized(&model, Manner::Claims(5));
    rig.pull(&["m"]).unwrap();
    assert_eq!(rig.read("m.gguf").unwrap(), model);
    assert_eq!(server.starts("m.gguf"), [None, Some(20_000)]);
}

#[test]
fn a_length_that_promises_too_little_is_found_out_by_the_hash() {
    let model = content(20_000);
    let (mut rig, _server) = served_unsized(&model, Manner::Claims(-5));
    let error = rig.pull(&["m"]).unwrap_err();
    assert!(error.kind() == Kind::Fetch && error.to_string().contains("sha256"), "{error}");
    assert_eq!(rig.names(), Vec::<String>::new());
}

#[test]
fn no_length_at_all_is_good_enough() {
    let model = content(20_000);
    let (mut rig, _server) = served_unsized(&model, Manner::NoLength);
    rig.pull(&["m"]).unwrap();
    assert_eq!(rig.read("m.gguf").unwrap(), model);
}

#[test]
fn a_corrupt_mirror_is_followed_by_the_next_and_then_by_the_next_best_file() {
    let (best, next, wrong) = (content(9_000), content(8_000), vec![1; 9_000]);
    let bad = Server::start(&[("best.gguf", &wrong, Manner::Plain), ("next.gguf", &next, Manner::Gone)]);
    let good = Server::start(&[("best.gguf", &best, Manner::Plain), ("next.gguf", &next, Manner::Plain)]);
    let pins = [Pin::new("best", &best, bad.url("best.gguf")), Pin::new("next", &next, good.url("next.gguf"))];

    let mut rig = Rig::new(&pins);
    rig.mirrors = vec![bad.url(""), good.url("")];
    assert_eq!(rig.pull(&["pack"]).unwrap()[0].id, "best");
    assert_eq!(rig.names(), ["best.gguf"]);

    let mut rig = Rig::new(&pins);
    rig.mirrors = vec![bad.url("")];
    assert_eq!(rig.pull(&["pack"]).unwrap()[0].id, "next");
    assert_eq!((rig.names(), rig.read("next.gguf").unwrap()), (vec!["next.gguf".to_owned()], next.clone()));
}

#[test]
fn a_file_that_is_nowhere_is_a_sentence_with_a_way_out() {
    let model = content(10);
    let (mut rig, server) = served(&model, Manner::Gone);
    let error = rig.pull(&["m"]).unwrap_err();
    assert_eq!(error.kind(), Kind::Fetch);
    let text = error.to_string();
    assert!(text.contains("does not have it (404)") && text.contains("XNAI_MODELS_MIRROR") && text.contains("m.gguf"), "{text}");
    assert_eq!((server.starts("m.gguf").len(), rig.names().len()), (1, 0), "404 is not asked twice");
}

#[test]
fn no_network_is_a_reason_to_try_later() {
    let mut rig = Rig::new(&[Pin::new("m", b"x", nowhere())]);
    let error = rig.pull(&["m"]).unwrap_err();
    assert!(error.kind() == Kind::Retry && error.to_string().contains("127.0.0.1 cannot be reached"), "{error}");
    assert_eq!(rig.names(), Vec::<String>::new());
}

#[test]
fn a_busy_server_is_asked_again() {
    let model = content(1_000);
    let (mut rig, server) = served(&model, Manner::Busy { times: 3 });
    rig.pull(&["m"]).unwrap();
    assert_eq!(server.starts("m.gguf").len(), 4);
}

#[test]
fn a_server_that_falls_silent_is_left_and_asked_for_the_rest() {
    let model = content(90_000);
    let (mut rig, server) = served(&model, Manner::Stall { after: 30_000, times: 1 });
    rig.manners.stall = Duration::from_millis(400);
    rig.manners.attempts = 50; // a loaded machine may stall by itself
    rig.pull(&["m"]).unwrap();
    assert_eq!(rig.read("m.gguf").unwrap(), model);
    assert_eq!(server.starts("m.gguf")[..2], [None, Some(30_000)]);
    assert!(rig.watch.notes[0].contains("fell silent after 30000 bytes"), "{:?}", rig.watch.notes);
}

#[test]
fn a_disk_that_is_too_small_is_said_before_anything_is_fetched() {
    let Some(disk) = SmallDisk::mount(1024) else { return };
    let model = content(2_000_000);
    let (mut rig, server) = served(&model, Manner::Plain);
    rig.folder = disk.path().join("models");
    let error = rig.pull(&["m"]).unwrap_err();
    assert_eq!(error.kind(), Kind::MakeRoom);
    assert!(error.to_string().contains("2 MB more are needed") && error.to_string().contains("free"), "{error}");
    assert_eq!((server.starts("m.gguf").len(), rig.names().len()), (0, 0));
}

#[test]
fn a_disk_that_fills_up_keeps_the_part_for_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(1024) else { return };
    let model = content(2_000_000);
    let (mut rig, server) = served_unsized(&model, Manner::NoLength);
    rig.folder = disk.path().join("models");
    let error = rig.pull(&["m"]).unwrap_err();
    assert_eq!(error.kind(), Kind::MakeRoom, "{error}");
    assert_eq!(rig.names(), ["m.gguf.part"]);
    let part = rig.read("m.gguf.part").unwrap();
    assert_eq!(part, model[..part.len()]);
    drop(server);

    let (mut rig, server) = served(&model, Manner::Plain);
    rig.put("m.gguf.part", &part);
    rig.pull(&["m"]).unwrap();
    assert_eq!(server.starts("m.gguf"), [Some(part.len())]);
}

#[test]
fn every_wish_to_stop_ends_a_download_at_once_and_leaves_only_the_part() {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().for_each(a_stopped_download_leaves_only_the_part);
}

fn a_stopped_download_leaves_only_the_part(signal: Signal) {
    let stories = content(1_185_376); // the size that the embedded registry pins
    let server = Server::start(&[("stories260K.gguf", &stories, Manner::Stall { after: 30_000, times: 99 })]);
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xnai"));
    for (key, folder) in [("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config"), ("XDG_RUNTIME_DIR", "run")]
    {
        command.env(key, home.path().join(folder));
    }
    command.env_remove("XNAI_HOME").env_remove("XNAI_MODELS_PATH").env("XNAI_MODELS_MIRROR", server.url(""));
    let mut pull = command.args(["models", "pull", "stories260k"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();

    let folder = home.path().join("data/xnai/models");
    let part = folder.join("stories260K.gguf.part");
    let deadline = Instant::now() + Duration::from_secs(60);
    while fs::metadata(&part).map_or(0, |m| m.len()) < 30_000 {
        assert!(Instant::now() < deadline && pull.try_wait().unwrap().is_none(), "the download never began");
        thread::sleep(Duration::from_millis(10));
    }
    let asked = Instant::now();
    kill(Pid::from_raw(pull.id().try_into().unwrap()), signal).unwrap();
    assert_eq!(pull.wait().unwrap().code(), Some(130), "{signal}");
    assert!(asked.elapsed() < Duration::from_secs(10), "it waited for the server, which is silent for 30 s");
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, [part]);
}

#[test]
fn a_host_that_is_out_of_reach_is_waited_for_once() {
    let (best, next) = (content(9), content(8));
    let away = nowhere();
    let mut rig = Rig::new(&[Pin::new("best", &best, away.clone()), Pin::new("next", &next, away)]);
    let text = rig.pull(&["pack"]).unwrap_err().to_string();
    assert!(text.starts_with("best could not be downloaded: 127.0.0.1 cannot") && text.contains("cannot be reached"), "{text}");
    assert!(rig.watch.notes.is_empty(), "one reason is said once: {:?}", rig.watch.notes);
    let text = rig.pull(&["best", "next"]).unwrap_err().to_string();
    assert!(text.contains("next are missing too") && text.contains("XNAI_MODELS_MIRROR"), "{text}");
}
