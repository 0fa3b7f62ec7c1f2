//! Numbers as most of Europe writes them (1.000,50 or 1'000.50) into the English way, where nothing else can be meant.
//!
//! Addresses (192.168.100.200), versions (1.2.3) and prices with three decimals ($3.499) look alike, so a point counts as
//! a separator of thousands only beside a decimal comma, beside a group of zeros, or before or after the sign of the euro.

use std::sync::LazyLock;

use regex::Captures;

use super::{Around, Context, Rule, part, rules};

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (r"\b(\d{1,3}(?:\.\d{3})+),(\d+)\b", both),
        (r"\b(\d{1,3}(?: \d{3})+),(\d{2})\b", spaced),
        (r"\b(\d{1,3}(?:['’]\d{3})+)\b", apostrophes),
        (r"\b(\d{1,3}(?:\.\d{3})+)\b", thousands),
        (r"\b(\d+),(\d{1,2})\b", comma),
    ])
});

/// What follows a measure: the figure before it is one number, not two.
const UNITS: [&str; 24] = [
    "kg", "g", "mg", "km", "m", "cm", "mm", "l", "ml", "GB", "MB", "TB", "GHz", "MHz", "Hz", "kW", "h", "s", "ms", "min", "percent",
    "million", "billion", "euros",
];

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Not a part of a longer number, list or name.
fn alone(around: &Around) -> bool {
    let more =
        |text: &str| text.strip_prefix(['.', ',', '\'', '/', '-']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    !around.last().is_some_and(|c| c.is_alphanumeric() || ".,_/'’".contains(c)) && !more(around.after)
}

fn beside(around: &Around, signs: &[&str]) -> bool {
    let (before, after) = (around.before.trim_end(), around.after.trim_start());
    signs.iter().any(|sign| before.ends_with(sign) || after.starts_with(sign))
}

fn money(around: &Around) -> bool {
    beside(around, &["€", "EUR", "$", "USD", "£", "GBP", "CHF", "¥", "₹"])
}

fn measured(around: &Around) -> bool {
    let after = around.after.trim_start();
    after.starts_with(['%', '°']) || UNITS.contains(&around.next_word())
}

fn both(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    alone(around).then(|| format!("{}.{}", digits(part(caps, 1)), part(caps, 2)))
}

fn spaced(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    (alone(around) && money(around)).then(|| format!("{}.{}", digits(part(caps, 1)), part(caps, 2)))
}

fn apostrophes(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    // A decimal point may follow: 1'000.50.
    (!around.last().is_some_and(|c| c.is_alphanumeric() || ".,_/".contains(c))).then(|| digits(part(caps, 1)))
}

fn thousands(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let text = part(caps, 1);
    let zeros = text.matches('.').count() > 1 && text.contains(".000");
    (alone(around) && (zeros || beside(around, &["€", "EUR"]))).then(|| digits(text))
}

fn comma(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let cents = part(caps, 2).len() == 2 && money(around);
    (alone(around) && (cents || measured(around))).then(|| format!("{}.{}", part(caps, 1), part(caps, 2)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        assert_eq!(super::RULES.len(), 5);
    }
}
