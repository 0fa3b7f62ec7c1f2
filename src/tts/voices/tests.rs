//! Voices of ours: every row of a table holds one number.

use std::{fs, io::Write};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::error::Kind;

const ROWS: usize = 510;

fn table(value: f32) -> Vec<u8> {
    (0..ROWS * WIDTH).flat_map(|i| (value + (i / WIDTH) as f32).to_le_bytes()).collect()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> ModelFile {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    ModelFile { id: name.into(), path, sha256: String::new() }
}

fn archive(descr: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, value) in [("af_heart", 1.0), ("am_michael", 2.0)] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({ROWS}, 1, {WIDTH}), }}\n");
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
        zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
        zip.write_all(header.as_bytes()).unwrap();
        zip.write_all(&table(value)).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_row_is_chosen_by_length_and_the_last_serves_the_longest() {
    let folder = tempfile::tempdir().unwrap();
    let style = load(&[file(folder.path(), "af_heart.bin", &table(0.0))], "af_heart").unwrap();
    assert_eq!([0, 1, 2, 510, 600].map(|n| style.row(n)[0]), [0.0, 0.0, 1.0, 509.0, 509.0]);
    assert_eq!(style.row(7).len(), WIDTH);
}

#[test]
fn an_archive_is_known_by_its_content_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let files = [file(folder.path(), "voices-v1.0.bin", &archive("<f4"))];
    assert_eq!(names(&files).unwrap(), ["af_heart", "am_michael"]);
    assert_eq!(load(&files, "am_michael").unwrap().row(1)[0], 2.0);
}

#[test]
fn blends_are_weighted_and_the_weights_need_not_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let files = [file(folder.path(), "v.npz", &archive("<f4"))];
    let first = |wish| load(&files, wish).unwrap().row(1)[0];
    assert!((first("af_heart.6+am_michael.4") - 1.4).abs() < 1e-5);
    assert!((first("af_heart.2 + am_michael.6") - 1.75).abs() < 1e-5);
    assert!((first("af_heart+am_michael") - 1.5).abs() < 1e-5);
    for wish in ["", "+", "af_heart.x", "af_heart.0", ".5"] {
        assert_eq!(load(&files, wish).unwrap_err().kind(), Kind::Reword, "{wish}");
    }
}

#[test]
fn an_unknown_voice_is_told_the_nearest_and_all() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(&[file(folder.path(), "v.npz", &archive("<f4"))], "af_haert").unwrap_err().to_string();
    assert!(error.contains("nearest is af_heart") && error.contains("af_heart, am_michael"), "{error}");
}

#[test]
fn bad_files_are_a_sentence_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = table(0.0);
    broken[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut cut = archive("<f4");
    cut.truncate(cut.len() / 2);
    let bad: [(&str, &[u8]); 6] =
        [("empty", b""), ("short", b"hello"), ("odd", &[0; 1028]), ("nan", &broken), ("cut", &cut), ("af_heart", &archive("<f8"))];
    for (name, bytes) in bad {
        let error = load(&[file(folder.path(), &format!("{name}.bin"), bytes)], name).unwrap_err();
        assert_eq!(error.kind(), Kind::Fetch, "{name}: {error}");
        assert!(error.to_string().contains(&format!("{name}.bin")), "{error}");
    }
    let missing = ModelFile { id: "x".into(), path: folder.path().join("no.bin"), sha256: String::new() };
    assert!(load(&[missing], "no").unwrap_err().to_string().contains("no.bin"));
    let not_a_file = ModelFile { id: "x".into(), path: folder.path().into(), sha256: String::new() };
    assert!(load(&[not_a_file], "x").unwrap_err().to_string().contains("not a file"));
}
