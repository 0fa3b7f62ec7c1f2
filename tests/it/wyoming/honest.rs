//! Servers made with the protocol's own library: over a socket, over TCP, and as a program.

use std::time::Duration;

use xnai::{error::Kind, parcel::Sentence, stt, tts};

use super::*;

/// Everything a transcript has, and what was really sent.
fn hears(address: &str) {
    let settings = stt::Settings { words: vec!["xnai".into()], model: "tiny".into(), ..ear_at(address) };
    let mut ear = stt::open(&settings, None, 1).unwrap();
    for samples in [1, 1_600, 16_000, 80_123] {
        let peak = (tone(samples).samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs())) * 32_767.0) as i32;
        let heard = hear(&mut *ear, samples.max(2)).unwrap();
        let expected = format!("{} samples at 16000 up to {} in en by tiny of ['xnai']", samples.max(2), peak.max(1_635));
        assert_eq!(heard.text, expected);
        assert_eq!((heard.language.as_str(), heard.no_speech, heard.segments.len()), ("en", 0.0, 1));
        assert_eq!(heard.segments[0].end_ms, tone(samples.max(2)).duration().as_millis() as u64);
    }
    assert_eq!(ear.transcribe(&Utterance::new(vec![0.0; 16_000]), &turn()).unwrap().text, "", "silence is not sent");
}

#[test]
fn an_ear_at_a_socket_hears_every_sample() {
    let Some(server) = Served::at_unix("") else { return };
    hears(&server.address);
}

#[test]
fn an_ear_at_a_port_of_this_machine_hears_every_sample() {
    let Some(server) = Served::at_tcp("stream") else { return };
    hears(&server.address);
}

#[test]
fn an_ear_that_is_our_program_hears_every_sample() {
    for manners in ["", "stream", "leave"] {
        let Some(address) = by_stdio(manners) else { return };
        hears(&address);
    }
}

#[test]
fn a_server_that_hangs_up_after_every_answer_is_called_again() {
    let Some(server) = Served::at_unix("leave") else { return };
    hears(&server.address);
    let mut voice = open_voice(&voice_at(&server.address)).unwrap();
    assert_eq!((say(&mut *voice, "one").unwrap().len(), say(&mut *voice, "four").unwrap().len()), (6, 8));
}

/// Length, pitch and loudness of the tone that the server speaks, whatever it is packed into.
fn is_the_tone(parcels: &[Pcm], rate: u32, seconds: f32) {
    assert!(parcels.iter().all(|pcm| pcm.rate == rate));
    let sound: Vec<f32> = parcels.iter().flat_map(|pcm| pcm.samples.iter().copied()).collect();
    assert_eq!(sound.len(), (rate as f32 * seconds) as usize);
    for (n, sample) in sound.iter().enumerate() {
        let expected = 0.5 * (440.0 * std::f32::consts::TAU * n as f32 / rate as f32).sin();
        assert!((sample - expected).abs() < 0.02, "sample {n} is {sample}, not {expected}");
    }
}

#[test]
fn a_voice_is_heard_whatever_its_sound_is_packed_into() {
    let Some(server) = Served::at_unix("") else { return };
    for (name, rate) in [("", 22_050), ("plain", 22_050), ("wide", 48_000), ("old", 8_000)] {
        let settings = tts::Settings { wyoming_voice: name.into(), ..voice_at(&server.address) };
        let mut voice = open_voice(&settings).unwrap();
        is_the_tone(&say(&mut *voice, " hi there ").unwrap(), rate, 0.8);
        assert!(say(&mut *voice, "  ").unwrap().is_empty());
    }
}

#[test]
fn a_voice_that_is_our_program_is_handed_on_as_it_arrives() {
    let Some(address) = by_stdio("slow") else { return };
    let mut voice = open_voice(&voice_at(&address)).unwrap();
    let mut at = Vec::new();
    let begun = Instant::now();
    let line = Sentence { text: "hello".into(), index: 0 };
    voice
        .say(&line, &turn(), &mut |_| {
            at.push(begun.elapsed());
            Ok(())
        })
        .unwrap();
    assert!(at.len() == 10 && begun.elapsed() > at[0] + Duration::from_millis(700), "the first came before the last was made: {at:?}");
    let again = voice.say(&line, &turn(), &mut |_| Ok(())).unwrap();
    assert!(again.cached, "what was said once is not asked for again");
    say(&mut *voice, "a longer line").unwrap();
    let cost = voice.cost(&Sentence { text: "another long line".into(), index: 1 });
    assert!(cost > Duration::from_millis(1_500), "it learned that a letter takes 0.2 s: {cost:?}");
}

#[test]
fn a_superseded_turn_is_left_at_once_and_the_next_is_right() {
    let (Some(socket), Some(program)) = (Served::at_unix("slow"), by_stdio("slow")) else { return };
    for address in [&socket.address, &program] {
        let mut ear = open_ear(address).unwrap();
        let left = cancelled_after(Duration::from_millis(60), |turn| ear.transcribe(&tone(16_000), turn));
        assert!(left.unwrap_err().is_stale());
        let text = hear(&mut *ear, 3_200).unwrap().text;
        assert!(text.starts_with("3200 samples"), "not the answer to the question before: {text}");

        let mut voice = open_voice(&voice_at(address)).unwrap();
        let line = Sentence { text: "a line of many letters".into(), index: 0 };
        let left = cancelled_after(Duration::from_millis(300), |turn| voice.say(&line, turn, &mut |_| Ok(())));
        assert!(left.unwrap_err().is_stale());
        is_the_tone(&say(&mut *voice, "ab").unwrap(), 22_050, 0.2);
        let refused = voice.say(&line, &turn(), &mut |_| Err(xnai::error::Error::stopped()));
        assert_eq!(refused.unwrap_err().kind(), Kind::Stopped, "an error of the listener's is passed on");
        is_the_tone(&say(&mut *voice, "abc").unwrap(), 22_050, 0.3);
    }
}

#[test]
fn an_owed_answer_is_skipped_without_a_new_start_where_that_is_quicker() {
    let Some(program) = by_stdio("slow heavy") else { return };
    let who = xnai::wyoming::Who { room: xnai::error::Room::Stt, name: "ear", key: "stt.address", patience: Duration::from_secs(30) };
    let mut link = xnai::wyoming::Link::new(&program, who).unwrap();
    link.describe(&turn()).unwrap();
    let process = link.process();
    assert!(process.is_some());
    let left = turn();
    let outcome = link.converse(&left, |talk| {
        talk.send(&xnai::wyoming::Event::new("transcribe", serde_json::json!({})))?;
        talk.owes("transcript", Some(xnai::wyoming::sound::stop()));
        left.cancel();
        talk.send(&xnai::wyoming::sound::start())
    });
    assert!(outcome.unwrap_err().is_stale());
    link.describe(&turn()).unwrap();
    assert_eq!(link.process(), process, "it answers in 0.2 s, and a new start takes 4 s");
}

#[test]
fn what_a_server_cannot_do_is_said_when_it_is_opened() {
    let Some(server) = Served::at_unix("") else { return };
    let ear = |change: fn(&mut stt::Settings)| {
        let mut settings = ear_at(&server.address);
        change(&mut settings);
        stt::open(&settings, None, 1).map(|_| ()).map_err(|error| (error.kind(), error.to_string()))
    };
    assert!(ear(|s| s.language = "de-AT".into()).is_ok() && ear(|s| s.language = "auto".into()).is_ok());
    let (kind, text) = ear(|s| s.language = "fr".into()).unwrap_err();
    assert!(kind == Kind::Reword && text.contains("stt.language") && text.contains("de, en"), "{text}");
    let (kind, text) = ear(|s| s.model = "huge".into()).unwrap_err();
    assert!(kind == Kind::Reword && text.contains("\"huge\"") && text.contains("tiny"), "{text}");
    assert!(stt::wyoming::examine(&ear_at(&server.address)).unwrap().contains("listener at unix://"));
    assert!(tts::wyoming::examine(&voice_at(&server.address)).unwrap().contains("3 voices"));
    let sphinx = installed("serve").unwrap();
    let error = open_voice(&voice_at(&format!("stdio:'{}'", sphinx.display()))).err().unwrap();
    assert!(error.kind() == Kind::Fetch && error.to_string().contains("is no voice"), "{error}");
}

#[test]
fn its_refusal_is_told_in_its_own_words_and_harmless() {
    let (Some(socket), Some(program)) = (Served::at_unix("refuse"), by_stdio("refuse")) else { return };
    for address in [&socket.address, &program] {
        let mut ear = open_ear(address).unwrap();
        for _ in 0..2 {
            let error = hear(&mut *ear, 1_600).unwrap_err();
            assert!(error.kind() == Kind::Retry && error.message().ends_with("refused: not[2J today"), "{error}");
        }
    }
}
