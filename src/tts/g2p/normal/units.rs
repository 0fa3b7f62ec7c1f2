//! Units of measure after a number, with their plurals.

use std::sync::LazyLock;

use regex::Captures;

use super::{Around, Context, Rule, number, part, rules};

/// Sign, one, many.
const UNITS: &[(&str, &str, &str)] = &[
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("m/s", "meter per second", "meters per second"),
    ("m²", "square meter", "square meters"),
    ("m2", "square meter", "square meters"),
    ("km²", "square kilometer", "square kilometers"),
    ("cm³", "cubic centimeter", "cubic centimeters"),
    ("m³", "cubic meter", "cubic meters"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("μm", "micrometer", "micrometers"),
    ("nm", "nanometer", "nanometers"),
    ("m", "meter", "meters"),
    ("mi", "mile", "miles"),
    ("ft", "foot", "feet"),
    ("yd", "yard", "yards"),
    ("mph", "mile per hour", "miles per hour"),
    ("kg", "kilogram", "kilograms"),
    ("mg", "milligram", "milligrams"),
    ("g", "gram", "grams"),
    ("lbs", "pound", "pounds"),
    ("lb", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ml", "milliliter", "milliliters"),
    ("mL", "milliliter", "milliliters"),
    ("l", "liter", "liters"),
    ("L", "liter", "liters"),
    ("ms", "millisecond", "milliseconds"),
    ("μs", "microsecond", "microseconds"),
    ("us", "microsecond", "microseconds"),
    ("ns", "nanosecond", "nanoseconds"),
    ("sec", "second", "seconds"),
    ("s", "second", "seconds"),
    ("min", "minute", "minutes"),
    ("hrs", "hour", "hours"),
    ("hr", "hour", "hours"),
    ("h", "hour", "hours"),
    ("THz", "terahertz", "terahertz"),
    ("GHz", "gigahertz", "gigahertz"),
    ("MHz", "megahertz", "megahertz"),
    ("kHz", "kilohertz", "kilohertz"),
    ("Hz", "hertz", "hertz"),
    ("TB", "terabyte", "terabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("MB", "megabyte", "megabytes"),
    ("KB", "kilobyte", "kilobytes"),
    ("kB", "kilobyte", "kilobytes"),
    ("TiB", "tebibyte", "tebibytes"),
    ("GiB", "gibibyte", "gibibytes"),
    ("MiB", "mebibyte", "mebibytes"),
    ("KiB", "kibibyte", "kibibytes"),
    ("GB/s", "gigabyte per second", "gigabytes per second"),
    ("MB/s", "megabyte per second", "megabytes per second"),
    ("KB/s", "kilobyte per second", "kilobytes per second"),
    ("Gbps", "gigabit per second", "gigabits per second"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("kbps", "kilobit per second", "kilobits per second"),
    ("Gbit/s", "gigabit per second", "gigabits per second"),
    ("Mbit/s", "megabit per second", "megabits per second"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("GW", "gigawatt", "gigawatts"),
    ("MW", "megawatt", "megawatts"),
    ("kW", "kilowatt", "kilowatts"),
    ("W", "watt", "watts"),
    ("kV", "kilovolt", "kilovolts"),
    ("V", "volt", "volts"),
    ("mAh", "milliamp hour", "milliamp hours"),
    ("mA", "milliamp", "milliamps"),
    ("dB", "decibel", "decibels"),
    ("kcal", "kilocalorie", "kilocalories"),
    ("kJ", "kilojoule", "kilojoules"),
    ("kPa", "kilopascal", "kilopascals"),
    ("psi", "P.S.I", "P.S.I"),
    ("rpm", "R.P.M", "R.P.M"),
    ("fps", "frame per second", "frames per second"),
    ("dpi", "D.P.I", "D.P.I"),
    ("px", "pixel", "pixels"),
    ("°C", "degree Celsius", "degrees Celsius"),
    ("°F", "degree Fahrenheit", "degrees Fahrenheit"),
    ("°", "degree", "degrees"),
    ("%", "percent", "percent"),
    ("‰", "per mille", "per mille"),
];

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (r"([-−]?\d[\d,]*(?:\.\d+)?) ?[-–] ?(\d[\d,]*(?:\.\d+)?) ?(°[CF]?|%|[A-Za-zμ]{1,4}[²³2]?(?:/[hs])?)", range),
        (r"([-−]?)(\d[\d,]*(?:\.\d+)?|\.\d+)[ -]?(°[CF]?|%|‰|[A-Za-zμ]{1,4}(?:[²³]|2\b|/[hs]\b|\b))", one),
        (r"\b([a-z]+)/(s|sec|min|h|day|month|year)\b", per),
    ])
});

/// The unit, if nothing is glued to it.
fn unit(sign: &str, around: &Around) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let whole = !around.next().is_some_and(|c| c.is_alphanumeric() || c == '_');
    UNITS.iter().find(|(name, _, _)| *name == sign && whole)
}

/// A number that is part of a longer one, or of an identifier, has no unit.
fn free(around: &Around) -> bool {
    !around.last().is_some_and(|c| c.is_alphanumeric() || "_./:,".contains(c))
}

fn range(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let (_, _, many) = free(around).then(|| unit(part(caps, 3), around))??;
    Some(format!("{} to {} {many}", number::number(part(caps, 1)), number::number(part(caps, 2))))
}

fn one(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let (_, one, many) = free(around).then(|| unit(part(caps, 3), around))??;
    let amount = part(caps, 2);
    let sign = if part(caps, 1).is_empty() { "" } else { "minus " };
    Some(format!("{sign}{} {}", number::number(amount).trim(), if number::is_one(amount) { one } else { many }))
}

/// "tokens/s": per second.
fn per(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let time = match part(caps, 2) {
        "s" | "sec" => "second",
        "min" => "minute",
        "h" => "hour",
        word => word,
    };
    let free = !around.last().is_some_and(|c| c == '/' || c == '.') && around.next() != Some('/');
    free.then(|| format!("{} per {time}", part(caps, 1)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        assert_eq!(super::RULES.len(), 3);
    }
}
