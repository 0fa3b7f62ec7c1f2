//! The microphone's sound into the moments when the key phrase was spoken, by a program that may be slow, mute or dead.
//!
//! One thread, beside the listener. It connects while hands-free listening is on, hands on what the queue holds, and
//! begins anew, at longer and longer intervals, whenever the program is gone. The face is told once, not each time.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use super::{
    Phrase,
    queue::{Next, Queue},
};
use crate::{
    error::Result,
    parcel::EAR_RATE,
    pipeline::{edges, worker},
    turn::{Session, Turn},
    wyoming::{Detection, Wake},
};

/// Sound handed on at once, in samples: 100 ms, which is as late as a phrase may be noticed because of it.
const ENOUGH: usize = EAR_RATE as usize / 10;

/// How long it waits for that much.
const MOMENT: Duration = Duration::from_millis(100);

/// Between two looks whether anything is wanted.
const REST: Duration = Duration::from_secs(60);

/// Before the first new attempt, and before the later ones at most.
const SOON: Duration = Duration::from_millis(250);
const LATE: Duration = Duration::from_secs(30);

/// Holes in the stream that are remembered; what is asked about is seconds old at most.
const HOLES: usize = 16;

/// A phrase was spoken: it ended at this position of what the listener heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spotted {
    pub at: u64,
}

/// What becomes of the spotter. Each is said once, until another one is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It listens: this is its name.
    Ready(String),
    /// It does not, and why.
    Deaf(String),
}

/// The listener's side. Dropping it ends the thread, and the program.
pub struct Spotter {
    queue: Arc<Queue>,
    found: Receiver<Spotted>,
    turn: Turn,
}

impl Spotter {
    /// Starts the thread; it rests until something is wanted. `report` must not wait.
    pub fn start(phrase: Phrase, report: impl Fn(Report) + Send + 'static) -> Result<Self> {
        let (queue, turn) = (Arc::<Queue>::default(), Session::new().turn());
        let (tell, found) = sync_channel(edges::SPOTTINGS);
        let work = Work { phrase, queue: Arc::clone(&queue), turn: turn.clone(), tell, report: Box::new(report), last: None };
        worker::start("spotter", move || work.run())?;
        Ok(Self { queue, found, turn })
    }

    /// Whether it is to listen. Without, its program is ended.
    pub fn want(&self, wanted: bool) {
        self.queue.want(wanted);
    }

    /// What was captured, 16 kHz, from that position on. Never waits.
    pub fn hear(&self, samples: &[f32], start: u64) {
        self.queue.push(samples, start);
    }

    /// What was spotted since the last call: the last of it.
    pub fn found(&self) -> Option<Spotted> {
        self.found.try_iter().last()
    }
}

impl Drop for Spotter {
    fn drop(&mut self) {
        self.queue.end();
        self.turn.cancel();
    }
}

struct Work {
    phrase: Phrase,
    queue: Arc<Queue>,
    turn: Turn,
    tell: SyncSender<Spotted>,
    report: Box<dyn Fn(Report) + Send>,
    last: Option<Report>,
}

impl Work {
    fn run(mut self) {
        let mut wait = SOON;
        loop {
            match self.queue.awaken(REST) {
                Next::End => return,
                Next::Rest => continue,
                Next::Sound(..) => {}
            }
            let mut worked = false;
            let Err(error) = self.spot(&mut worked) else { continue };
            if error.is_stale() {
                return;
            }
            wait = if worked { SOON } else { wait };
            self.say(Report::Deaf(error.to_string()));
            if self.queue.pause(wait) == Next::Rest {
                // Whoever switches it on again is told again.
                self.last = None;
            }
            wait = (wait * 2).min(LATE);
        }
    }

    /// Each thing once: a reason that changes from one attempt to the next is no news.
    fn say(&mut self, report: Report) {
        let same = match (&self.last, &report) {
            (Some(Report::Deaf(_)), Report::Deaf(_)) => true,
            (last, report) => last.as_ref() == Some(report),
        };
        if !same {
            (self.report)(report.clone());
            self.last = Some(report);
        }
    }

    /// Connects and spots until nobody wants it any more.
    fn spot(&mut self, worked: &mut bool) -> Result<()> {
        let mut link = self.phrase.link()?;
        let (names, who) = link.knows(&self.phrase.words, &self.turn)?;
        let mut wake = Wake::open(link, &names, &self.turn)?;
        let mut stream = Stream::default();
        loop {
            let Next::Sound(sound, start) = self.queue.take(ENOUGH, MOMENT) else { return Ok(()) };
            stream.takes(sound.len() as u64, start);
            for detection in wake.push(&sound, &self.turn)? {
                if let Some(at) = stream.place(&detection) {
                    // A listener that is behind with this needs no more of it.
                    let _ = self.tell.try_send(Spotted { at });
                }
            }
            if wake.beats() > 0 && !*worked {
                *worked = true;
                self.say(Report::Ready(who.clone()));
            }
        }
    }
}

/// What was sent, as stretches of what the listener heard.
#[derive(Default)]
struct Stream {
    sent: u64,
    /// From that sample of the stream on, so much is to be added.
    holes: VecDeque<(u64, u64)>,
    /// Where the last phrase ended.
    last: Option<u64>,
}

impl Stream {
    fn takes(&mut self, samples: u64, start: u64) {
        let missing = start.saturating_sub(self.sent);
        if samples > 0 && self.holes.back().is_none_or(|&(_, last)| last != missing) {
            self.holes.push_back((self.sent, missing));
            if self.holes.len() > HOLES {
                self.holes.pop_front();
            }
        }
        self.sent += samples;
    }

    /// Where that was, for the listener: now, if the spotter does not know. `None` for what is told twice.
    fn place(&mut self, detection: &Detection) -> Option<u64> {
        /// Some spotters go on telling while the phrase is in their view.
        const AGAIN: u64 = EAR_RATE as u64;
        let told = detection.at.map(|at| (at.as_secs_f64() * f64::from(EAR_RATE)) as u64);
        // What is too long ago is a mistake about the clock.
        let long_ago = self.sent.saturating_sub(u64::from(EAR_RATE) * edges::SPOTTED.as_secs());
        let at = told.filter(|&at| at >= long_ago).unwrap_or(self.sent);
        if self.last.is_some_and(|last| at < last + AGAIN) {
            return None;
        }
        self.last = Some(at);
        let missing = self.holes.iter().rev().find(|(from, _)| *from < at).or(self.holes.front()).map_or(0, |(_, missing)| *missing);
        Some(at + missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: Option<u64>) -> Detection {
        Detection { name: "hey computer".into(), at: ms.map(Duration::from_millis) }
    }

    #[test]
    fn a_phrase_is_found_again_in_what_the_listener_heard() {
        let second = u64::from(EAR_RATE);
        let mut stream = Stream::default();
        stream.takes(2 * second, 5 * second);
        assert_eq!(stream.place(&at(Some(1500))), Some(5 * second + 24_000));
        stream.takes(10 * second, 100 * second);
        assert_eq!(stream.place(&at(Some(1600))), None, "the same phrase, told once more");
        assert_eq!(stream.place(&at(Some(3000))), Some(101 * second), "after a hole");
        assert_eq!(stream.place(&at(None)), Some(110 * second), "it does not say");
        stream.takes(30 * second, 110 * second);
        assert_eq!(stream.place(&at(Some(1))), Some(140 * second), "it cannot be so long ago");
    }
}
