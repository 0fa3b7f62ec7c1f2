//! Money, telephone numbers, versions, ranges, fractions, ordinals and every other number.

use std::sync::LazyLock;

use regex::Captures;

use super::{Around, Context, Rule, number, part, rules};

pub static MONEY: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (
            r"([-−]?)([$£€¥₹])\s?(\d[\d,]*(?:\.\d+)?)(?:[-–](\d[\d,]*(?:\.\d+)?))?(?:\s?(trillion|billion|million|thousand|bn|[kKMBT])\b)?",
            symbol_first,
        ),
        (r"([-−]?)\b(\d[\d,]*(?:\.\d+)?)(?:\s?(trillion|billion|million|thousand|bn|[kKMBT]))?\s?([€£¥₹]|USD\b|EUR\b|GBP\b)", symbol_last),
        (r"\b(USD|EUR|GBP) ?(\d[\d,]*(?:\.\d+)?)(?:\s?(trillion|billion|million|thousand|bn|[kKMBT])\b)?", code_first),
    ])
});

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (r"\b0x([0-9a-fA-F]+)\b", hex),
        (r"\^\{?([-+]?\d+)\}?", power),
        (r"\b(\d)' ?(\d{1,2})\x22", feet),
        (r"\b0\d{2,4}[ /-]\d{3,}(?:[ -]\d{2,})*\b", phone),
        (r"\+\d[\d ()/-]{6,}\d\b", phone),
        (r"\(?\b\d{3}\)?[ .-]\d{3}[.-]\d{4}\b", phone),
        (r"\b\d{3}-\d{4}\b", phone),
        (r"\b[vV]?(\d+(?:\.\d+){2,})(?:[-+]([A-Za-z]+)\.?(\d+)?)?\b", version),
        (r"\b[vV](\d+(?:\.\d+)?)\b", version),
        (r"(\d[\d,]*(?:\.\d+)?) ?[-–] ?(\d[\d,]*(?:\.\d+)?)", range),
        (r"(?:\b(\d+) )?\b(\d{1,3})/(\d{1,3})\b", fraction),
        (r"\b(\d[\d,]*)(st|nd|rd|th)\b", ordinal),
        (r"#(\d+)\b", hash),
        (r"(\d)\s*[x×*]\s*(\d)", times),
        (r"\b(\d+(?:\.\d+)?)[x×](\s|$|[.,;!?)])", fold),
        (r"([-−+]?)(\d[\d,]*(?:\.\d+)?|\.\d+)", plain),
    ])
});

fn magnitude(letter: &str) -> &str {
    match letter {
        "k" | "K" => "thousand",
        "M" => "million",
        "B" | "bn" => "billion",
        "T" => "trillion",
        word => word,
    }
}

/// Unit, units, hundredth, hundredths.
fn currency(sign: &str) -> [&'static str; 4] {
    match sign {
        "£" | "GBP" => ["pound", "pounds", "penny", "pence"],
        "€" | "EUR" => ["euro", "euros", "cent", "cents"],
        "¥" => ["yen", "yen", "sen", "sen"],
        "₹" => ["rupee", "rupees", "paisa", "paise"],
        _ => ["dollar", "dollars", "cent", "cents"],
    }
}

fn money(sign: &str, amount: &str, magnitude: &str) -> String {
    let [one, many, hundredth, hundredths] = currency(sign);
    let amount = amount.trim_end_matches(',');
    if !magnitude.is_empty() {
        return format!("{} {} {many}", number::number(amount), self::magnitude(magnitude));
    }
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
    let units = format!("{} {}", number::number(whole), if number::is_one(whole) { one } else { many });
    match (cents.len(), cents.parse::<u64>()) {
        (1..=2, Ok(0)) | (0, _) => units,
        (2, Ok(n)) => {
            let parts = format!("{} {}", number::cardinal(n), if n == 1 { hundredth } else { hundredths });
            if whole == "0" { parts } else { format!("{units} and {parts}") }
        }
        _ => format!("{} {many}", number::number(amount)),
    }
}

fn kept_comma(amount: &str) -> &str {
    &amount[amount.trim_end_matches(',').len()..]
}

fn symbol_first(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let minus = if part(caps, 1).is_empty() { "" } else { "minus " };
    let (sign, amount, upper) = (part(caps, 2), part(caps, 3), part(caps, 4));
    let last = if upper.is_empty() { amount } else { upper };
    let words = money(sign, last, part(caps, 5));
    let comma = kept_comma(last);
    Some(if upper.is_empty() { format!(" {minus}{words}{comma}") } else { format!(" {minus}{} to {words}{comma}", number::number(amount)) })
}

fn symbol_last(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let minus = if part(caps, 1).is_empty() { "" } else { "minus " };
    Some(format!("{minus}{} ", money(part(caps, 4), part(caps, 2), part(caps, 3))))
}

fn code_first(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    Some(format!("{}{}", money(part(caps, 1), part(caps, 2), part(caps, 3)), kept_comma(part(caps, 2))))
}

fn hex(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let names: Vec<String> = part(caps, 1)
        .chars()
        .map(|c| if c.is_ascii_digit() { number::digits(&c.to_string()) } else { c.to_ascii_uppercase().to_string() })
        .collect();
    Some(format!("hex {}", names.join(" ")))
}

fn power(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    Some(match part(caps, 1) {
        "2" => " squared".to_owned(),
        "3" => " cubed".to_owned(),
        n => format!(" to the power of {}", number::number(n)),
    })
}

fn feet(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    Some(format!("{} foot {}", number::number(part(caps, 1)), number::number(part(caps, 2))))
}

/// Digit by digit, with a short pause between groups.
fn phone(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let text = part(caps, 0);
    let plus = if text.starts_with('+') { "plus " } else { "" };
    let groups: Vec<String> = text.split(|c: char| !c.is_ascii_digit()).map(number::digits).filter(|group| !group.is_empty()).collect();
    let free = around.free() && !around.last().is_some_and(|c| ".,-".contains(c));
    free.then(|| format!("{plus}{}", groups.join(", ")))
}

fn version(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let text = part(caps, 1);
    let parts: Vec<String> = text.split('.').map(number::number).collect();
    let joint = if parts.len() == 4 { " dot " } else { " point " };
    let word = if part(caps, 0).starts_with(['v', 'V']) && !around.last_word().eq_ignore_ascii_case("version") { "version " } else { "" };
    let tail = match (part(caps, 2), part(caps, 3)) {
        ("", _) => String::new(),
        (name, "") => format!(" {name}"),
        (name, n) => format!(" {name} {}", number::number(n)),
    };
    (!around.last().is_some_and(|c| c == '_' || c == '-')).then(|| format!("{word}{}{tail}", parts.join(joint)))
}

fn range(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let last = part(caps, 2);
    let free =
        !around.last().is_some_and(|c| c.is_alphanumeric() || "-–._".contains(c)) && !around.next().is_some_and(|c| "-–_".contains(c));
    free.then(|| format!("{} to {last}", number::number(part(caps, 1))))
}

fn fraction(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let (upper, lower): (u64, u64) = (part(caps, 2).parse().ok()?, part(caps, 3).parse().ok()?);
    if !around.free() || around.last() == Some('/') {
        return None;
    }
    let whole = match part(caps, 1) {
        "" => String::new(),
        n => format!("{} and ", number::number(n)),
    };
    let name = match lower {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        n => number::ordinal(n),
    };
    Some(match (upper, lower) {
        (24, 7) => "twenty four seven".to_owned(),
        (1, 2..=100) if !whole.is_empty() && lower == 2 => format!("{whole}a half"),
        (1, 2..=100) => format!("{whole}one {name}"),
        (_, 3..=100) if upper < lower => format!("{whole}{} {name}s", number::cardinal(upper)),
        _ => format!("{whole}{} over {}", number::cardinal(upper), number::cardinal(lower)),
    })
}

fn ordinal(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    part(caps, 1).replace(',', "").parse().ok().map(number::ordinal)
}

fn hash(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    (!around.last().is_some_and(char::is_alphanumeric)).then(|| format!("number {}", number::number(part(caps, 1))))
}

/// 1920x1080, 3 × 4: "by" for sizes, "times" for sums.
fn times(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let word = if part(caps, 0).contains('x') { "by" } else { "times" };
    Some(format!("{} {word} {}", part(caps, 1), part(caps, 2)))
}

fn fold(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    Some(format!("{} times{}", number::number(part(caps, 1)), part(caps, 2)))
}

/// Whatever number is left. Beside letters (H200, utf8) it is set apart; a sign counts only before a free number.
fn plain(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let (sign, text) = (part(caps, 1), part(caps, 2));
    let glued = around.last().is_some_and(char::is_alphanumeric);
    let digits = text.trim_end_matches(',');
    let comma = &text[digits.len()..];
    let serial = glued && sign.is_empty() && digits.len() == 4 && !digits.starts_with('0');
    let words = match digits.parse::<u64>() {
        Ok(n) if serial => number::year(n),
        // "1,2,3" is a list, and "3,14" no three hundred fourteen.
        _ if !is_grouped(digits) => digits.split(',').map(number::number).collect::<Vec<_>>().join(", "),
        _ => number::number(digits),
    };
    let sign = match sign {
        "" => "",
        "+" => "plus ",
        _ if glued => "",
        _ => "minus ",
    };
    let space = if around.next().is_some_and(|c| c.is_alphabetic() || c == '_') { " " } else { "" };
    Some(format!(
        "{}{sign}{}{comma}{space}",
        if around.last().is_some_and(|c| !c.is_whitespace() && !"(\"“'".contains(c)) { " " } else { "" },
        words.trim()
    ))
}

/// Whether commas, if there are any, stand between thousands.
fn is_grouped(digits: &str) -> bool {
    let whole = digits.split('.').next().unwrap_or(digits);
    whole.split(',').skip(1).all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        assert_eq!((super::MONEY.len(), super::RULES.len()), (3, 16));
    }
}
