//! Microphones that go, come back, and are silent at first.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};

use super::*;
use crate::error::Kind;

/// Gives its name's length as a sample, while it is plugged in.
struct Plugged(Arc<AtomicBool>, String);

impl Microphone for Plugged {
    fn read(&mut self, out: &mut Vec<f32>, _patience: Duration) -> Result<Heard> {
        if !self.0.load(Relaxed) {
            return Err(Error::reopen(Room::Audio, "pulled"));
        }
        out.push(self.1.len() as f32);
        Ok(Heard { samples: 1, state: MicState::Live, ..nothing() })
    }

    fn name(&self) -> String {
        self.1.clone()
    }
}

/// Reads until it hears that news.
fn until(news: DeviceNews, mic: &mut Reopening) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while mic.read(&mut Vec::new(), Duration::from_millis(5)).unwrap().news != Some(news) {
        assert!(Instant::now() < deadline, "no news of {news:?}");
    }
}

#[test]
fn a_device_that_goes_and_comes_is_news_and_no_error() {
    let plugged = Arc::new(AtomicBool::new(false));
    let there = plugged.clone();
    let opened = Arc::new(Mutex::new(Vec::new()));
    let names = opened.clone();
    let open = move |name: &str| -> Result<Box<dyn Microphone>> {
        names.lock().unwrap().push(name.to_owned());
        if !there.load(Relaxed) {
            return Err(Error::reopen(Room::Audio, "none"));
        }
        Ok(Box::new(Plugged(there.clone(), name.to_owned())))
    };
    let mut mic = Reopening::new(Arc::new(open), "first");
    until(DeviceNews::Lost, &mut mic);
    assert_eq!(mic.trouble().map(|e| e.kind()), Some(Kind::Reopen));
    plugged.store(true, Relaxed);
    until(DeviceNews::Back, &mut mic);
    assert!(mic.trouble().is_none());
    let mut out = Vec::new();
    assert_eq!(mic.read(&mut out, Duration::ZERO).unwrap().state, MicState::Live);
    plugged.store(false, Relaxed);
    until(DeviceNews::Lost, &mut mic);
    plugged.store(true, Relaxed);
    until(DeviceNews::Back, &mut mic);
    mic.retarget("second one");
    until(DeviceNews::Back, &mut mic);
    mic.read(&mut out, Duration::ZERO).unwrap();
    assert_eq!((out, mic.name().as_str()), (vec![5.0, 10.0], "second one"));
    assert!(opened.lock().unwrap().iter().any(|name| name == "second one"));
}

/// One of several that are opened one after the other; silent, but for the third.
struct Shy(u32);

impl Microphone for Shy {
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard> {
        if self.0 < 2 {
            thread::sleep(patience);
            return Ok(Heard { state: MicState::Live, ..nothing() });
        }
        out.push(0.5);
        Ok(Heard { samples: 1, state: MicState::Live, ..nothing() })
    }

    fn name(&self) -> String {
        "shy".into()
    }
}

#[test]
fn a_device_is_back_with_its_first_sound_and_one_that_gives_none_is_opened_again() {
    let opened = Arc::new(AtomicU32::new(0));
    let count = opened.clone();
    let open = move |_: &str| -> Result<Box<dyn Microphone>> { Ok(Box::new(Shy(count.fetch_add(1, Relaxed)))) };
    let mut mic = Reopening::new(Arc::new(open), "default");
    let (mut out, mut news, deadline) = (Vec::new(), Vec::new(), Instant::now() + Duration::from_secs(60));
    while news.last() != Some(&DeviceNews::Back) {
        assert!(Instant::now() < deadline, "only {news:?}");
        let heard = mic.read(&mut out, Duration::from_millis(5)).unwrap();
        assert_eq!(heard.state == MicState::Live, heard.samples > 0, "{heard:?}");
        news.extend(heard.news);
    }
    // Once is chance and no news.
    assert_eq!((news, opened.load(Relaxed)), (vec![DeviceNews::Lost, DeviceNews::Back], 3));
    assert_eq!((out, mic.trouble()), (vec![0.5], None));
}
