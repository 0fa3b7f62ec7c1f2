//! Digits in, number words out: cardinals, ordinals, years, decimals, single digits.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const THOUSANDS: [&str; 7] = ["", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"];

pub fn cardinal(n: u64) -> String {
    if n < 100 {
        return below_hundred(n);
    }
    let mut words = Vec::new();
    for power in (0..THOUSANDS.len()).rev() {
        let part = n / 1000u64.pow(power as u32) % 1000;
        if part == 0 {
            continue;
        }
        if part >= 100 {
            words.push(format!("{} hundred", below_hundred(part / 100)));
        }
        if !part.is_multiple_of(100) {
            words.push(below_hundred(part % 100));
        }
        if power > 0 {
            words.push(THOUSANDS[power].to_owned());
        }
    }
    words.join(" ")
}

fn below_hundred(n: u64) -> String {
    let (tens, ones) = (n as usize / 10 % 10, n as usize % 10);
    match n {
        0..20 => ONES[n as usize].to_owned(),
        _ if ones == 0 => TENS[tens].to_owned(),
        _ => format!("{} {}", TENS[tens], ONES[ones]),
    }
}

pub fn ordinal(n: u64) -> String {
    let words = cardinal(n);
    let (head, last) = words.rsplit_once(' ').map_or(("", words.as_str()), |(head, last)| (head, last));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        _ => match last.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{last}th"),
        },
    };
    if head.is_empty() { last } else { format!("{head} {last}") }
}

/// As years are said: nineteen oh five, two thousand seven, twenty twenty six.
pub fn year(n: u64) -> String {
    match (n / 100, n % 100) {
        (high, 0) if high % 10 == 0 => cardinal(n),
        (high, 0) => format!("{} hundred", cardinal(high)),
        (high, low) if high % 10 == 0 && low < 10 => cardinal(n),
        (high, low) if low < 10 => format!("{} oh {}", cardinal(high), cardinal(low)),
        (high, low) => format!("{} {}", cardinal(high), cardinal(low)),
    }
}

/// One by one: "zero zero seven". Other characters are left out.
pub fn digits(text: &str) -> String {
    let names: Vec<&str> = text.chars().filter_map(|c| Some(ONES[c.to_digit(10)? as usize])).collect();
    names.join(" ")
}

/// A plain number: sign, thousands separators, decimals. Leading zeros and giants are read digit by digit.
pub fn number(text: &str) -> String {
    let (sign, rest) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("minus ", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.replace(',', "");
    let (whole, fraction) = rest.split_once('.').map_or((rest.as_str(), None), |(whole, fraction)| (whole, Some(fraction)));
    let zeros = whole.len() > 1 && whole.starts_with('0');
    let whole = match whole.parse::<u64>() {
        Ok(n) if !zeros => cardinal(n),
        _ if whole.is_empty() => String::new(),
        _ => digits(whole),
    };
    match fraction {
        Some(fraction) if !fraction.is_empty() => format!("{sign}{whole} point {}", digits(fraction)).replace("  ", " "),
        _ => format!("{sign}{whole}"),
    }
}

/// Whether the number is exactly one, as far as grammar cares.
pub fn is_one(text: &str) -> bool {
    matches!(text.trim_start_matches(['-', '−', '+']), "1")
}

/// The value of a Roman numeral written the usual way.
pub fn roman(text: &str) -> Option<u64> {
    const PARTS: [(&str, u64); 13] = [
        ("M", 1000),
        ("CM", 900),
        ("D", 500),
        ("CD", 400),
        ("C", 100),
        ("XC", 90),
        ("L", 50),
        ("XL", 40),
        ("X", 10),
        ("IX", 9),
        ("V", 5),
        ("IV", 4),
        ("I", 1),
    ];
    let write = |mut n: u64| {
        let mut out = String::new();
        for (sign, value) in PARTS {
            while n >= value {
                out.push_str(sign);
                n -= value;
            }
        }
        out
    };
    (1..400).find(|&n| write(n) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words() {
        for (digits, words) in [
            ("0", "zero"),
            ("21", "twenty one"),
            ("100", "one hundred"),
            ("1,234", "one thousand two hundred thirty four"),
            ("-40", "minus forty"),
            ("3.14", "three point one four"),
            (".5", " point five"),
            ("007", "zero zero seven"),
            ("1000000", "one million"),
            ("18446744073709551615", &cardinal(u64::MAX)),
        ] {
            assert_eq!(number(digits), words);
        }
        assert!(number("99999999999999999999999").starts_with("nine nine"));
    }

    #[test]
    fn ordinals_years_and_roman_numerals() {
        let all: Vec<String> = [1, 2, 3, 5, 8, 9, 12, 20, 21, 100, 111].map(ordinal).into();
        assert_eq!(
            all.join(","),
            "first,second,third,fifth,eighth,ninth,twelfth,twentieth,twenty first,one hundredth,one hundred eleventh"
        );
        let years: Vec<String> = [1066, 1900, 1905, 2000, 2007, 2026].map(year).into();
        assert_eq!(years.join(","), "ten sixty six,nineteen hundred,nineteen oh five,two thousand,two thousand seven,twenty twenty six");
        assert_eq!((roman("XIV"), roman("VIII"), roman("IIX"), roman("")), (Some(14), Some(8), None, None));
    }
}
