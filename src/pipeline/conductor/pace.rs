//! How fast the voice is made and how fast it sounds: how long the next fragment may be, so that none comes late.
//!
//! While one fragment sounds, the next is made. A sentence that would take longer to make than its predecessor takes to
//! sound is cut at a clause; the predecessor of the first is the wait that nobody notices. So fragments grow from the
//! first to whole sentences, the faster the machine the sooner.

use std::time::Duration;

/// The wait before the first sound that is aimed at.
const FIRST: Duration = Duration::from_millis(150);

/// A clause shorter than this is not worth a fragment of its own, in characters: the voice needs some words for a melody.
const LEAST: usize = 20;

/// Made with this much to spare: the prediction is an average.
const SPARE: f64 = 0.8;

/// The weight of the newest fragment in the average.
const NEWEST: f64 = 0.3;

/// A fragment, made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Made {
    /// How long it sounds.
    pub length: Duration,
    /// How long it took to make; nothing when it came from the cache.
    pub took: Duration,
}

/// Averages over the fragments of a conversation; seconds for each character.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    making: Option<f64>,
    sounding: f64,
}

impl Pace {
    /// Takes down one fragment. One out of the cache says nothing about how long making takes.
    pub fn note(&mut self, characters: usize, made: Made) {
        if made.took.is_zero() || made.length.is_zero() || characters == 0 {
            return;
        }
        let each = |time: Duration| time.as_secs_f64() / characters as f64;
        let (making, sounding) = (each(made.took), each(made.length));
        let mix = |old: f64, new: f64| old + (new - old) * NEWEST;
        self.sounding = self.making.map_or(sounding, |_| mix(self.sounding, sounding));
        self.making = Some(self.making.map_or(making, |old| mix(old, making)));
    }

    /// How many characters can be made while the `before` characters of the last fragment sound; none before the first.
    pub fn reach(&self, before: Option<usize>) -> usize {
        let Some(making) = self.making else { return usize::MAX };
        let time = before.map_or(FIRST.as_secs_f64(), |characters| characters as f64 * self.sounding);
        ((time * SPARE / making) as usize).max(LEAST)
    }
}

/// Cuts a sentence at its last clause within `reach` characters, else at the first one after that; `None`: it is whole.
pub(super) fn cut(text: &str, reach: usize) -> Option<(String, String)> {
    let length = text.chars().count();
    if length <= reach {
        return None;
    }
    let ends: Vec<(usize, usize)> = text
        .char_indices()
        .enumerate()
        .filter(|(_, (at, c))| match c {
            ',' | ';' | ':' => text[at + c.len_utf8()..].starts_with(' '),
            '—' | '–' => true,
            _ => false,
        })
        .map(|(count, (at, c))| (count + 1, at + c.len_utf8()))
        .filter(|(count, _)| (LEAST..=length.saturating_sub(LEAST)).contains(count))
        .collect();
    let within = ends.iter().rev().find(|(count, _)| *count <= reach);
    let (_, at) = within.or_else(|| ends.first())?;
    Some((text[..*at].trim().to_owned(), text[*at..].trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(real_time_factor: f64) -> Pace {
        let mut pace = Pace::default();
        // Fifteen characters a second, the usual pace of English.
        let length = Duration::from_secs(2);
        pace.note(30, Made { length, took: length.mul_f64(real_time_factor) });
        pace
    }

    #[test]
    fn the_slower_the_voice_the_shorter_the_fragment() {
        assert_eq!(Pace::default().reach(None), usize::MAX);
        assert_eq!(pace(0.4).reach(None), LEAST);
        assert_eq!(pace(0.04).reach(None), 45);
        assert_eq!(pace(0.4).reach(Some(30)), 60);
        assert_eq!(pace(0.9).reach(Some(60)), 53);
    }

    #[test]
    fn what_comes_from_the_cache_says_nothing() {
        let mut pace = pace(0.4);
        pace.note(30, Made { length: Duration::from_secs(2), took: Duration::ZERO });
        assert_eq!(pace.reach(Some(30)), 60);
    }

    #[test]
    fn sentences_are_cut_at_clauses_only() {
        let long = "If the parcel was opened before, and nobody noticed, then you may send it back within thirty days.";
        let table = [
            (usize::MAX, None),
            (60, Some("If the parcel was opened before, and nobody noticed,")),
            (40, Some("If the parcel was opened before,")),
            (10, Some("If the parcel was opened before,")),
        ];
        for (reach, head) in table {
            let parts = cut(long, reach);
            assert_eq!(parts.as_ref().map(|(head, _)| head.as_str()), head, "{reach}");
            assert!(parts.is_none_or(|(head, tail)| format!("{head} {tail}") == long));
        }
        assert_eq!(cut("One two three four five six seven eight nine ten eleven twelve.", 10), None);
        assert_eq!(cut("Yes, of course, it is so.", 5), None);
    }
}
