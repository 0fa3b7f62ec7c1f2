//! A speaker whose device goes and comes, with a device that is driven by hand.

use std::sync::{
    Mutex,
    mpsc::{Receiver, SyncSender, sync_channel},
};

use super::*;
use crate::{
    audio::{
        SpeakerState,
        live::{Caller, Knobs},
    },
    parcel::Pcm,
    turn::Session,
};

/// A device that was opened: its name, its callback, its flag.
type Sold = (String, Arc<Mutex<Option<Caller>>>, Arc<AtomicBool>);

/// What a test does to the devices that are opened.
struct Shop {
    open_for_business: Arc<AtomicBool>,
    rate: Arc<std::sync::atomic::AtomicU32>,
    /// Devices that are closed hang until this says otherwise.
    hangs: Arc<AtomicBool>,
    sold: Receiver<Sold>,
}

/// Dropped with the device: its callback ends.
struct Stream(Arc<Mutex<Option<Caller>>>, Arc<AtomicBool>);

impl Drop for Stream {
    fn drop(&mut self) {
        while self.1.load(Relaxed) {
            thread::sleep(Duration::from_millis(2));
        }
        *self.0.lock().unwrap() = None;
    }
}

fn shop() -> (Shop, Arc<OpenSpeaker>) {
    let (sell, sold): (SyncSender<Sold>, _) = sync_channel(16);
    let (open, rate) = (Arc::new(AtomicBool::new(true)), Arc::new(std::sync::atomic::AtomicU32::new(RATE)));
    let hangs = Arc::new(AtomicBool::new(false));
    let shop = Shop { open_for_business: open.clone(), rate: rate.clone(), hangs: hangs.clone(), sold };
    let opener = move |name: &str, _: &Arc<Shared>| {
        if !open.load(Relaxed) {
            return Err(Error::reopen(Room::Audio, "sold out"));
        }
        let (mouth, seat) = Caller::new();
        let (mouth, failed) = (Arc::new(Mutex::new(Some(mouth))), Arc::new(AtomicBool::new(false)));
        sell.send((name.to_owned(), mouth.clone(), failed.clone())).unwrap();
        let stream: Box<dyn Send> = Box::new(Stream(mouth, hangs.clone()));
        Ok(Playing { stream, name: name.to_owned(), channels: 1, rate: rate.load(Relaxed), seat, failed })
    };
    (shop, Arc::new(opener))
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// One call of the device.
fn call(device: &Arc<Mutex<Option<Caller>>>, frames: usize) -> Vec<f32> {
    let mut out = vec![9.0; frames];
    if let Some(mouth) = device.lock().unwrap().as_mut() {
        mouth.fill(&mut out, |s| s);
    }
    out
}

/// Calls until sound comes, and says how the call began that brought it.
fn first_sound(device: &Arc<Mutex<Option<Caller>>>) -> f32 {
    let mut first = 0.0;
    until("sound", || {
        first = call(device, 480)[0];
        first != 0.0
    });
    first
}

#[test]
fn sound_goes_on_with_the_next_device_where_it_was() {
    let (shop, open) = shop();
    let mut speaker = keep(open, "first", 1.0);
    let (turn, knobs) = (Session::new().turn(), speaker.knobs());
    let (name, device, failed) = shop.sold.recv().unwrap();
    assert_eq!(name, "first");
    speaker.play(&Pcm::new((0..RATE).map(|n| n as f32 / 1e5 + 0.1).collect::<Vec<_>>(), RATE), &turn).unwrap();
    assert_eq!(first_sound(&device), 0.1);
    assert_eq!((knobs.played(), knobs.state()), (480, SpeakerState::Fine));
    failed.store(true, Relaxed);
    let (_, device, _) = shop.sold.recv().unwrap();
    let next = first_sound(&device);
    // What passed unheard meanwhile, at the pace of a device, is left out.
    assert!(next >= 0.1 + 479.0 / 1e5, "{next}");
    until("it is well again", || knobs.state() == SpeakerState::Fine && knobs.trouble().is_none());
}

#[test]
fn without_a_device_sound_passes_in_its_own_time_and_nothing_counts_as_heard() {
    let (shop, open) = shop();
    shop.open_for_business.store(false, Relaxed);
    let mut speaker = keep(open, "none", 1.0);
    let (turn, knobs) = (Session::new().turn(), speaker.knobs());
    until("it is lost", || knobs.state() == SpeakerState::Lost);
    assert_eq!((knobs.trouble().unwrap().message(), knobs.device()), ("sold out", None));
    let start = Instant::now();
    speaker.play(&Pcm::new(vec![0.5; RATE as usize / 2], RATE), &turn).unwrap();
    speaker.drain(&turn).unwrap();
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(400), "{took:?} for 500 ms of sound");
    assert_eq!((knobs.played(), knobs.underruns()), (0, 0));
    shop.open_for_business.store(true, Relaxed);
    shop.sold.recv().unwrap();
    until("it is back", || knobs.state() == SpeakerState::Fine);
}

#[test]
fn a_hold_and_a_hush_hold_without_a_device_too() {
    let (shop, open) = shop();
    shop.open_for_business.store(false, Relaxed);
    let mut speaker = keep(open, "none", 1.0);
    let (session, knobs) = (Session::new(), speaker.knobs());
    let turn = session.turn();
    until("it is lost", || knobs.state() == SpeakerState::Lost);
    knobs.hold(true);
    speaker.play(&Pcm::new(vec![0.5; 4800], RATE), &turn).unwrap();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(knobs.0.taken.load(Relaxed), 0);
    turn.cancel();
    knobs.hush();
    until("what was queued is gone", || knobs.0.taken.load(Relaxed) == 4800);
}

#[test]
fn another_device_is_opened_while_it_runs_and_another_rate_is_no_matter() {
    let (shop, open) = shop();
    let mut speaker = keep(open, "first", 1.0);
    let (session, knobs) = (Session::new(), speaker.knobs());
    let (_, device, _) = shop.sold.recv().unwrap();
    call(&device, 480);
    until("the first one is known by name", || knobs.device().as_deref() == Some("first"));
    shop.rate.store(16_000, Relaxed);
    knobs.retarget("second");
    let (name, device, _) = shop.sold.recv().unwrap();
    assert_eq!(name, "second");
    until("the new rate is known", || knobs.0.rate.load(Relaxed) == 16_000);
    speaker.play(&Pcm::new(vec![0.5; 1600], 16_000), &session.turn()).unwrap();
    assert_eq!(first_sound(&device), 0.5);
    assert_eq!(Knobs::played(&knobs), 480);
    until("the second one is known by name", || knobs.device().as_deref() == Some("second"));
}

#[test]
fn a_device_that_was_never_called_gives_the_mouth_back() {
    let (shop, open) = shop();
    let mut speaker = keep(open, "first", 1.0);
    let (_, _, failed) = shop.sold.recv().unwrap();
    thread::sleep(Duration::from_millis(50));
    failed.store(true, Relaxed);
    let (_, device, _) = shop.sold.recv().unwrap();
    speaker.play(&Pcm::new(vec![0.5; 48_000], RATE), &Session::new().turn()).unwrap();
    assert!(first_sound(&device) > 0.0);
}

#[test]
fn a_device_that_hangs_while_it_is_closed_keeps_neither_the_mouth_nor_the_sound() {
    let (shop, open) = shop();
    let mut speaker = keep(open, "first", 1.0);
    let (turn, knobs) = (Session::new().turn(), speaker.knobs());
    let (_, first, failed) = shop.sold.recv().unwrap();
    speaker.play(&Pcm::new((0..RATE).map(|n| n as f32 / 1e5 + 0.1).collect::<Vec<_>>(), RATE), &turn).unwrap();
    assert_eq!(first_sound(&first), 0.1);
    shop.hangs.store(true, Relaxed);
    failed.store(true, Relaxed);
    let (_, second, _) = shop.sold.recv_timeout(Duration::from_secs(30)).expect("no other device is opened");
    // The first one is still there, and may even call again: it is silent.
    assert!(first_sound(&second) >= 0.1 + 479.0 / 1e5);
    assert_eq!(call(&first, 480), [0.0; 480]);
    assert_eq!(knobs.state(), SpeakerState::Fine);
    shop.hangs.store(false, Relaxed);
    until("the first one is closed", || first.lock().unwrap().is_none());
    assert!(call(&second, 480)[0] > 0.1, "that changes nothing");
}
