//! The written and the spoken form, side by side.

use super::*;

fn said(text: &str) -> String {
    const WORDS: &[&str] =
        &["example", "docs", "hosts", "config", "main", "max", "tokens", "warning", "report", "john", "mail", "lib", "kokoro"];
    normalise(text, &Context { british: false, known: &|word| WORDS.contains(&word) })
}

fn check(table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter(|(text, words)| said(text) != *words)
        .map(|(text, words)| format!("{text}\n  said     {}\n  expected {words}", said(text)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn numbers() {
    check(&[
        ("I have 21 cats, 3.5 dogs and -40 fish.", "I have twenty one cats, three point five dogs and minus forty fish."),
        ("1,234,567 people", "one million two hundred thirty four thousand five hundred sixty seven people"),
        ("the 1st, 22nd and 103rd", "the first, twenty second and one hundred third"),
        ("3-5 days, pages 10–12", "three to five days, pages ten to twelve"),
        ("1/2 cup, 3/4 inch, 1 1/2 hours, ⅔", "one half cup, three quarters inch, one and a half hours, two thirds"),
        (
            "call 555-123-4567 or +49 30 1234567",
            "call five five five, one two three, four five six seven or plus four nine, three zero, one two three four five six seven",
        ),
        ("version 1.2.3 and v2.0", "version one point two point three and version two point zero"),
        ("192.168.0.1", "one hundred ninety two dot one hundred sixty eight dot zero dot one"),
        ("agent 007, H200, utf8 and 3D", "agent zero zero seven, H two hundred, U.T.F eight and three D"),
        ("1920x1080, 2 × 3, 10x faster", "one thousand nine hundred twenty by one thousand eighty, two times three, ten times faster"),
        ("No. 5, #7, Fig. 2, pp. 3-5", "number five, number seven, figure two, pages three to five"),
    ]);
}

#[test]
fn numbers_as_most_of_europe_writes_them() {
    check(&[
        ("It costs 1.000,50 €.", "It costs one thousand euros and fifty cents."),
        ("€12,50 or 0,99 €", "twelve euros and fifty cents or ninety nine cents"),
        ("1.250 € a month, EUR 3.000", "one thousand two hundred fifty euros a month, three thousand euros"),
        ("1.234.567,8 people", "one million two hundred thirty four thousand five hundred sixty seven point eight people"),
        ("1.000.000 people and 1 000,50 €", "one million people and one thousand euros and fifty cents"),
        ("CHF 1'000.50, 2'500'000", "CHF one thousand point five zero, two million five hundred thousand"),
        ("2,5 kg, 3,5 % and 36,6 °C", "two point five kilograms, three point five percent and thirty six point six degrees Celsius"),
        ("chapters 1,2,3 and 3,14", "chapters one, two, three and three, fourteen"),
    ]);
}

#[test]
fn numbers_as_english_writes_them_stay_so() {
    check(&[
        ("$1,000.50 and 1,000 €", "one thousand dollars and fifty cents and one thousand euros"),
        ("192.168.100.200", "one hundred ninety two dot one hundred sixty eight dot one hundred dot two hundred"),
        ("$3.499 and 3.141", "three point four nine nine dollars and three point one four one"),
        ("12,345,678 km", "twelve million three hundred forty five thousand six hundred seventy eight kilometers"),
        ("On 3,000 days, 21 people", "On three thousand days, twenty one people"),
    ]);
}

#[test]
fn dates_and_times() {
    check(&[
        ("on 2026-11-21.", "on November twenty first, twenty twenty six."),
        ("Nov 21, 2026 and Nov. 3rd", "November twenty first, twenty twenty six and November third"),
        (
            "21 November 2026, 21/11, 11/21/2026",
            "November twenty first, twenty twenty six, November twenty first, November twenty first, twenty twenty six",
        ),
        ("at 4:30, 4:05pm, 4 p.m. or 16:00", "at four thirty, four oh five P.M, four P.M or sixteen hundred"),
        ("It closed at 5 p.m. We left.", "It closed at five P.M. We left."),
        (
            "in 1984, the 1990s, the '80s and 2019-2021",
            "in nineteen eighty four, the nineteen nineties, the eighties and twenty nineteen to twenty twenty one",
        ),
        ("10:30-11:45, 9am-5pm, 24/7", "ten thirty to eleven forty five, nine A.M to five P.M, twenty four seven"),
        ("16:9 screens", "sixteen to nine screens"),
        ("I may 5 times", "I may five times"),
    ]);
}

#[test]
fn money_and_units() {
    check(&[
        (
            "$3.50, £20, €1.2M, $1, $0.99, 20 €",
            "three dollars and fifty cents, twenty pounds, one point two million euros, one dollar, ninety nine cents, twenty euros",
        ),
        ("$5-10 or $1,000,", "five to ten dollars or one thousand dollars,"),
        ("5% of 2.4 GHz and 16GB", "five percent of two point four gigahertz and sixteen gigabytes"),
        ("90 km/h at 21°C for 5 ms, 1 kg", "ninety kilometers per hour at twenty one degrees Celsius for five milliseconds, one kilogram"),
        ("12-15 tokens/s, 10-20%", "twelve to fifteen tokens per second, ten to twenty percent"),
        ("5'10\", 6 km², x², 10⁻³, 0x1F", "five foot ten, six square kilometers, x squared, ten to the power of minus three, hex one F"),
        ("-5 °C", "minus five degrees Celsius"),
    ]);
}

#[test]
fn abbreviations_and_roman_numerals() {
    check(&[
        ("Dr. Lee lives on Elm Dr. near St. John and Main St.", "Doctor Lee lives on Elm Drive near Saint John and Main Street."),
        ("Mr. and Mrs. Smith vs. Prof. Jones, etc.", "Mister and Missus Smith versus Professor Jones, et cetera."),
        ("fruit, e.g. apples, i.e. food, etc. and more", "fruit, for example apples, that is food, et cetera and more"),
        ("Henry VIII, Chapter IV, World War II, Apollo XI", "Henry the eighth, Chapter four, World War two, Apollo eleven"),
        ("I am. The US.", "I am. The US."),
    ]);
}

#[test]
fn addresses_and_code() {
    check(&[
        ("See https://www.example.com/docs/a?b=c.", "See example dot com slash docs slash a."),
        ("Mail john@mail.example.org, please.", "Mail john at mail dot example dot org, please."),
        ("Edit /etc/hosts or ~/config.toml now", "Edit slash E.T.C slash hosts or tilde slash config dot toml now"),
        ("main.rs calls std::mem::swap() -> bool", "main dot R.S calls std double colon mem double colon swap arrow bool"),
        ("snake_case, MAX_TOKENS, OnnxRuntime, C++ and C#", "snake case, MAX tokens, Onnx Runtime, C plus plus and C sharp"),
        (
            "#rustlang @kokoro R&D x = y + 2, ~5, <10, a/b, and/or",
            "hashtag rustlang at kokoro R and D x equals y plus two, about five, less than ten, a slash b, and or",
        ),
        ("WARNING: the GPUs and NASA", "warning: the GPUs and NASA"),
        ("run --help or -v", "run dash dash help or dash v"),
    ]);
}

#[test]
fn characters() {
    check(&[
        ("café, naïve, Łódź, straße 🎉", "cafe, naive, Lodz, strasse"),
        ("“Yes” – it’s well-known… [really] {so}", "“Yes” — it's well-known… really so"),
        ("日本 is α → β", "is alpha arrow beta"),
        ("Foo(bar)baz, the U.S.A., U.K. и.", "Foo (bar) baz, the U.S.A, U.K."),
        ("  a ,  b ;; - c  ", "a, b; c"),
        ("", ""),
    ]);
}
