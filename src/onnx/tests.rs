//! Bad models are a sentence each. These run wherever ONNX Runtime can be loaded.

use std::{fs, path::Path};

use super::*;
use crate::{
    error::{Kind, Room},
    parcel::ModelFile,
};

fn options() -> Options<'static> {
    Options { room: Room::Tts, threads: 1, optimise: Optimise::EachTime }
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
