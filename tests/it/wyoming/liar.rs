//! A server that lies about lengths, stalls, dies, and sends garbage: each time one sentence, in bounded time and memory.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
};

use xnai::{error::Kind, stt, tts};

use super::*;

const INFO: &[u8] = b"{\"type\":\"info\",\"data\":{\"asr\":[{\"name\":\"liar\"}],\"tts\":[{\"name\":\"liar\"}]}}\n";

/// What it does once it has described itself.
type Misdeed = fn(&mut UnixStream);

/// Lets each caller describe it, then misbehaves; answers for as long as the test lasts.
fn liar(folder: &Path, misdeed: Misdeed) -> String {
    let socket = folder.join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    // Ends with the process of the tests: it waits for callers that do not come.
    thread::spawn(move || {
        for caller in listener.incoming() {
            let mut caller = caller.unwrap();
            let mut first = [0; 20];
            if caller.read_exact(&mut first).is_ok() && first.starts_with(b"{\"type\":\"describe\"") {
                let _ = caller.write_all(INFO);
                continue;
            }
            // Each on its own thread: one that stalls does not keep the others waiting.
            thread::spawn(move || misdeed(&mut caller));
        }
    });
    format!("unix://{}", socket.display())
}

fn write(bytes: &'static [u8]) -> impl Fn(&mut UnixStream) {
    move |caller| {
        let _ = caller.write_all(bytes);
        // Stays on the line: what is wrong must be found in what was sent.
        let _ = caller.read_to_end(&mut Vec::new());
    }
}

/// Asks an ear and a voice behind one misdeed; both must say the same kind of thing.
#[track_caller]
fn fails(misdeed: Misdeed, kind: Kind, part: &str) {
    let folder = tempfile::tempdir().unwrap();
    let address = liar(folder.path(), misdeed);
    let mut ear = stt::open(&stt::Settings { timeout_s: 1, ..ear_at(&address) }, None, 1).unwrap();
    let mut voice = open_voice(&tts::Settings { timeout_s: 1, ..voice_at(&address) }).unwrap();
    let begun = Instant::now();
    for error in [hear(&mut *ear, 1_600).unwrap_err(), say(&mut *voice, "hello").unwrap_err()] {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.to_string().contains("unix://") && error.remedy().is_some(), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn garbage_is_named() {
    fails(|c| write(b"HTTP/1.1 400 Bad Request\r\n\r\n")(c), Kind::Fetch, "a line that is no event");
    fails(|c| write(b"\0\xff\xfe\n")(c), Kind::Fetch, "a line that is no event");
    fails(|c| write(b"{\"type\":7}\n")(c), Kind::Fetch, "a line that is no event");
    fails(|c| write(b"{\"type\":\"x\",\"data_length\":4}\n{\"a\"")(c), Kind::Fetch, "no JSON object");
}

#[test]
fn a_line_without_end_is_cut_off() {
    fails(
        |caller| {
            while caller.write_all(&[b'{'; 4096]).is_ok() {}
        },
        Kind::Fetch,
        "a line of more than 65536 bytes",
    );
}

#[test]
fn lies_about_lengths_take_no_memory() {
    fails(|c| write(b"{\"type\":\"x\",\"payload_length\":4000000000}\n")(c), Kind::Fetch, "4000000000 bytes of sound");
    fails(|c| write(b"{\"type\":\"x\",\"data_length\":99999999999}\n")(c), Kind::Fetch, "99999999999 bytes of data");
    // More is announced than comes: it stalls. Less than comes: the rest is no event.
    fails(|c| write(b"{\"type\":\"transcript\",\"payload_length\":9}\nshort")(c), Kind::Retry, "silent for 1 s");
    fails(|c| write(b"{\"type\":\"x\",\"payload_length\":2}\nlonger\n")(c), Kind::Fetch, "a line that is no event");
}

#[test]
fn silence_and_dribbling_have_an_end() {
    fails(|c| write(b"")(c), Kind::Retry, "silent for 1 s");
    fails(
        |caller| {
            while caller.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        },
        Kind::Retry,
        "silent for 1 s",
    );
    fails(|caller| while caller.write_all(b"{\"type\":\"x\"}\n").is_ok() {}, Kind::Fetch, "more than 100000 events");
}

#[test]
fn hanging_up_is_noticed_at_once() {
    fails(|_| {}, Kind::Retry, "went away");
    fails(|caller| caller.write_all(b"{\"type\":\"transc").unwrap_or_default(), Kind::Retry, "went away");
}

#[test]
fn a_voice_that_dies_within_a_sentence_keeps_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let address = liar(folder.path(), |caller| {
        let _ = caller.write_all(b"{\"type\":\"audio-start\",\"data\":{\"rate\":8000,\"width\":2,\"channels\":1}}\n");
        let _ = caller.write_all(
            b"{\"type\":\"audio-chunk\",\"data\":{\"rate\":8000,\"width\":2,\"channels\":1},\"payload_length\":4}\n\0\x40\0\x40",
        );
    });
    let mut voice = open_voice(&voice_at(&address)).unwrap();
    let (mut samples, line) = (Vec::new(), xnai::parcel::Sentence { text: "hello".into(), index: 0 });
    let ended = voice.say(&line, &turn(), &mut |pcm| {
        samples.extend_from_slice(&pcm.samples);
        Ok(())
    });
    assert_eq!(ended.unwrap_err().kind(), Kind::Retry);
    assert_eq!(samples, [0.5, 0.5]);
}

#[test]
fn senseless_sound_is_refused() {
    fn speaks(format: &str, caller: &mut UnixStream) {
        let _ = caller.write_all(format!("{{\"type\":\"audio-chunk\",\"data\":{format},\"payload_length\":2}}\n\0\0").as_bytes());
        let _ = caller.read_to_end(&mut Vec::new());
    }
    let misdeeds: [(Misdeed, &str); 3] = [
        (|c| speaks("{\"rate\":0,\"width\":2,\"channels\":1}", c), "sound of 0 Hz"),
        (|c| speaks("{\"rate\":16000,\"width\":9,\"channels\":1}", c), "9 bytes a sample"),
        (|c| speaks("{}", c), "sound without a format"),
    ];
    for (misdeed, part) in misdeeds {
        let folder = tempfile::tempdir().unwrap();
        let mut voice = open_voice(&voice_at(&liar(folder.path(), misdeed))).unwrap();
        let error = say(&mut *voice, "hello").unwrap_err();
        assert!(error.kind() == Kind::Fetch && error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_stalling_server_does_not_hold_a_superseded_turn() {
    let folder = tempfile::tempdir().unwrap();
    let address = liar(folder.path(), |c| write(b"")(c));
    let (mut ear, mut voice) = (open_ear(&address).unwrap(), open_voice(&voice_at(&address)).unwrap());
    let line = xnai::parcel::Sentence { text: "hello".into(), index: 0 };
    let begun = Instant::now();
    assert!(cancelled_after(Duration::from_millis(50), |turn| ear.transcribe(&tone(1_600), turn)).unwrap_err().is_stale());
    assert!(cancelled_after(Duration::from_millis(50), |turn| voice.say(&line, turn, &mut |_| Ok(()))).unwrap_err().is_stale());
    assert!(begun.elapsed() < Duration::from_secs(15), "not the 30 s of its patience: {:?}", begun.elapsed());
}

#[test]
fn nobody_there_is_a_sentence_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("left-behind");
    drop(UnixListener::bind(&left).unwrap());
    let at = |path: &Path| format!("unix://{}", path.display());
    for address in [at(&left), at(&folder.path().join("missing")), "tcp://127.0.0.1:1".to_owned()] {
        let error = open_ear(&address).err().unwrap();
        assert_eq!(error.kind(), Kind::Retry, "{error}");
        assert!(error.message().contains(&address) && error.remedy().unwrap().contains("stt.address"), "{error}");
    }
    for (address, part) in [("tcp://10.0.0.1:10300", "not on this machine"), ("", "empty"), ("http://x", "no address")] {
        let error = open_voice(&voice_at(address)).err().unwrap();
        assert!(error.kind() == Kind::Reword && error.message().contains(part) && error.message().contains("tts.address"), "{error}");
    }
}
