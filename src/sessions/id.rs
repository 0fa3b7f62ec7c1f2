//! A session's name: when it began, in UTC, so that names sort by time. It is never taken for a path.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Serialize;

/// `20260301-140522-417`: date, time and milliseconds, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Id(String);

/// Digits and dashes of a whole name.
const LENGTH: usize = 19;

impl Id {
    pub fn of(at: Timestamp) -> Self {
        let at = at.to_zoned(TimeZone::UTC).datetime();
        Self(format!(
            "{:04}{:02}{:02}-{:02}{:02}{:02}-{:03}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        ))
    }

    /// Takes a whole name, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let shape = |(at, c): (usize, char)| if at == 8 || at == 15 { c == '-' } else { c.is_ascii_digit() };
        (text.len() == LENGTH && text.chars().enumerate().all(shape)).then(|| Self(text.to_owned()))
    }

    /// Takes the name of a session's file.
    pub fn of_file(name: &str) -> Option<Self> {
        name.strip_suffix(".jsonl").and_then(Self::parse)
    }

    pub fn file_name(&self) -> String {
        format!("{}.jsonl", self.0)
    }

    /// The moment in the name, if it is one: a file can be named by hand.
    pub fn time(&self) -> Option<Timestamp> {
        let number = |range: std::ops::Range<usize>| self.0[range].parse::<i16>().ok();
        let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
        let nanos = i32::from(number(16..19)?) * 1_000_000;
        let date = DateTime::new(number(0..4)?, small(4..6)?, small(6..8)?, small(9..11)?, small(11..13)?, small(13..15)?, nanos).ok()?;
        date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_moment_and_sorts_like_one() {
        let early: Timestamp = "2026-03-01T14:05:22.417Z".parse().unwrap();
        let id = Id::of(early);
        assert_eq!(id.as_str(), "20260301-140522-417");
        assert_eq!(id.time(), Some(early));
        assert!(id < Id::of("2026-03-01T14:05:22.418Z".parse().unwrap()));
        assert!(id < Id::of("2026-10-01T00:00:00Z".parse().unwrap()));
        assert_eq!(Id::of_file(&id.file_name()), Some(id));
    }

    #[test]
    fn nothing_else_is_a_name() {
        for text in
            ["", "last", "../../etc/passwd", "20260301-140522-41", "20260301-140522-4170", "20260301/140522-417", "２0260301-140522-4"]
        {
            assert_eq!(Id::parse(text), None, "{text}");
        }
        assert_eq!(Id::parse("20269901-140522-417").unwrap().time(), None);
        assert_eq!(Id::of_file("20260301-140522-417.jsonl.bak"), None);
    }
}
