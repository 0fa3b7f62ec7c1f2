//! Phonemes and token ids of thirty sentences against a reference made with the Python package misaki.
//!
//! How the files are made: tests/data/g2p/README.md. Both sides get the text that our normaliser made, and the tokens and
//! tags of misaki-rs.

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use misaki_rs::{norms, spacy_tagger, spacy_tokenizer::SpacyTokenizer};
use serde::{Deserialize, Serialize};
use xnai::tts::{
    Phonemes,
    g2p::{Reader, Settings, vocab},
};

/// What the reference is made from: a sentence, our words for it, and its tokens with tag and following space.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tagged {
    text: String,
    words: String,
    tokens: Vec<(String, String, String)>,
}

/// What Python's misaki says, and what Kokoro would be given.
#[derive(Debug, Deserialize)]
struct Reference {
    text: String,
    phonemes: String,
    ids: Vec<i64>,
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/g2p").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(data(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn tag(reader: &Reader, tagger: &spacy_tagger::Tagger, text: &str) -> Tagged {
    let words = reader.words(text);
    let tokens = SpacyTokenizer::new().tokenize(&words);
    let norm = |text: &str| norms::norm_of(text, spacy_tagger::hash_string);
    let input: Vec<(String, String, bool)> =
        tokens.iter().map(|t| (t.text.clone(), t.norm.clone().unwrap_or_else(|| norm(&t.text)), !t.whitespace.is_empty())).collect();
    let tags = tagger.tag(&input);
    let tokens = tokens.iter().zip(tags).map(|(t, tag)| (t.text.clone(), tag.to_owned(), t.whitespace.clone())).collect();
    Tagged { text: text.to_owned(), words, tokens }
}

/// Rows `| number | ours | why |` of differences.md.
fn differences() -> BTreeMap<usize, String> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    read("differences.md").lines().map(cells).filter_map(|row| Some((row.get(1)?.parse().ok()?, row.get(2)?.clone()))).collect()
}

#[test]
fn thirty_sentences_sound_as_in_the_reference() {
    let start = Instant::now();
    let mut reader = Reader::open(&Settings::default()).unwrap();
    eprintln!("opened in {:?}", start.elapsed());
    let tagger = spacy_tagger::Tagger::load();
    let sentences = read("sentences.txt");
    let tagged: Vec<Tagged> = sentences.lines().map(|line| tag(&reader, &tagger, line)).collect();
    assert_eq!(tagged.len(), 30);
    if env::var_os("XNAI_WRITE_TOKENS").is_some() {
        fs::write(data("tokens.json"), serde_json::to_string_pretty(&tagged).unwrap() + "\n").unwrap();
    }
    let kept: Vec<Tagged> = serde_json::from_str(&read("tokens.json")).unwrap();
    assert_eq!(tagged, kept, "words or tags changed: make tokens.json and the reference again (tests/data/g2p/README.md)");

    let reference: Vec<Reference> = serde_json::from_str(&read("reference.json")).unwrap();
    let expected = differences();
    let (mut wrong, mut spent) = (Vec::new(), Duration::ZERO);
    for (number, (line, theirs)) in (1..).zip(tagged.iter().zip(&reference)) {
        assert_eq!(line.text, theirs.text, "sentence {number}");
        let start = Instant::now();
        let ours = reader.phonemes(&line.text).unwrap();
        spent += start.elapsed();
        let ids: Vec<i64> = ours.chars().filter_map(vocab::id).collect();
        let same = ours == theirs.phonemes && ids == theirs.ids;
        let fine = expected.get(&number).map_or(same, |pinned| *pinned == ours && !same);
        if !fine {
            wrong.push(format!("{number}: {}\n  ours   {ours}\n  theirs {}", line.words, theirs.phonemes));
        }
    }
    assert_eq!(reference.len(), tagged.len());
    eprintln!("{:?} a sentence", spent / 30);
    assert!(wrong.is_empty(), "not as in the reference and not as listed in differences.md:\n{}", wrong.join("\n"));
}
