//! loom: small stories about the ring, each told in every order of events that the memory model allows.

use std::{sync::Arc, time::Duration};

use loom::thread;

use crate::{
    Heap, numbers,
    ring::{Reader, Storage, Tap, Writer, close, hold, wait_for_room},
};

const ALWAYS: Duration = Duration::from_secs(3600);

fn told(story: fn()) {
    let mut model = loom::model::Builder::new();
    // Three switches away from a running thread find nearly every fault, and end in seconds.
    model.preemption_bound = Some(3);
    model.check(story);
}

#[test]
fn every_sample_comes_once_and_in_order_and_both_sides_wake() {
    told(|| {
        let heap = Heap::new(2, 2);
        let (mut writer, mut reader) = (Writer::new(heap.clone()), Reader::attach(heap.clone()));
        let writing = thread::spawn(move || {
            let mut rest = &numbers::<3>(1)[..];
            while !rest.is_empty() {
                rest = &rest[writer.push(rest)..];
                if !rest.is_empty() {
                    wait_for_room(&*heap, ALWAYS);
                }
            }
            close(&*heap, true);
        });
        let mut heard = Vec::new();
        while !reader.pull(&mut heard, 2).ended {
            reader.wait(ALWAYS);
        }
        writing.join().unwrap();
        assert_eq!(heard, numbers::<3>(1));
    });
}

#[test]
fn a_sample_is_heard_or_discarded_and_the_writer_knows_which() {
    told(|| {
        let heap = Heap::new(4, 4);
        let (mut writer, mut reader) = (Writer::new(heap.clone()), Reader::attach(heap));
        writer.push(&numbers::<2>(1));
        let reading = thread::spawn(move || {
            let mut heard = Vec::new();
            let told = [1, 4].map(|most| reader.pull(&mut heard, most).discarded);
            (heard, told, reader)
        });
        let dropped = writer.discard();
        let played = writer.played();
        writer.push(&[9.0]);
        let (mut heard, told, mut reader) = reading.join().unwrap();
        let late = reader.pull(&mut heard, 4).discarded;
        let old = heard.iter().filter(|s| **s < 9.0).count() as u64;
        assert_eq!((old, old + dropped), (played, 2), "{heard:?}");
        assert_eq!(heard, [&numbers::<2>(1)[..played as usize], &[9.0]].concat());
        assert!(told.into_iter().chain([late]).filter(|t| *t).count() == 1, "told of one discard exactly once");
    });
}

#[test]
fn a_lapped_tap_gets_what_is_left_and_knows_what_is_not() {
    told(|| {
        let heap = Heap::new(4, 4);
        let (mut writer, mut tap) = (Writer::new(heap.clone()), Tap::attach(heap));
        let writing = thread::spawn(move || {
            writer.push(&numbers::<2>(0));
            writer.push(&numbers::<2>(2));
            writer.push(&numbers::<2>(4));
        });
        let (mut heard, mut at) = (Vec::new(), 0);
        for _ in 0..2 {
            let read = tap.pull(&mut heard, 4);
            at += read.missed as usize + read.samples;
            let expected: Vec<f32> = (at - read.samples..at).map(|n| n as f32).collect();
            assert_eq!(heard[heard.len() - read.samples..], expected);
        }
        writing.join().unwrap();
        let read = tap.pull(&mut heard, 8);
        assert_eq!(at + read.missed as usize + read.samples, 6);
    });
}

#[test]
fn a_tap_hears_what_the_reader_heard_and_nothing_discarded() {
    told(|| {
        let heap = Heap::new(8, 4);
        let (mut writer, mut reader, mut tap) = (Writer::new(heap.clone()), Reader::attach(heap.clone()), Tap::attach(heap));
        writer.push(&numbers::<2>(1));
        let listening = thread::spawn(move || {
            let mut overheard = Vec::new();
            tap.pull(&mut overheard, 4);
            (overheard, tap)
        });
        let mut heard = Vec::new();
        reader.pull(&mut heard, 1);
        writer.discard();
        writer.push(&[9.0]);
        reader.pull(&mut heard, 4);
        let (mut overheard, mut tap) = listening.join().unwrap();
        while tap.pull(&mut overheard, 4).samples > 0 {}
        tap.pull(&mut overheard, 4);
        assert_eq!((&overheard, heard), (&vec![1.0, 9.0], vec![1.0, 9.0]));
    });
}

#[test]
fn a_reader_that_comes_late_begins_with_something_whole() {
    told(|| {
        let heap = Heap::new(2, 2);
        let mut writer = Writer::new(heap.clone());
        let late = heap.clone();
        let reading = thread::spawn(move || {
            let mut heard = Vec::new();
            let mut reader = Reader::attach(late);
            let read = reader.pull(&mut heard, 2);
            (heard, read, reader)
        });
        let written = [1.0, 2.0, 3.0].map(|sample| writer.push(&[sample]));
        let (mut heard, read, mut reader) = reading.join().unwrap();
        let more = reader.pull(&mut heard, 2);
        assert!(heard.windows(2).all(|pair| pair[1] > pair[0]), "{heard:?}");
        assert_eq!(writer.played(), heard.len() as u64 + read.missed + more.missed);
        assert!(written.iter().sum::<usize>() <= 3);
    });
}

#[test]
fn every_sample_has_its_own_rate() {
    told(|| {
        let heap = Heap::new(4, 4);
        let mut writer = Writer::new(heap.clone());
        let (mut reader, mut tap) = (Reader::attach(heap.clone()), Tap::attach(heap));
        let writing = thread::spawn(move || {
            writer.push(&[8000.0]);
            if writer.set_rate(9000) {
                writer.push(&[9000.0]);
            }
        });
        for _ in 0..2 {
            let (mut heard, mut overheard) = (Vec::new(), Vec::new());
            let (read, overread) = (reader.pull(&mut heard, 4), tap.pull(&mut overheard, 4));
            assert!(heard.iter().all(|s| *s == read.rate as f32), "{heard:?} at {}", read.rate);
            assert!(overheard.iter().all(|s| *s == overread.rate as f32), "{overheard:?} at {}", overread.rate);
        }
        writing.join().unwrap();
    });
}

#[test]
fn a_slow_tap_hears_no_sample_at_a_wrong_rate() {
    told(|| {
        let heap = Heap::new(4, 4);
        let (mut writer, mut tap) = (Writer::new(heap.clone()), Tap::attach(heap));
        let mut write = move |rate| {
            writer.set_rate(rate);
            writer.push(&[rate as f32]);
        };
        write(8000);
        write(9000);
        let writing = thread::spawn(move || write(7000));
        for _ in 0..2 {
            let mut overheard = Vec::new();
            let read = tap.pull(&mut overheard, 4);
            // Of three rates a tap knows two: what is older than both may be called the middle one.
            let known = |sample: f32| sample == read.rate as f32 || (sample == 8000.0 && read.rate == 9000);
            assert!(overheard.iter().all(|s| known(*s)), "{overheard:?} at {}", read.rate);
        }
        writing.join().unwrap();
    });
}

#[test]
fn a_tap_that_is_late_for_a_discard_hears_nothing_that_was_not_heard() {
    told(|| {
        let heap = Heap::new(8, 4);
        let (mut writer, mut reader, mut tap) = (Writer::new(heap.clone()), Reader::attach(heap.clone()), Tap::attach(heap));
        let mut heard = Vec::new();
        writer.push(&numbers::<2>(1));
        reader.pull(&mut heard, 1);
        writer.discard();
        let listening = thread::spawn(move || {
            let mut overheard = Vec::new();
            tap.pull(&mut overheard, 4);
            tap.pull(&mut overheard, 4);
            overheard
        });
        writer.push(&numbers::<2>(3));
        reader.pull(&mut heard, 1);
        writer.discard();
        let overheard = listening.join().unwrap();
        assert_eq!(heard, [1.0, 3.0]);
        assert!(overheard.iter().all(|s| heard.contains(s)), "{overheard:?}");
    });
}

#[test]
fn a_discard_wakes_who_waits_for_room() {
    told(|| {
        let heap = Heap::new(2, 1);
        let (mut writer, reader) = (Writer::new(heap.clone()), Reader::attach(heap.clone()));
        writer.push(&[1.0]);
        let waiting = thread::spawn(move || wait_for_room(&*heap, ALWAYS));
        assert_eq!(writer.discard(), 1);
        waiting.join().unwrap();
        drop(reader);
    });
}

#[test]
fn what_is_held_flows_again() {
    told(|| {
        let heap = Heap::new(2, 2);
        let (mut writer, mut reader) = (Writer::new(heap.clone()), Reader::attach(heap.clone()));
        hold(&*heap, true);
        writer.push(&[1.0]);
        let releasing = thread::spawn(move || hold(&*heap, false));
        let mut heard = Vec::new();
        while reader.pull(&mut heard, 2).samples == 0 {
            reader.wait(ALWAYS);
        }
        releasing.join().unwrap();
        assert_eq!(heard, [1.0]);
    });
}

#[test]
fn a_reader_that_leaves_frees_the_writer() {
    told(|| {
        let heap = Heap::new(2, 1);
        let (mut writer, reader) = (Writer::new(heap.clone()), Reader::attach(heap.clone()));
        assert_eq!(writer.push(&[1.0, 2.0]), 1);
        let leaving = thread::spawn(move || drop(reader));
        while writer.push(&[2.0]) == 0 {
            wait_for_room(&*heap, ALWAYS);
        }
        leaving.join().unwrap();
        assert_eq!(heap.header().written(), 2);
    });
}

/// The tap's own sleep, with a reader and without one.
#[test]
fn a_tap_is_woken_by_the_writer_or_by_the_reader() {
    for with_reader in [false, true] {
        loom::model(move || {
            let heap: Arc<Heap> = Heap::new(2, 2);
            let mut writer = Writer::new(heap.clone());
            let reader = with_reader.then(|| Reader::attach(heap.clone()));
            let mut tap = Tap::attach(heap);
            let working = thread::spawn(move || {
                writer.push(&[1.0]);
                let mut heard = Vec::new();
                let reader = reader.map(|mut reader| {
                    reader.pull(&mut heard, 1);
                    reader
                });
                (writer, reader)
            });
            let mut overheard = Vec::new();
            while tap.pull(&mut overheard, 1).samples == 0 {
                tap.wait(ALWAYS);
            }
            assert_eq!(overheard, [1.0]);
            drop(working.join());
        });
    }
}
