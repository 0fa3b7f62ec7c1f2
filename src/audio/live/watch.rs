//! Notices by data that a device is gone: some never say, they only stop calling.

use std::time::{Duration, Instant};

/// A device that was silent this long is gone, and is to be missed within a second. They all call several times in
/// 100 ms, but on a busy machine a sound server may stand still for half a second.
const LOST: Duration = Duration::from_millis(800);

/// A device may take its time to call at all: a Bluetooth speaker wakes up, a sound server is started.
const BEGIN: Duration = Duration::from_secs(5);

/// Having called no more often than this, a device has only filled its buffer (two to four periods) and has not begun to
/// play: PulseAudio's null sink first waits for the up to 2 s of silence that it ran ahead while nobody played.
const FILLING: u64 = 8;

/// How long a filled buffer may lie: those 2 s, and as much again where the machine is busy.
const FILLED: Duration = Duration::from_millis(4000);

/// Who did not look for this long, because it had nothing to play or was stopped itself, has seen nothing.
const BLIND: Duration = Duration::from_millis(250);

/// Counts how long a device has not called.
pub struct Watch {
    calls: u64,
    since: Instant,
    looked: Instant,
    /// Up to so many calls it is still beginning.
    beginning: u64,
}

impl Watch {
    pub fn for_playing(now: Instant) -> Self {
        Self::new(FILLING, now)
    }

    /// Where nothing is opened again a false loss costs the answer: the 2 s of silence may come after the first few hundred
    /// ms, on a busy machine.
    pub fn for_playing_once(now: Instant) -> Self {
        Self::new(u64::MAX, now)
    }

    /// What a device captures is there or not: it has begun with the first call.
    pub fn for_capturing(now: Instant) -> Self {
        Self::new(0, now)
    }

    fn new(beginning: u64, now: Instant) -> Self {
        Self { calls: 0, since: now, looked: now, beginning }
    }

    /// Whether it is gone, having called so often until now.
    pub fn is_lost(&mut self, calls: u64, now: Instant) -> bool {
        let blind = now.saturating_duration_since(self.looked) > BLIND;
        self.looked = now;
        if calls != self.calls || blind {
            (self.calls, self.since) = (calls, now);
        }
        let patience = match calls {
            0 => BEGIN,
            few if few <= self.beginning => FILLED,
            _ => LOST,
        };
        now.saturating_duration_since(self.since) > patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks every 100 ms, with so many calls at each.
    fn lost_after(beginning: u64, calls: impl Fn(u64) -> u64) -> Option<Duration> {
        let start = Instant::now();
        let mut watch = Watch::new(beginning, start);
        let times = (1..100).map(|n| Duration::from_millis(n * 100));
        times.enumerate().find(|(n, time)| watch.is_lost(calls(*n as u64), start + *time)).map(|(_, time)| time)
    }

    #[test]
    fn a_device_that_stops_calling_is_lost_within_a_second() {
        assert_eq!(lost_after(FILLING, |n| (n + FILLING).min(FILLING + 20)), Some(Duration::from_millis(3000)));
        assert_eq!(lost_after(0, |n| n.min(20)), Some(Duration::from_millis(3000)));
        assert_eq!(lost_after(0, |n| n), None);
    }

    #[test]
    fn a_device_that_has_only_filled_its_buffer_may_still_be_waking_up() {
        assert_eq!(lost_after(FILLING, |_| 3), Some(FILLED + Duration::from_millis(200)));
        assert_eq!(lost_after(FILLING, |_| 0), Some(BEGIN + Duration::from_millis(100)));
        assert_eq!(lost_after(0, |_| 0), Some(BEGIN + Duration::from_millis(100)));
    }

    #[test]
    fn a_device_that_is_not_opened_again_may_stand_still_for_longer() {
        let start = Instant::now();
        let mut watch = Watch::for_playing_once(start);
        let lost = (1..100).find(|n| watch.is_lost((*n).min(30), start + Duration::from_millis(n * 100)));
        assert_eq!(lost, Some(30 + FILLED.as_millis() as u64 / 100 + 1));
    }

    #[test]
    fn who_did_not_look_has_seen_nothing() {
        let start = Instant::now();
        let mut watch = Watch::new(0, start);
        assert!(!watch.is_lost(9, start));
        assert!(!watch.is_lost(9, start + Duration::from_secs(60)));
        assert!((1..=9).any(|n| watch.is_lost(9, start + Duration::from_secs(60) + Duration::from_millis(n * 100))));
    }
}
