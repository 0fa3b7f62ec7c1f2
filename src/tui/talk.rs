//! Events of the talk key into "down" and "up", on every kind of terminal.
//!
//! A terminal with the kitty protocol reports the release. Others do not: there a press begins and the next one ends.
//! Whoever holds the key all the same is understood by the stream of repeated presses that the keyboard makes.

use std::time::{Duration, Instant};

/// A second press within this time is the keyboard repeating itself: keyboards wait 250 to 660 ms before they begin.
const REPEAT_BEGINS: Duration = Duration::from_millis(700);

/// A held key that is silent for so long was let go: slow keyboards repeat every 100 ms.
const REPEAT_ENDS: Duration = Duration::from_millis(220);

/// What the key means now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    #[default]
    Up,
    /// Pressed; the press ends it by a release, or by the next press.
    Down { since: Instant },
    /// Held, on a terminal that tells so by repeating it.
    Repeating { last: Instant },
}

/// What the keyboard did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    Press,
    /// Reported as such: only where releases are.
    Repeat,
    Release,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    Nothing,
    Press,
    Release,
}

impl Talk {
    pub fn is_down(self) -> bool {
        self != Self::Up
    }

    /// `releases`: the terminal reports them.
    pub fn stroke(self, stroke: Stroke, releases: bool, now: Instant) -> (Self, Say) {
        match (self, stroke) {
            (Self::Up, Stroke::Press) => (Self::Down { since: now }, Say::Press),
            (Self::Up, _) => (self, Say::Nothing),
            (_, Stroke::Release) => (Self::Up, Say::Release),
            (_, Stroke::Repeat) => (self, Say::Nothing),
            // A press on a terminal that reports releases: one was lost, and the key is down again.
            (_, Stroke::Press) if releases => (Self::Down { since: now }, Say::Nothing),
            (Self::Down { since }, Stroke::Press) if now.duration_since(since) < REPEAT_BEGINS => {
                (Self::Repeating { last: now }, Say::Nothing)
            }
            (Self::Repeating { .. }, Stroke::Press) => (Self::Repeating { last: now }, Say::Nothing),
            (Self::Down { .. }, Stroke::Press) => (Self::Up, Say::Release),
        }
    }

    /// Time went by.
    pub fn tick(self, now: Instant) -> (Self, Say) {
        match self {
            Self::Repeating { last } if now.duration_since(last) >= REPEAT_ENDS => (Self::Up, Say::Release),
            _ => (self, Say::Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strokes at their times, in ms; what was said, with the time. Time is looked at every 20 ms.
    fn said(releases: bool, strokes: &[(u64, Stroke)]) -> Vec<(u64, Say)> {
        let zero = Instant::now();
        let (mut talk, mut said) = (Talk::Up, Vec::new());
        for ms in 0..4000 {
            let now = zero + Duration::from_millis(ms);
            let due = strokes.iter().filter(|(at, _)| *at == ms).map(|(_, stroke)| *stroke);
            for stroke in due {
                let (next, say) = talk.stroke(stroke, releases, now);
                talk = next;
                said.push((ms, say));
            }
            if ms % 20 == 0 {
                let (next, say) = talk.tick(now);
                talk = next;
                said.push((ms, say));
            }
        }
        said.retain(|(_, say)| *say != Say::Nothing);
        said
    }

    #[test]
    fn a_reported_release_ends_it() {
        use Stroke::*;
        assert_eq!(said(true, &[(0, Press), (500, Repeat), (530, Repeat), (900, Release)]), [(0, Say::Press), (900, Say::Release)]);
        assert_eq!(said(true, &[(0, Press), (100, Press), (900, Release)]), [(0, Say::Press), (900, Say::Release)]);
        assert_eq!(said(true, &[(5, Release), (9, Repeat)]), []);
    }

    #[test]
    fn without_reports_a_second_press_ends_it() {
        use Stroke::Press;
        assert_eq!(said(false, &[(0, Press), (1500, Press)]), [(0, Say::Press), (1500, Say::Release)]);
    }

    #[test]
    fn without_reports_a_held_key_is_understood() {
        let mut strokes = vec![(0, Stroke::Press)];
        strokes.extend((0..40).map(|n| (500 + n * 33, Stroke::Press)));
        let last = strokes.last().unwrap().0;
        let said = said(false, &strokes);
        assert_eq!((said.len(), said[0], said[1].1), (2, (0, Say::Press), Say::Release));
        assert!((last + 220..last + 260).contains(&said[1].0), "{said:?}");
    }

    #[test]
    fn a_nervous_double_press_ends_by_itself() {
        let said = said(false, &[(0, Stroke::Press), (200, Stroke::Press)]);
        assert_eq!((said[0], said[1].1), ((0, Say::Press), Say::Release));
    }
}
