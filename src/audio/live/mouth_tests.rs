//! The ring and its mouth without a device: what would be heard, sample by sample.

use super::*;
use crate::audio::live::ring;

const RATE: u32 = 1000;

fn mouth(channels: u16, queued: &[f32]) -> (Producer<f32>, Arc<Shared>, Mouth) {
    let (mut to, mouth, shared) = ring(RATE, 1.0);
    to.push_entire_slice(queued).unwrap();
    (to, shared, mouth.for_device(channels, RATE))
}

#[test]
fn every_channel_hears_the_same_and_then_silence() {
    let (_ring, shared, mut mouth) = mouth(2, &[0.5, -0.5]);
    let mut heard = [9.0f32; 8];
    mouth.fill(&mut heard, |s| s);
    assert_eq!(heard, [0.5, 0.5, -0.5, -0.5, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!((shared.taken.load(Relaxed), shared.asked.load(Relaxed), shared.underruns.load(Relaxed)), (2, 1, 0));
}

#[test]
fn silence_has_the_middle_value_of_the_form() {
    let (_ring, _shared, mut mouth) = mouth(1, &[1.0]);
    let mut heard = [9u8; 2];
    mouth.fill(&mut heard, |s| (s * 127.0 + 128.0) as u8);
    assert_eq!(heard, [255, 128]);
}

#[test]
fn a_gap_counts_once_and_only_while_more_is_to_come() {
    let (mut ring, shared, mut mouth) = mouth(1, &[0.5]);
    shared.expecting.store(true, Relaxed);
    let mut heard = [0.0f32; 4];
    mouth.fill(&mut heard, |s| s);
    mouth.fill(&mut heard, |s| s);
    assert_eq!(shared.underruns.load(Relaxed), 1);
    ring.push_entire_slice(&[0.1; 4]).unwrap();
    mouth.fill(&mut heard, |s| s);
    mouth.fill(&mut heard, |s| s);
    assert_eq!(shared.underruns.load(Relaxed), 2);
    shared.expecting.store(false, Relaxed);
    mouth.fill(&mut heard, |s| s);
    mouth.fill(&mut heard, |s| s);
    assert_eq!(shared.underruns.load(Relaxed), 2);
}

#[test]
fn a_hush_fades_what_was_queued_and_lets_the_next_through() {
    let (mut ring, shared, mut mouth) = mouth(1, &[1.0; 100]);
    let mut heard = [0.0f32; 10];
    mouth.fill(&mut heard, |s| s);
    shared.discard.store(100, Relaxed);
    ring.push_entire_slice(&[0.25; 3]).unwrap();
    mouth.fill(&mut heard, |s| s);
    // 5 ms at 1000 Hz are five samples.
    assert_eq!(heard.map(|s| (s * 100.0).round() as i32), [100, 80, 60, 40, 20, 25, 25, 25, 0, 0]);
    assert_eq!(shared.taken.load(Relaxed), 103);
}

#[test]
fn what_is_held_before_it_began_is_not_heard_at_all() {
    let (_ring, shared, mut mouth) = mouth(1, &[1.0; 20]);
    shared.hold(true);
    let mut heard = [9.0f32; 10];
    mouth.fill(&mut heard, |s| s);
    assert_eq!((heard, shared.taken.load(Relaxed)), ([0.0; 10], 0));
    shared.hold(false);
    mouth.fill(&mut heard, |s| s);
    assert_eq!(heard.map(|s| (s * 100.0).round() as i32), [20, 40, 60, 80, 100, 100, 100, 100, 100, 100]);
}

#[test]
fn a_hush_before_anything_was_heard_lets_nothing_through() {
    let (mut ring, shared, mut mouth) = mouth(1, &[1.0; 100]);
    shared.queued.store(100, Relaxed);
    shared.hush();
    let mut heard = [9.0f32; 10];
    mouth.fill(&mut heard, |s| s);
    ring.push_entire_slice(&[1.0; 100]).unwrap();
    mouth.fill(&mut heard, |s| s);
    assert_eq!((heard, shared.taken.load(Relaxed), shared.heard.load(Relaxed)), ([0.0; 10], 200, 0));
    shared.queued.store(200, Relaxed);
    shared.answer(shared.hushes());
    ring.push_entire_slice(&[0.5; 10]).unwrap();
    mouth.fill(&mut heard, |s| s);
    assert_eq!(heard, [0.5; 10]);
}
