//! `xnai pipe tap`, `feed` and `ls`, as programs: what they write, when they end, and what they say where nothing runs.

use super::*;

#[test]
fn ls_shows_who_holds_what() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Mic, RATE, SECOND).unwrap();
    let _tap = writer.tap().unwrap();
    writer.write(&[0.1; 8000], Full::DropNewest).unwrap();
    let output = shared.xnai(&["pipe", "ls", "--json"]).output().unwrap();
    well(&output);
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let pipe = &list[0];
    assert_eq!((&pipe["name"], &pipe["pid"], &pipe["rate"]), (&"mic".into(), &std::process::id().into(), &RATE.into()));
    assert_eq!((&pipe["held_s"], &pipe["readers"], &pipe["alive"]), (&0.5.into(), &1.into(), &true.into()));
    let output = shared.xnai(&["pipe", "ls"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() == 2 && text.contains("16000 Hz") && text.contains("alive"), "{text}");
}

/// Samples of a 16-bit WAV whose header says that the length is not known.
fn samples_of(wav: &[u8]) -> Vec<i16> {
    assert_eq!((&wav[..4], &wav[36..44]), (&b"RIFF"[..], &b"data\xff\xff\xff\xff"[..]));
    wav[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

#[test]
fn a_tap_writes_wav_or_raw_until_enough_or_the_end() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Mic, RATE, SECOND).unwrap();
    let listen = |args: &[&str]| shared.xnai(&[&["pipe", "tap", "mic"], args].concat()).spawn().unwrap();
    let mut children = [listen(&["--seconds", "0.5"]), listen(&["--raw", "--seconds", "0.5"]), listen(&["--raw", "--rate", "8000"])];
    until("three taps", || list(&shared.place()).unwrap()[0].readers == 3);
    for _ in 0..10 {
        writer.write(&[0.5; 1600], Full::DropNewest).unwrap();
        thread::sleep(Duration::from_millis(10));
    }
    // The last one hears the end of the pipe and not of a count.
    until("the end of two of them", || children[..2].iter_mut().all(|child| child.try_wait().unwrap().is_some()));
    drop(writer);
    let [wav, raw, resampled] = children.map(|child| child.wait_with_output().unwrap());
    [&wav, &raw, &resampled].into_iter().for_each(well);
    assert_eq!(samples_of(&wav.stdout), vec![16_384; 8000]);
    let floats: Vec<f32> = raw.stdout.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    assert_eq!(floats, vec![0.5; 8000]);
    assert_eq!(resampled.stdout.len(), 8000 * 4);
}

#[test]
fn an_interrupted_tap_leaves_what_it_heard() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Tts, 24_000, SECOND).unwrap();
    let mut child = shared.xnai(&["pipe", "tap", "tts"]).spawn().unwrap();
    until("a tap", || list(&shared.place()).unwrap()[0].readers == 1);
    writer.write(&[-0.5; 4800], Full::DropNewest).unwrap();
    let mut wav = vec![0; 44 + 9600];
    child.stdout.as_mut().unwrap().read_exact(&mut wav).unwrap();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(130), 0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(samples_of(&wav), vec![-16_384; 4800]);
}

#[test]
fn a_reader_that_leaves_ends_a_tap_quietly() {
    let Some(shared) = Shared::new() else { return };
    let writer = Writer::create(&shared.place(), Name::Tts, 24_000, SECOND).unwrap();
    for args in [&["pipe", "tap", "tts"][..], &["pipe", "tap", "tts", "--raw"]] {
        let mut child = shared.xnai(args).spawn().unwrap();
        drop(child.stdout.take());
        until("the end of the tap", || {
            writer.write(&[0.5; 2400], Full::DropNewest).unwrap();
            child.try_wait().unwrap().is_some()
        });
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(130), vec![]), "{args:?}");
    }
}

#[test]
fn a_feeder_is_heard_at_the_rate_of_the_pipe() {
    let Some(shared) = Shared::new() else { return };
    let mut ear = Reader::create(&shared.place(), Name::Feed, RATE, Duration::from_secs(30)).unwrap();
    let raw: Vec<u8> = numbers(0, 20_000).into_iter().flat_map(|n| (n / 20_000.0).to_le_bytes()).collect();
    let question = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/question.wav")).unwrap();
    let told = xnai::audio::load::load(xnai::audio::load::Source::Stream { name: "question", bytes: Box::new(&question[..]) }, LONG)
        .and_then(|sound| xnai::audio::resample::for_ear(&sound))
        .unwrap();
    let cases = [
        (&["pipe", "feed", "mic", "--raw", "--rate", "16000"][..], &raw, 20_000),
        (&["pipe", "feed", "mic"], &question, told.samples.len()),
    ];
    for (args, input, samples) in cases {
        let mut child = shared.xnai(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let mut heard = Vec::new();
        while !ear.read(&mut heard, 1000, LONG).unwrap().ended {}
        well(&child.wait_with_output().unwrap());
        assert_eq!(heard.len(), samples, "{args:?}");
        if args.len() > 3 {
            assert!(heard.iter().enumerate().all(|(n, s)| *s == n as f32 / 20_000.0));
        } else {
            let loudest = |sound: &[f32]| sound.iter().fold(0.0f32, |most, s| most.max(s.abs()));
            assert!((loudest(&heard) - loudest(&told.samples)).abs() < 0.02);
        }
    }
}

#[test]
fn who_feeds_nobody_is_told_so_once() {
    let Some(shared) = Shared::new() else { return };
    let mut ear = Reader::create(&shared.place(), Name::Feed, RATE, Duration::from_secs(30)).unwrap();
    for heeded in [false, true] {
        ear.heed(heeded);
        let mut child = shared.xnai(&["pipe", "feed", "mic", "--raw", "--rate", "16000"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&[0; 400_000]).unwrap();
        let mut heard = Vec::new();
        while !ear.read(&mut heard, 1000, LONG).unwrap().ended {}
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).matches("nobody listens").count();
        assert_eq!((output.status.success(), told), (true, usize::from(!heeded)), "{output:?}");
    }
}

#[test]
fn a_feeder_that_is_killed_makes_way_for_the_next() {
    let Some(shared) = Shared::new() else { return };
    let mut ear = Reader::create(&shared.place(), Name::Feed, RATE, SECOND).unwrap();
    let args = ["pipe", "feed", "mic", "--raw", "--rate", "16000"];
    let mut first = shared.xnai(&args).stdin(Stdio::piped()).spawn().unwrap();
    first.stdin.as_mut().unwrap().write_all(&0.5f32.to_le_bytes().repeat(3200)).unwrap();
    let mut heard = Vec::new();
    until("the first to be heard", || ear.read(&mut heard, 4000, SECOND).unwrap().samples > 0);
    let busy = shared.xnai(&args).output().unwrap();
    assert_eq!(busy.status.code(), Some(9), "{}", String::from_utf8_lossy(&busy.stderr));
    first.kill().unwrap();
    first.wait().unwrap();
    until("the end to be told", || ear.read(&mut heard, 4000, SECOND).unwrap().ended);
    let mut next = shared.xnai(&args).stdin(Stdio::piped()).spawn().unwrap();
    next.stdin.take().unwrap().write_all(&0.25f32.to_le_bytes().repeat(100)).unwrap();
    heard.clear();
    while !ear.read(&mut heard, 4000, LONG).unwrap().ended {}
    assert_eq!(heard, [0.25; 100]);
    well(&next.wait_with_output().unwrap());
}

#[test]
fn where_nothing_runs_that_is_said_with_what_to_do() {
    let Some(shared) = Shared::new() else { return };
    for (args, code) in [
        (&["pipe", "tap", "mic"][..], 7),
        (&["pipe", "tap", "tts", "--pid", "1"], 7),
        (&["pipe", "feed", "mic"], 7),
        (&["pipe", "ls"], 0),
        (&["pipe", "tap", "mic", "--seconds", "-1"], 2),
        (&["pipe", "feed", "mic", "--raw"], 2),
        (&["pipe", "tap", "radio"], 2),
    ] {
        let output = shared.xnai(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(code == 2 || said.lines().count() == 1, "{args:?}: {said}");
    }
}

#[test]
fn several_running_programs_are_told_apart() {
    let Some(shared) = Shared::new() else { return };
    let mut children = [(); 2].map(|()| started(shared.child("speak"), "speaking"));
    let output = shared.xnai(&["pipe", "tap", "mic"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("--pid"), "{said}");
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
