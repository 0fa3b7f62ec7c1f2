//! A microphone that outlives its device: lost, it is opened again until it is back, and its reader is only told.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::opening::Opening;
use crate::{
    audio::microphone::{DeviceNews, Heard, MicState, Microphone},
    error::{Error, Result},
};

/// Opens the microphone of that name, as `audio.input` has it.
pub type OpenMicrophone = dyn Fn(&str) -> Result<Box<dyn Microphone>> + Send + Sync;

/// Between two looks while it is gone.
const LOOK: Duration = Duration::from_millis(10);

pub struct Reopening {
    open: Arc<OpenMicrophone>,
    wanted: String,
    device: Option<Box<dyn Microphone>>,
    opening: Opening<Box<dyn Microphone>>,
    trouble: Option<Error>,
}

impl Reopening {
    /// The first attempt begins with the first `read`.
    pub fn new(open: Arc<OpenMicrophone>, wanted: &str) -> Self {
        Self { open, wanted: wanted.to_owned(), device: None, opening: Opening::new(Instant::now()), trouble: None }
    }

    /// Looks whether it is back.
    fn try_open(&mut self) -> Option<DeviceNews> {
        let (open, wanted) = (self.open.clone(), self.wanted.clone());
        match self.opening.poll(Instant::now(), move || open(&wanted))? {
            Ok(device) => {
                tracing::info!(device = device.name(), "the microphone is open");
                self.device = Some(device);
                self.trouble = None;
                Some(DeviceNews::Back)
            }
            Err(error) => self.lose(error),
        }
    }

    /// Told once, however often it cannot be opened after that.
    fn lose(&mut self, error: Error) -> Option<DeviceNews> {
        let first = self.trouble.is_none();
        if first {
            tracing::warn!(%error, "no microphone");
        }
        self.trouble = Some(error);
        first.then_some(DeviceNews::Lost)
    }

    /// Closes the device, however long that takes.
    fn leave(&mut self) {
        match self.device.take() {
            Some(device) => self.opening.leave(device, Instant::now()),
            None => self.opening.anew(Instant::now()),
        }
    }

    fn read_device(&mut self, out: &mut Vec<f32>, patience: Duration) -> Option<Heard> {
        match self.device.as_mut()?.read(out, patience) {
            Ok(heard) => Some(heard),
            Err(error) => {
                self.leave();
                self.lose(error).map(|news| Heard { news: Some(news), ..nothing() })
            }
        }
    }
}

fn nothing() -> Heard {
    Heard { samples: 0, dropped: 0, at: Instant::now(), state: MicState::Lost, news: None }
}

impl Microphone for Reopening {
    fn read(&mut self, out: &mut Vec<f32>, patience: Duration) -> Result<Heard> {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if let Some(heard) = self.read_device(out, left) {
                return Ok(heard);
            }
            if let Some(news) = self.try_open() {
                let state = if news == DeviceNews::Back { MicState::Live } else { MicState::Lost };
                return Ok(Heard { news: Some(news), state, ..nothing() });
            }
            if left.is_zero() {
                return Ok(nothing());
            }
            thread::sleep(LOOK.min(left));
        }
    }

    fn retarget(&mut self, input: &str) {
        self.wanted = input.to_owned();
        self.leave();
        self.trouble = None;
    }

    fn name(&self) -> String {
        self.device.as_ref().map_or_else(|| self.wanted.clone(), |device| device.name())
    }

    fn trouble(&self) -> Option<Error> {
        self.trouble.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    };

    use super::*;
    use crate::error::{Kind, Room};

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
}
