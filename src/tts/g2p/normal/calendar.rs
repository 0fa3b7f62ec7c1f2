//! Dates, years and times of day.

use std::sync::LazyLock;

use regex::Captures;

use super::{Around, Context, Rule, number, part, rules};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (r"(?i)(\d:\d\d|\d ?[ap]\.?m\.?) ?[-–] ?(\d)", span),
        (r"\b(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b", iso),
        (r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b", slashes),
        (r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b", dots),
        (r"\b(\d{1,2})/(\d{1,2})\b", short),
        (r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?\b", month_first),
        (r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?(?:,? (\d{4}))?\b", day_first),
        (r"(?i)\b(\d{1,2})(?:[:.](\d{2}))? ?([ap])\.?m\b(\.?)", half_day),
        (r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\b", clock),
        (r"\b(\d{1,2}):(\d{1,2})\b", ratio),
        (r"(?:\b|')(\d{2}|\d{3}0)s\b", decade),
        (
            r"(?i)\b(in|since|until|by|from|before|after|around|circa|year|of|spring|summer|autumn|winter|fall|and) (1[1-9]\d\d|20\d\d)\b",
            named_year,
        ),
        (r"\b(1[1-9]\d\d|20\d\d) ?[-–] ?(1[1-9]\d\d|20\d\d)\b", years),
        (r"\b(19\d\d|20\d\d)\b", lone_year),
    ])
});

fn value(caps: &Captures, index: usize) -> Option<u64> {
    part(caps, index).parse().ok()
}

fn day_of(month: u64, day: u64, year: Option<u64>) -> Option<String> {
    let name = MONTHS.get((month as usize).checked_sub(1)?)?;
    if !(1..=31).contains(&day) {
        return None;
    }
    let day = number::ordinal(day);
    Some(match year {
        Some(year) => format!("{name} {day}, {}", number::year(year)),
        None => format!("{name} {day}"),
    })
}

/// From one time to another.
fn span(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    Some(format!("{} to {}", part(caps, 1), part(caps, 2)))
}

fn iso(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let date = around.free().then(|| day_of(value(caps, 2)?, value(caps, 3)?, value(caps, 1)))??;
    Some(match (value(caps, 4), value(caps, 5)) {
        (Some(hour), Some(minute)) => format!("{date}, {}", hour_and_minute(hour, minute)?),
        _ => date,
    })
}

/// Day and month of two numbers, by what is possible and then by the listener's custom.
fn day_and_month(first: u64, second: u64, british: bool) -> (u64, u64) {
    let day_first = first > 12 || british && second <= 12;
    if day_first { (first, second) } else { (second, first) }
}

fn slashes(caps: &Captures, around: &Around, context: &Context) -> Option<String> {
    let (day, month) = day_and_month(value(caps, 1)?, value(caps, 2)?, context.british);
    let year = value(caps, 3)?;
    around.free().then(|| day_of(month, day, Some(if year < 100 { year + 2000 } else { year })))?
}

fn dots(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    around.free().then(|| day_of(value(caps, 2)?, value(caps, 1)?, value(caps, 3)))?
}

/// 21/11 is a date; 3/4 and 5/16 are fractions.
fn short(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let (first, second) = (value(caps, 1)?, value(caps, 2)?);
    let date = around.free() && (1..=12).contains(&second) && (13..=31).contains(&first) && (first, second) != (24, 7);
    date.then(|| day_of(second, first, None))?
}

fn month_of(name: &str) -> Option<u64> {
    Some(MONTHS.iter().position(|month| name.get(..3).is_some_and(|head| month.starts_with(head)))? as u64 + 1)
}

fn month_first(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    around.free().then(|| day_of(month_of(part(caps, 1))?, value(caps, 2)?, value(caps, 3)))?
}

fn day_first(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    around.free().then(|| day_of(month_of(part(caps, 2))?, value(caps, 1)?, value(caps, 3)))?
}

fn hour_and_minute(hour: u64, minute: u64) -> Option<String> {
    let words = number::cardinal(hour);
    match (hour, minute) {
        (0..=12, 0) => Some(format!("{words} o'clock")),
        (13..=24, 0) => Some(format!("{words} hundred")),
        (0..=24, 1..=9) => Some(format!("{words} oh {}", number::cardinal(minute))),
        (0..=24, 10..=59) => Some(format!("{words} {}", number::cardinal(minute))),
        _ => None,
    }
}

fn half_day(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let (hour, half) = (value(caps, 1)?, part(caps, 3).to_uppercase());
    let minute = value(caps, 2).unwrap_or(0);
    let time = if minute == 0 { number::cardinal(hour) } else { hour_and_minute(hour, minute)? };
    let ends = part(caps, 4) == "." && (around.after.is_empty() || around.next_word().starts_with(char::is_uppercase));
    (hour <= 12 && around.last() != Some('.')).then(|| format!("{time} {half}.M{}", if ends { "." } else { "" }))
}

fn clock(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    if !around.free() || around.last() == Some(':') {
        return None;
    }
    let time = hour_and_minute(value(caps, 1)?, value(caps, 2)?)?;
    Some(match value(caps, 3) {
        Some(seconds) => format!("{time} and {} seconds", number::cardinal(seconds)),
        None => time,
    })
}

fn ratio(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    around.free().then(|| Some(format!("{} to {}", number::cardinal(value(caps, 1)?), number::cardinal(value(caps, 2)?))))?
}

fn decade(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let text = part(caps, 1);
    let n: u64 = text.parse().ok()?;
    let round = n.is_multiple_of(10) && !(100..1100).contains(&n) && n > 10 && !around.last().is_some_and(char::is_alphanumeric);
    let words = if n > 99 { number::year(n) } else { number::cardinal(n) };
    let plural = words.strip_suffix('y').map_or_else(|| format!("{words}s"), |stem| format!("{stem}ies"));
    round.then_some(plural)
}

/// The number goes on: a decimal, a thousands group, a range, a unit glued to it.
fn longer(around: &Around) -> bool {
    let digit_after = |mark: char| around.after.strip_prefix(mark).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    !around.free()
        || digit_after('.')
        || digit_after(',')
        || around.last().is_some_and(|c| ".,$£€¥₹#/-:+".contains(c))
        || around.next() == Some('%')
}

fn named_year(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    (!longer(around)).then(|| Some(format!("{} {}", part(caps, 1), number::year(value(caps, 2)?))))?
}

fn years(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    (!longer(around)).then(|| Some(format!("{} to {}", number::year(value(caps, 1)?), number::year(value(caps, 2)?))))?
}

fn lone_year(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let counted =
        matches!(around.next_word(), "bytes" | "tokens" | "words" | "people" | "items" | "ms" | "MB" | "GB" | "KB" | "MHz" | "px" | "x");
    (!longer(around) && !counted).then(|| value(caps, 1).map(number::year))?
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        assert_eq!(super::RULES.len(), 14);
    }
}
