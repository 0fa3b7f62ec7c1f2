//! Real people, heard by PocketSphinx through the ear: words wrong for each, printed as a table.

use xnai::{
    audio::{
        load::{self, Source},
        resample,
    },
    error::Room,
    parcel::EAR_RATE,
    wyoming::{Link, Wake, Who},
};

use super::*;
use crate::support::shared_models;

/// What was said, and how many words PocketSphinx 5.1.1 got wrong of it on the day this was written.
const RECORDINGS: [(&str, &str, usize); 11] = [
    ("jfk", "and so my fellow americans ask not what your country can do for you ask what you can do for your country", 5),
    ("turn_on_the_living_room_lamp", "turn on the living room lamp", 1),
    ("living_room_light_en", "turn on the living room light", 2),
    ("hello_world", "hello world", 0),
    ("001", "ten of clubs", 0),
    ("002", "four queen of clubs", 1),
    ("003", "seven of clubs", 0),
    ("004", "five five", 0),
    ("005", "eight of spades four of clubs seven of hearts", 0),
    ("kokoro_af_heart", "welcome to moonshine voice text to speech", 0),
    ("kokoro_am_michael", "welcome to moonshine voice text to speech", 0),
];

/// The fewest words to change, add or leave out, to make one text of the other.
pub fn words_wrong(said: &str, heard: &str) -> usize {
    let heard: Vec<&str> = heard.split_whitespace().collect();
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (n, word) in said.split_whitespace().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], n + 1);
        for (m, other) in heard.iter().enumerate() {
            let changed = corner + usize::from(word != *other);
            corner = row[m + 1];
            row[m + 1] = changed.min(corner + 1).min(row[m] + 1);
        }
    }
    row[heard.len()]
}

#[test]
fn words_are_counted_as_people_count_them() {
    let wrong = |heard| words_wrong("ten of clubs", heard);
    assert_eq!((wrong("ten of clubs"), wrong("ten of"), wrong("a ten of clubs"), wrong("tin of glubs"), wrong("")), (0, 1, 1, 2, 3));
}

/// A recording as an utterance, whatever its rate and channels.
pub fn recording(name: &str, folder: &Path) -> Utterance {
    let path = folder.join("speech").join(name).with_extension("wav");
    let sound = load::load(Source::File(&path), Duration::from_secs(60)).unwrap();
    resample::for_ear(&sound).unwrap()
}

#[test]
fn people_are_heard_by_pocketsphinx() {
    let (Some(program), Some(folder)) = (installed("serve"), shared_models()) else { return };
    let mut ear = open_ear(&format!("stdio:'{}'", program.display())).unwrap();
    let (mut wrong, mut words, mut sound, mut time) = (0, 0, Duration::ZERO, Duration::ZERO);
    println!("{:<30} {:>5} {:>5}  heard", "recording", "words", "wrong");
    for (name, said, _) in RECORDINGS {
        let speech = recording(name, &folder);
        let begun = Instant::now();
        let heard = ear.transcribe(&speech, &turn()).unwrap();
        time += begun.elapsed();
        sound += speech.duration();
        let (count, mistakes) = (said.split(' ').count(), words_wrong(said, &heard.text));
        println!("{name:<30} {count:>5} {mistakes:>5}  {}", heard.text);
        wrong += mistakes;
        words += count;
        if speech.duration() < Duration::from_secs(2) {
            assert_eq!(ear.transcribe(&speech, &turn()).unwrap().text, heard.text, "what was heard before changes nothing");
        }
    }
    let expected: usize = RECORDINGS.iter().map(|(_, _, wrong)| wrong).sum();
    let share = wrong as f32 / words as f32;
    println!("{:<30} {words:>5} {wrong:>5}  {:.0} % (when written: {expected})", "together", share * 100.0);
    println!("{:.2} times real time", time.as_secs_f32() / sound.as_secs_f32());
    assert!(share <= 0.45, "{wrong} of {words} words are wrong");
}

/// So many seconds of a room in which nobody speaks: noise of about −70 dB.
pub fn quiet_room(seconds: u32) -> Vec<f32> {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32 * 1.2e-3
    };
    (0..seconds * EAR_RATE).map(|_| noise()).collect()
}

/// The quiet minute before it once made the recogniser deaf.
#[test]
fn a_key_phrase_is_spotted_where_it_was_spoken_and_nowhere_else() {
    let (Some(program), Some(folder)) = (installed("serve"), shared_models()) else { return };
    let address = format!("stdio:'{}' --wake 'living room'", program.display());
    let who = Who { room: Room::Stt, name: "detector", key: "listen.wake_address", patience: Duration::from_secs(60) };
    let turn = turn();
    let mut wake = Wake::open(Link::new(&address, who).unwrap(), &[], &turn).unwrap();
    let (phrase, other) = (recording("living_room_light_en", &folder), recording("005", &folder));
    let silence = vec![0.0; EAR_RATE as usize];
    let quiet = quiet_room(60);
    let stream = [&quiet, &phrase.samples[..], &silence, &other.samples].concat();
    let mut found = Vec::new();
    for part in stream.chunks(EAR_RATE as usize / 2) {
        found.extend(wake.push(part, &turn).unwrap());
    }
    wait_until("it has heard all", || {
        // Silence brings the answers that are still on their way.
        found.extend(wake.push(&silence, &turn).unwrap());
        !found.is_empty()
    });
    // It answers in order: a sign of life that was asked for now comes after all that it made of the sound.
    let beats = wake.beats();
    wait_until("it has thought about all", || {
        found.extend(wake.push(&[], &turn).unwrap());
        wake.beats() >= beats + 2
    });
    let begin = Duration::from_secs(60);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].name, "living room");
    assert!(found[0].at.is_some_and(|at| at > begin + Duration::from_millis(850) && at < begin + Duration::from_millis(1300)), "{found:?}");
    let error = wait_for_refusal(&program);
    assert!(error.contains("key phrase"), "{error}");
}

/// What a detector says that was not told of any phrase.
fn wait_for_refusal(program: &Path) -> String {
    let who = Who { room: Room::Stt, name: "detector", key: "listen.wake_address", patience: Duration::from_secs(60) };
    let address = format!("stdio:'{}'", program.display());
    let mut wake = Wake::open(Link::new(&address, who).unwrap(), &["computer".into()], &turn()).unwrap();
    let mut error = None;
    wait_until("it refuses", || {
        error = wake.push(&[0.0; 160], &turn()).err();
        error.is_some()
    });
    error.unwrap().to_string()
}
