//! The ring among real threads, and under miri, which sees every race and every misuse of memory.

use std::{sync::Arc, thread, time::Duration};

use crate::{
    Heap, numbers,
    ring::{Reader, Storage, Tap, Writer, close, wait_for_room},
};

/// miri is some hundred times slower.
const MANY: u32 = if cfg!(miri) { 500 } else { 2_000_000 };
const ALWAYS: Duration = Duration::from_secs(3600);

fn write_all(heap: &Arc<Heap>, writer: &mut Writer<Heap>, samples: &[f32]) {
    let mut rest = samples;
    while !rest.is_empty() {
        rest = &rest[writer.push(rest)..];
        wait_for_room(&**heap, ALWAYS);
    }
}

#[test]
fn nothing_is_lost_or_doubled_between_threads() {
    let heap = Heap::new(64, 50);
    let (mut writer, mut reader) = (Writer::new(heap.clone()), Reader::attach(heap.clone()));
    let writing = thread::spawn(move || {
        for n in 0..MANY / 10 {
            write_all(&heap, &mut writer, &std::array::from_fn::<f32, 10, _>(|k| (n * 10 + k as u32) as f32));
        }
        close(&*heap, true);
    });
    let (mut heard, mut next) = (Vec::new(), 0);
    loop {
        heard.clear();
        let read = reader.pull(&mut heard, 33);
        for sample in &heard {
            assert_eq!(*sample, next as f32);
            next += 1;
        }
        if read.ended {
            break;
        }
        reader.wait(ALWAYS);
    }
    writing.join().unwrap();
    assert_eq!(next, MANY / 10 * 10);
}

#[test]
fn a_tap_beside_a_fast_writer_counts_exactly() {
    let heap = Heap::new(64, 32);
    let (mut writer, mut tap) = (Writer::new(heap.clone()), Tap::attach(heap.clone()));
    let writing = thread::spawn(move || {
        for n in 0..MANY / 20 {
            writer.push(&std::array::from_fn::<f32, 20, _>(|k| (n * 20 + k as u32) as f32));
        }
        close(&*heap, true);
    });
    let (mut heard, mut at, mut samples) = (Vec::new(), 0u64, 0u64);
    loop {
        heard.clear();
        let read = tap.pull(&mut heard, 16);
        at += read.missed;
        for sample in &heard {
            assert_eq!(*sample, at as f32);
            at += 1;
        }
        samples += read.samples as u64;
        if read.ended {
            break;
        }
    }
    writing.join().unwrap();
    assert_eq!(at, u64::from(MANY / 20 * 20));
    assert!(samples > 0);
}

#[test]
fn discards_at_any_moment_keep_the_books_balanced() {
    let heap = Heap::new(64, 48);
    let (mut writer, mut reader, mut tap) = (Writer::new(heap.clone()), Reader::attach(heap.clone()), Tap::attach(heap.clone()));
    let rounds = MANY / 50;
    let writing = thread::spawn(move || {
        let mut dropped = 0;
        for n in 0..rounds {
            write_all(&heap, &mut writer, &numbers::<10>((n % 1000) as u16));
            if n % 3 == 0 {
                dropped += writer.discard();
            }
        }
        close(&*heap, true);
        (writer, dropped)
    });
    let (mut heard, mut overheard, mut missed) = (Vec::new(), Vec::new(), 0);
    loop {
        let ended = reader.pull(&mut heard, 7).ended;
        missed += tap.pull(&mut overheard, 64).missed;
        if ended {
            break;
        }
        reader.wait(ALWAYS);
    }
    while !tap.pull(&mut overheard, 64).ended {}
    let (writer, dropped) = writing.join().unwrap();
    assert_eq!(heard.len() as u64, writer.played());
    assert_eq!(writer.played() + dropped, u64::from(rounds * 10));
    if missed == 0 {
        assert_eq!(heard, overheard);
    }
}

#[test]
fn without_a_reader_the_ring_holds_the_latest_and_a_late_reader_the_rest() {
    let heap = Heap::new(8, 4);
    let mut writer = Writer::new(heap.clone());
    let mut tap = Tap::attach(heap.clone());
    assert_eq!(writer.push(&numbers::<20>(0)), 20);
    let mut heard = Vec::new();
    let read = tap.pull(&mut heard, 100);
    assert_eq!((read.missed, &heard[..]), (12, &numbers::<8>(12)[..]));
    let mut reader = Reader::attach(heap.clone());
    assert_eq!((writer.played(), reader.pull(&mut heard, 9).samples), (0, 0));
    assert_eq!(writer.push(&numbers::<20>(20)), 4);
    heard.clear();
    assert_eq!(reader.pull(&mut heard, 9).samples, 4);
    assert_eq!((&heard[..], writer.played(), heap.header().queued()), (&numbers::<4>(20)[..], 4, 0));
}

#[test]
fn a_rate_changes_only_between_sounds_and_a_tap_hears_the_joint() {
    let heap = Heap::new(16, 8);
    let (mut writer, mut reader, mut tap) = (Writer::new(heap.clone()), Reader::attach(heap.clone()), Tap::attach(heap));
    writer.push(&numbers::<4>(0));
    assert!(writer.set_rate(8000) && !writer.set_rate(24_000));
    let mut heard = Vec::new();
    reader.pull(&mut heard, 9);
    assert!(writer.set_rate(22_050) && writer.set_rate(24_000));
    writer.push(&numbers::<2>(4));
    assert_eq!(reader.pull(&mut heard, 9).rate, 24_000);
    let mut overheard = Vec::new();
    let reads = [tap.pull(&mut overheard, 9), tap.pull(&mut overheard, 9)].map(|read| (read.rate, read.samples));
    assert_eq!((reads, overheard), ([(8000, 4), (24_000, 2)], heard));
}

#[test]
fn a_tap_that_slept_through_many_discards_counts_them_as_missed() {
    let heap = Heap::new(64, 64);
    let (mut writer, mut reader, mut tap) = (Writer::new(heap.clone()), Reader::attach(heap.clone()), Tap::attach(heap));
    let mut heard = Vec::new();
    for _ in 0..9 {
        writer.push(&numbers::<3>(0));
        reader.pull(&mut heard, 1);
        writer.discard();
    }
    let mut overheard = Vec::new();
    let read = tap.pull(&mut overheard, 64);
    assert_eq!((read.missed, read.samples, read.discarded), (27, 0, true));
    writer.push(&numbers::<3>(50));
    reader.pull(&mut heard, 3);
    assert_eq!(tap.pull(&mut overheard, 64).samples, 3);
    assert_eq!(overheard, numbers::<3>(50));
}
