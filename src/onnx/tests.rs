//! Bad models are a sentence each. These run wherever ONNX Runtime can be loaded.

use std::{fs, path::Path};

use super::*;
use crate::{
    error::{Kind, Room},
    parcel::ModelFile,
};

fn options() -> Options<'static> {
    Options { room: Room::Tts, threads: 1, optimise: Optimise::EachTime, everyday: 1 }
}

fn file(path: &Path) -> ModelFile {
    ModelFile { id: "a-model".into(), path: path.to_path_buf(), sha256: "ab".repeat(32) }
}

/// Whether the library is there; without it only the checks before it can be tested.
fn library() -> bool {
    let found = runtime(Room::Tts);
    if let Err(e) = &found {
        assert!(std::env::var_os("CI").is_none(), "{e}");
        eprintln!("skipped: {e}");
    }
    found.is_ok()
}

#[test]
fn a_missing_an_empty_and_a_folder_instead_of_a_model_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.onnx");
    fs::write(&empty, "").unwrap();
    let said = |path: &Path| Session::open(&file(path), options()).err().unwrap().to_string();
    assert!(said(&folder.path().join("no.onnx")).ends_with("is not there: fetch a-model again with `xnai models pull`"));
    assert!(said(&empty).contains("is empty"));
    assert!(said(folder.path()).contains("is not a file"));
}

#[test]
fn random_bytes_are_refused_with_a_sentence() {
    if !library() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("random.onnx");
    let bytes: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&path, bytes).unwrap();
    for optimise in [Optimise::Never, Optimise::EachTime, Optimise::Kept(folder.path())] {
        let error = Session::open(&file(&path), Options { optimise, ..options() }).err().unwrap();
        assert_eq!(error.kind(), Kind::Fetch);
        assert!(error.to_string().contains("random.onnx is no ONNX model that can be run"), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path().join("onnx")).unwrap().count(), 0, "nothing bad is kept");
}

/// A model of ours that takes tokens, a style and a speed, and gives tokens / 200 / speed.
fn tiny(folder: &Path) -> ModelFile {
    let path = folder.join("tiny.onnx");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx/voice-tokens.onnx"), &path).unwrap();
    file(&path)
}

fn ask(session: &mut Session) -> Vec<Tensor> {
    let style = Tensor::F32(vec![1, 256], vec![1.0; 256]);
    session.run(&[("tokens", Tensor::I64(vec![1, 2], vec![20, 40])), ("style", style), ("speed", Tensor::F32(vec![1], vec![2.0]))]).unwrap()
}

#[test]
fn a_model_shows_its_ports_and_runs() {
    if !library() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::open(&tiny(folder.path()), options()).unwrap();
    assert_eq!(session.inputs()[0], Port { name: "tokens".into(), numbers: Numbers::I64, shape: vec![1, -1] });
    assert_eq!(ask(&mut session), [Tensor::F32(vec![1, 2], vec![0.05, 0.1])]);
    let error = session.run(&[("tokens", Tensor::I64(vec![1, 1], vec![1]))]).unwrap_err();
    assert!(error.to_string().starts_with("the model a-model failed"), "{error}");
}

#[test]
fn an_optimised_model_is_kept_and_thrown_away_when_it_is_broken() {
    if !library() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (model, options) = (tiny(folder.path()), Options { optimise: Optimise::Kept(folder.path()), ..options() });
    let kept = || {
        let all = fs::read_dir(folder.path().join("onnx")).unwrap().map(|e| e.unwrap().path());
        all.filter(|p| p.extension().is_some_and(|e| e == "onnx")).collect::<Vec<_>>()
    };
    let time = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    Session::open(&model, options).unwrap();
    let path = kept().pop().unwrap();
    let (whole, made) = (fs::read(&path).unwrap(), time(&path));
    Session::open(&model, options).unwrap();
    assert_eq!(time(&path), made, "it is used, not made again");
    for broken in [&b"rubbish"[..], b"", &whole[..whole.len() / 2]] {
        fs::write(&path, broken).unwrap();
        assert_eq!(ask(&mut Session::open(&model, options).unwrap()).len(), 1);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
    assert_eq!(kept(), [path]);
    let outdated = folder.path().join("onnx").join(format!("{}-0000000000000000.onnx", &model.sha256[..16]));
    fs::rename(&kept()[0], &outdated).unwrap();
    Session::open(&model, options).unwrap();
    assert!(!outdated.exists() && kept().len() == 1, "what an older library left is removed");
}

#[test]
fn a_folder_that_cannot_be_written_costs_nothing_but_time() {
    if !library() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("onnx"), "a file in its place").unwrap();
    let options = Options { optimise: Optimise::Kept(folder.path()), ..options() };
    assert_eq!(ask(&mut Session::open(&tiny(folder.path()), options).unwrap()).len(), 1);
}

#[test]
fn a_truncated_model_is_refused() {
    if !library() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let model = tiny(folder.path());
    let whole = fs::read(&model.path).unwrap();
    for length in [1, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&model.path, &whole[..length]).unwrap();
        let error = Session::open(&model, options()).err().unwrap();
        assert!(error.to_string().contains("is no ONNX model that can be run"), "{length}: {error}");
    }
}
