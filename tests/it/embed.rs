//! The embedder: the model that set-up makes, and one of ours in the other published convention.

use std::{
    fs,
    path::{Path, PathBuf},
};

use xnai::{
    error::{Error, Kind, Room},
    onnx,
    parcel::ModelFile,
    rag::embed::{self, Embedder},
    turn::Session,
};

use crate::support::skipped;

const MODEL: &str = "all-MiniLM-L6-v2-int8.onnx";

fn file(path: PathBuf) -> ModelFile {
    ModelFile { id: path.file_name().unwrap().to_string_lossy().into_owned(), path, sha256: "cd".repeat(32) }
}

/// The folder that `scripts/models/minilm` fills, when ONNX Runtime is there too.
fn minilm() -> Option<PathBuf> {
    if let Err(e) = onnx::runtime(Room::Rag) {
        skipped(&e.to_string());
        return None;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/minilm");
    if !folder.join(MODEL).is_file() {
        skipped("no models/minilm: run scripts/models/minilm");
        return None;
    }
    Some(folder)
}

fn open(model: PathBuf, tokenizer: PathBuf) -> Result<Box<dyn Embedder>, Error> {
    embed::open(&file(model), &file(tokenizer), 1)
}

fn vectors(embedder: &dyn Embedder, texts: &[&str]) -> Vec<Vec<f32>> {
    embedder.embed(texts, &Session::new().turn()).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn what_means_the_same_is_near_and_what_does_not_is_far() {
    let Some(folder) = minilm() else { return };
    let embedder = open(folder.join(MODEL), folder.join("tokenizer.json")).unwrap();
    assert_eq!((embedder.dimension(), embedder.id()), (384, "cd".repeat(32).as_str()));
    let v =
        vectors(&*embedder, &["How long is the refund window?", "Goods can be returned within thirty days.", "The moon has no air.", ""]);
    assert!(v.iter().all(|v| v.len() == 384 && (cosine(v, v) - 1.0).abs() < 1e-4));
    assert!(cosine(&v[0], &v[1]) > cosine(&v[0], &v[2]) + 0.2, "{} {}", cosine(&v[0], &v[1]), cosine(&v[0], &v[2]));
}

#[test]
fn a_vector_depends_on_its_text_alone() {
    let Some(folder) = minilm() else { return };
    let embedder = open(folder.join(MODEL), folder.join("tokenizer.json")).unwrap();
    let long = "many words and more of them ".repeat(2000);
    let (texts, cut) = (["one", "two words", &long], "many words and more of them ".repeat(60));
    let together = vectors(&*embedder, &texts);
    assert_eq!(together[2], vectors(&*embedder, &[&cut])[0], "what comes after 256 tokens is not read");
    std::thread::scope(|scope| {
        let alone = texts.map(|text| scope.spawn(|| vectors(&*embedder, &[text]).remove(0)));
        assert_eq!(alone.map(|t| t.join().unwrap()).to_vec(), together);
    });
}

#[test]
fn a_stale_turn_is_not_embedded() {
    let Some(folder) = minilm() else { return };
    let embedder = open(folder.join(MODEL), folder.join("tokenizer.json")).unwrap();
    let turn = Session::new().turn();
    turn.cancel();
    assert!(embedder.embed(&["hello"], &turn).unwrap_err().is_stale());
}

#[test]
fn a_model_without_pooling_is_pooled_here() {
    let Some(folder) = minilm() else { return };
    let unpooled = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx/embedder-unpooled.onnx");
    let embedder = open(unpooled, folder.join("tokenizer.json")).unwrap();
    // Tokens of "hello": [CLS] 101, hello 7592, [SEP] 102; every token's vector is (its number, 1000).
    let (mean, length) = ((101.0 + 7592.0 + 102.0) / 3.0f32, |x: f32, y: f32| (x * x + y * y).sqrt());
    let wanted = [mean / length(mean, 1000.0), 1000.0 / length(mean, 1000.0)];
    let got = vectors(&*embedder, &["hello"]).remove(0);
    assert!(got.len() == 2 && got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} {wanted:?}");
}

#[test]
fn bad_files_are_a_sentence_each() {
    let Some(folder) = minilm() else { return };
    let place = tempfile::tempdir().unwrap();
    let bad = |bytes: &[u8]| {
        let path = place.path().join("bad");
        fs::write(&path, bytes).unwrap();
        path
    };
    let said = |model: PathBuf, tokenizer: PathBuf| open(model, tokenizer).err().unwrap();
    for bytes in [&b""[..], b"{", b"{}", &[0xff; 100]] {
        let error = said(folder.join(MODEL), bad(bytes));
        assert_eq!(error.kind(), Kind::Fetch);
        assert!(error.to_string().contains("is no tokenizer"), "{error}");
        assert_eq!(said(bad(bytes), folder.join("tokenizer.json")).kind(), Kind::Fetch);
    }
    assert!(said(folder.join(MODEL), place.path().join("no.json")).to_string().contains("no.json"));
    let voice = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx/voice-tokens.onnx");
    assert!(said(voice, folder.join("tokenizer.json")).to_string().contains("cannot embed text"));
}
