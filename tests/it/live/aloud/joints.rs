//! The pauses of a recording beside those of the file with the same answer: how much longer the ear waited at each.

use super::find;

/// Quieter than this is a pause.
const QUIET: f32 = 0.01;

/// Shorter silences, in samples at 48 kHz, are parts of words.
const PAUSE: usize = 48 * 120;

/// What an island is recognised by: 200 ms at its beginning.
const PIECE: usize = 48 * 200;

/// Where speech begins after a pause, in samples.
fn islands(sound: &[f32]) -> Vec<usize> {
    let (mut begins, mut quiet) = (Vec::new(), PAUSE);
    for (at, sample) in sound.iter().enumerate() {
        if sample.abs() < QUIET {
            quiet += 1;
            continue;
        }
        if quiet >= PAUSE && at + PIECE < sound.len() {
            begins.push(at);
        }
        quiet = 0;
    }
    begins
}

/// By how many ms each pause is longer than in the file. Both begin with the same sample, at 48 kHz.
pub fn waits(file: &[f32], heard: &[f32]) -> Vec<f64> {
    let (mut waits, mut late) = (Vec::new(), 0);
    for begin in islands(file).into_iter().skip(1) {
        let due = begin + late;
        let (at, like) = find(&file[begin..begin + PIECE], heard, due.saturating_sub(480), due + 48 * 500);
        assert!(like > 0.9, "what follows the pause at {} ms is not heard: {like}", begin / 48);
        let wait = at as f64 - due as f64;
        late += at.saturating_sub(due);
        waits.push(wait / 48.0);
    }
    waits
}

#[test]
fn pauses_are_found_and_compared_by_what_follows_them() {
    let word = |n: usize| (0..48 * 400).map(move |at| ((at * at * (n + 3)) as f32 * 1e-6).sin() * 0.5 + 0.02);
    let speech = |pause: usize| -> Vec<f32> { word(1).chain((0..48 * pause).map(|_| 0.0)).chain(word(2)).collect() };
    let waits = waits(&speech(200), &speech(240));
    assert!(waits.len() == 1 && (waits[0] - 40.0).abs() < 1.0, "{waits:?}");
}
