//! Attempts that fail, hang and come too late, on a clock of our own.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering::Relaxed},
    mpsc::SyncSender,
};

use super::*;
use crate::error::Kind;

/// Asks until it says something, while the clock stands still.
fn ended<T: Send + 'static>(opening: &mut Opening<T>, now: Instant, attempt: impl Fn() -> Result<T> + Send + Clone + 'static) -> Result<T> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        assert!(Instant::now() < deadline, "the attempt never ended");
        if let Some(ended) = opening.poll(now, attempt.clone()) {
            return ended;
        }
        thread::sleep(Duration::from_micros(100));
    }
}

/// When attempts begin, in ms after the loss, on a clock of our own, until so long after it.
fn attempts(seconds: u64) -> Vec<u64> {
    let (start, mut begun) = (Instant::now(), Vec::new());
    let mut opening = Opening::<()>::new(start);
    for ms in 0..seconds * 1000 {
        let now = start + Duration::from_millis(ms);
        if now >= opening.due {
            begun.push(ms);
            let _ = ended(&mut opening, now, || Err(Error::reopen(Room::Audio, "gone")));
        }
    }
    begun
}

#[test]
fn p3_what_comes_back_is_tried_within_half_a_second_and_later_within_one() {
    let begun = attempts(30);
    assert_eq!(begun[..6], [0, 50, 150, 350, 750, 1250]);
    for pair in begun.windows(2) {
        let most = if pair[0] < 10_000 { 500 } else { 1000 };
        assert!(pair[1] - pair[0] <= most, "{pair:?}");
    }
    assert!(begun.len() < 60, "{} attempts in half a minute", begun.len());
}

#[test]
fn what_opens_and_is_lost_at_once_is_tried_with_growing_pauses_too() {
    let (start, mut begun) = (Instant::now(), Vec::new());
    let mut opening = Opening::new(start);
    let mut open_until = None;
    for ms in 0..2000 {
        let now = start + Duration::from_millis(ms);
        if open_until.take_if(|until| ms >= *until).is_some() {
            opening.leave((), now);
            // Closing it takes no time here; in the program the next attempt waits for that as well.
            opening.closing = None;
        }
        if open_until.is_none() && now >= opening.due {
            begun.push(ms);
            ended(&mut opening, now, || Ok(())).unwrap();
            // The fourth lasts longer.
            open_until = Some(ms + if begun.len() == 4 { LASTING.as_millis() as u64 } else { 10 });
        }
    }
    assert_eq!(begun[..6], [0, 60, 170, 380, 880, 940]);
}

#[test]
fn what_comes_back_after_a_long_time_and_is_lost_at_once_is_tried_again_soon() {
    let start = Instant::now();
    let mut opening = Opening::new(start);
    for failed in 0..40 {
        ended(&mut opening, start + Duration::from_secs(failed), || Err::<(), _>(Error::reopen(Room::Audio, "gone"))).unwrap_err();
    }
    let back = start + Duration::from_secs(40);
    ended(&mut opening, back, || Ok(())).unwrap();
    opening.leave((), back + Duration::from_millis(10));
    assert_eq!(opening.due, back + Duration::from_millis(10) + FIRST);
}

#[test]
fn it_goes_on_until_it_works() {
    let (tries, start) = (Arc::new(AtomicU32::new(0)), Instant::now());
    let mut opening = Opening::new(start);
    let attempt = move || if tries.fetch_add(1, Relaxed) < 3 { Err(Error::reopen(Room::Audio, "gone")) } else { Ok(7) };
    let outcomes: Vec<_> = (0..4u32).map(|n| ended(&mut opening, start + Duration::from_secs(n.into()), attempt.clone())).collect();
    assert!(outcomes[..3].iter().all(Result::is_err) && outcomes[3] == Ok(7), "{outcomes:?}");
}

#[test]
fn an_attempt_that_hangs_holds_up_nobody() {
    let (_keep, never) = sync_channel::<()>(0);
    let now = Instant::now();
    let mut opening = Opening::<()>::new(now);
    assert!(opening.poll(now, move || never.recv().map_err(|_| Error::stopped())).is_none());
    for _ in 0..10 {
        assert!(opening.poll(now, || Ok(())).is_none());
    }
    opening.anew(now);
    ended(&mut opening, now, || Ok(())).unwrap();
}

#[test]
fn an_attempt_that_takes_long_is_told_of_once_and_goes_on() {
    let (let_go, hangs) = sync_channel::<()>(0);
    let now = Instant::now();
    let mut opening = Opening::<u8>::new(now);
    assert!(opening.poll(now, move || hangs.recv().map_or(Ok(7), |()| Err(Error::stopped()))).is_none());
    let mut at = |time| opening.poll(time, || Ok(8));
    assert!(at(now + LONG - Duration::from_millis(1)).is_none());
    assert_eq!(at(now + LONG).and_then(Result::err).map(|e| e.kind()), Some(Kind::Reopen));
    assert!(at(now + LONG * 9).is_none(), "once is enough");
    drop(let_go);
    assert_eq!(ended(&mut opening, now + LONG * 9, || Ok(8)), Ok(7), "it was not given up");
}

#[test]
fn however_often_another_device_is_wanted_few_attempts_hang() {
    let (let_go, hangs) = sync_channel::<()>(0);
    let hangs = Arc::new(Mutex::new(hangs));
    let now = Instant::now();
    let mut opening = Opening::<()>::new(now);
    let attempt = || {
        let hangs = hangs.clone();
        move || {
            let _ = hangs.lock().unwrap().recv();
            Ok(())
        }
    };
    for _ in 0..10 {
        opening.anew(now);
        assert!(opening.poll(now, attempt()).is_none());
    }
    assert_eq!((opening.running.is_none(), Arc::strong_count(&opening.busy)), (true, MOST + 1), "it waits for one that hangs");
    assert!(opening.poll(now + LONG, attempt()).is_some_and(|told| told.is_err()), "which is told of");
    drop(let_go);
    ended(&mut opening, now, attempt()).unwrap();
}

/// Dropped, it tells the name of the thread where that happens.
struct Named(SyncSender<Option<String>>);

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().name().map(str::to_owned));
    }
}

#[test]
fn a_device_that_opens_when_it_is_wanted_no_longer_is_closed_where_it_was_opened() {
    let ((tell, closed), (open, opened)) = (sync_channel(1), sync_channel(1));
    let now = Instant::now();
    let mut opening = Opening::new(now);
    let attempt = move || {
        open.send(()).unwrap();
        Ok(Named(tell))
    };
    assert!(opening.poll(now, attempt).is_none());
    opened.recv().unwrap();
    // It may take a moment more until it is on its way to whoever asks.
    thread::sleep(Duration::from_millis(50));
    opening.anew(now);
    assert_eq!(closed.recv_timeout(Duration::from_secs(20)).unwrap().as_deref(), Some("xnai-opening"));
}

/// Dropped, it waits until it may.
struct Slow(Receiver<()>);

impl Drop for Slow {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}

#[test]
fn what_closes_is_waited_for_and_what_hangs_is_left_behind() {
    let now = Instant::now();
    let (let_go, hangs) = sync_channel(0);
    let mut opening = Opening::<u8>::new(now);
    opening.leave(Slow(hangs), now);
    let soon = now + CLOSING - Duration::from_millis(1);
    for _ in 0..100 {
        assert!(opening.poll(soon, || Ok(1)).is_none() && opening.running.is_none(), "two are open at once");
    }
    assert_eq!(ended(&mut opening, now + CLOSING, || Ok(1)), Ok(1));
    drop(let_go);
    // One that closes is waited for no longer than it takes: the clock stands still here.
    let later = now + CLOSING + LASTING;
    opening.leave((), later);
    assert_eq!(ended(&mut opening, later, || Ok(2)), Ok(2));
}

#[test]
fn a_device_that_begins_to_hang_is_told_of_once_more() {
    let (gone, hangs) = (Error::reopen(Room::Audio, "gone"), Error::reopen(Room::Audio, SILENT));
    assert!(is_news(None, &gone) && is_news(None, &hangs) && is_news(Some(&gone), &hangs));
    assert!(!is_news(Some(&gone), &gone) && !is_news(Some(&hangs), &hangs) && !is_news(Some(&hangs), &gone));
}
