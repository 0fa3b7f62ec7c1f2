//! Good files pass; everything that is cut, random or of another kind is a sentence.

use std::fs;

use super::*;

fn verdict(content: &[u8], role: Role) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, content).unwrap();
    inspect(&path, role).map_err(|e| e.to_string())
}

fn numbers(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// The smallest Whisper file: one word, one tensor of `dims` with f32 values.
fn whisper(dims: &[u32], n_dims: u32, kind: u32) -> Vec<u8> {
    let mut file = b"lmgg".to_vec();
    file.extend(numbers(&[51864, 1500, 192, 3, 4, 448, 192, 3, 2, 80, 7]));
    file.extend(numbers(&[1, 2, 0, 0, 1, 3]));
    file.extend(b"the");
    file.extend(numbers(&[n_dims, 4, kind]));
    file.extend(numbers(dims));
    file.extend(b"name");
    file.extend(vec![0; dims.iter().product::<u32>() as usize * 4]);
    file
}

fn gguf(version: u32, tensors: u64, keys: u64) -> Vec<u8> {
    [&b"GGUF"[..], &version.to_le_bytes(), &tensors.to_le_bytes(), &keys.to_le_bytes(), &[0; 200]].concat()
}

/// ir_version 8, producer "us", a graph of 300 bytes.
fn onnx() -> Vec<u8> {
    [&[0x08, 0x08, 0x12, 2, b'u', b's', 0x3a, 0xac, 0x02][..], &[0; 300]].concat()
}

fn npz() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("af_heart.npy", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, &[7; 999]).unwrap();
    zip.finish().unwrap().into_inner()
}

fn good() -> Vec<(Role, Vec<u8>)> {
    let voice = 0.5f32.to_le_bytes().repeat(510 * 256);
    vec![
        (Role::Stt, whisper(&[8, 8], 2, 0)),
        (Role::Vad, [&b"lmgg"[..], &numbers(&[10]), b"silero-16k", &numbers(&[5, 1, 2])].concat()),
        (Role::Vad, onnx()),
        (Role::Tts, onnx()),
        (Role::Embed, onnx()),
        (Role::Embed, gguf(3, 2, 2)),
        (Role::Llm, gguf(3, 2, 2)),
        (Role::Voices, npz()),
        (Role::Voices, voice),
        (Role::Tokenizer, br#"{"version": "1.0", "model": {"type": "WordPiece"}}"#.to_vec()),
    ]
}

#[test]
fn a_good_file_of_every_kind_passes() {
    for (role, content) in good() {
        verdict(&content, role).unwrap_or_else(|e| panic!("{role}: {e}"));
    }
}

#[test]
fn a_file_of_another_kind_is_refused() {
    for (role, content) in good() {
        for (other, _) in good().into_iter().filter(|(other, _)| *other != role) {
            let alike = [Role::Vad, Role::Tts, Role::Embed];
            if (alike.contains(&role) && alike.contains(&other)) || (content.starts_with(b"GGUF") && other == Role::Llm) {
                continue;
            }
            if role == Role::Llm && other == Role::Embed {
                continue;
            }
            verdict(&content, other).expect_err(&format!("{role} as {other}"));
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    for (role, content) in good() {
        // Of GGUF only the header is read here; llama.cpp checks the rest itself.
        let least = if content.starts_with(b"GGUF") { 24 } else { content.len() - 1 };
        let least = if role == Role::Vad && content.starts_with(b"lmgg") { 17 } else { least };
        for length in [0, 1, 3, 4, 5, 11, least / 2, least] {
            verdict(&content[..length], role).expect_err(&format!("{role} cut to {length}"));
        }
    }
}

#[test]
fn noise_is_refused_everywhere() {
    // xorshift: the same noise every time.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = || {
        (0..VOICE_BYTES / 8)
            .flat_map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()
            })
            .collect::<Vec<u8>>()
    };
    for _ in 0..3 {
        let content = noise();
        for (role, good) in good() {
            verdict(&content, role).expect_err(&format!("noise as {role}"));
            let magic_then_noise = [&good[..4], &content[4..]].concat();
            verdict(&magic_then_noise, role).expect_err(&format!("a magic and noise as {role}"));
        }
    }
}

#[test]
fn a_whisper_file_that_would_write_to_the_stack_is_refused() {
    assert!(verdict(&whisper(&[8, 8], 1000, 0), Role::Stt).unwrap_err().contains("1000 dimensions"));
    assert!(verdict(&whisper(&[8, 8], 0, 0), Role::Stt).unwrap_err().contains("0 dimensions"));
    assert!(verdict(&whisper(&[8, 8], 2, 99), Role::Stt).unwrap_err().contains("unknown type 99"));
    let mut vast = whisper(&[8, 8], 2, 0);
    vast[87..95].fill(0xff);
    assert!(verdict(&vast, Role::Stt).unwrap_err().contains("cut short"));
}

#[test]
fn headers_that_claim_the_impossible_are_refused() {
    assert!(verdict(&gguf(1, 2, 2), Role::Llm).unwrap_err().contains("version 1"));
    for (tensors, keys) in [(0, 2), (2, 0), (u64::MAX, 2), (2, u64::MAX), (1000, 2)] {
        assert!(verdict(&gguf(3, tensors, keys), Role::Llm).unwrap_err().contains("claims"), "{tensors} {keys}");
    }
    let mut many_layers = whisper(&[8, 8], 2, 0);
    many_layers[20..24].copy_from_slice(&70_000u32.to_le_bytes());
    assert!(verdict(&many_layers, Role::Stt).unwrap_err().contains("70000"));
}
