//! What the whole path promises: heteronyms, unknown words, the user's words, and only symbols that Kokoro knows.

use std::{
    sync::{LazyLock, Mutex},
    time::Instant,
};

use proptest::prelude::*;

use super::*;

/// Loading takes a while in a test build: once for all tests.
static US: LazyLock<Mutex<Reader>> = LazyLock::new(|| Mutex::new(Reader::open(&Settings::default()).unwrap()));

fn say(text: &str) -> String {
    US.lock().unwrap_or_else(PoisonError::into_inner).phonemes(text).unwrap()
}

#[test]
fn heteronyms_follow_their_sentence() {
    assert!(say("I read it yesterday.").contains("ɹˈɛd"));
    assert!(say("I will read it.").contains("ɹˈid"));
    assert!(say("We live here.").contains("lˈɪv") && say("It is a live show.").contains("lˈIv"));
}

#[test]
fn what_misaki_drops_is_said() {
    for (text, part) in [
        ("a café", "kæfˈA"),
        ("4:30", "fˈɔɹ θˈɜɹTi"),
        ("std::vec", "kˈOlən"),
        ("2.4 GHz", "hˌɜɹts"),
        ("example.com", "dˈɑt kˈɑm"),
        ("the API", "ˌApˌiˈI"),
        ("the api", "ˌApˌiˈI"),
        ("three A.M.", "ˌAˈɛm"),
    ] {
        assert!(say(text).contains(part), "{text}: {}", say(text));
    }
}

#[test]
fn unknown_words_are_said_with_their_endings() {
    assert_eq!(say("kubernetes"), "kˌubəɹnˈɛTiz");
    assert_eq!(say("Nginx's"), "ˌɛnʤənˈɛksᵻz");
    assert_eq!(say("blicks"), "blˈɪks");
    assert_eq!(say("xqz"), "ˌɛkskjˌuzˈi");
    assert_eq!(say("zorp-proof"), "zˈɔɹp pɹˈuf");
}

#[test]
fn the_users_words_go_before_every_dictionary() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "house hˈWz\nzyx zˈɪks\n").unwrap();
    let mut reader = open(&Settings { british: false, lexicon: Some(file.path().into()) }).unwrap();
    assert_eq!(reader.phonemes("House zyx, zyx's").unwrap(), "hˈWz zˈɪks, zˈɪksᵻz");
}

#[test]
fn a_british_voice_has_british_words() {
    let mut reader = open(&Settings::of_voice("bf_emma", None)).unwrap();
    assert_eq!(reader.phonemes("bath").unwrap(), "bˈɑːθ");
    assert!(!Settings::of_voice("af_heart", None).british);
}

#[test]
fn loading_may_be_left_to_another_thread() {
    fn sent<T: Send>() {}
    sent::<Box<dyn Phonemes>>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn only_symbols_that_kokoro_knows(text in prop_oneof![any::<String>(), "[a-zA-Z0-9$€.,:/'’@#_ -]{0,60}", "([a-zA-Z]{1,9}[ .,'’\\-()\"]{1,2}){0,12}"]) {
        let sound = say(&text);
        prop_assert!(sound.chars().all(|c| vocab::id(c).is_some()), "{}", sound);
    }
}

/// The same split as scripts/g2p/letter_to_sound.py: the 2,000 words with the lowest hashes were not trained on.
#[test]
fn letter_to_sound_keeps_its_quality_on_words_it_never_saw() {
    let fnv = |word: &str| word.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mut words: Vec<(String, String)> = misaki_rs::data::load_us_gold()
        .into_iter()
        .filter(|(word, _)| (3..=16).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()))
        .filter_map(|(word, entry)| match entry {
            PhonemeEntry::Simple(sound) => Some((word, sound)),
            PhonemeEntry::Tagged(sounds) => Some((word, sounds.get("DEFAULT")?.clone()?)),
        })
        .collect();
    words.sort_by_key(|(word, _)| (fnv(word), word.clone()));
    let letters = Letters::new(false);
    let bare = |sound: &str| sound.replace('ɾ', "T").replace('ʔ', "t").chars().filter(|c| !"ˈˌ".contains(*c)).collect::<Vec<_>>();
    let (mut wrong, mut total) = (0, 0);
    let start = Instant::now();
    for (word, sound) in &words[..2000] {
        let (heard, meant) = (bare(&letters.say(word)), bare(sound));
        wrong += distance(&heard, &meant);
        total += meant.len();
    }
    let error = wrong as f64 / total as f64;
    eprintln!("phoneme error {error:.4} on 2000 held-out words, {:?} a word", start.elapsed() / 2000);
    assert!(error < 0.075, "{error}");
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}
