//! Shortened words with a full stop, and Roman numerals, said in full.

use std::sync::LazyLock;

use regex::Captures;

use super::{Around, Context, Rule, number, part, rules};

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (r"\b(Dr|St)\. ?", before_or_after),
        (r"(?i)\b(e\.g|i\.e|a\.k\.a|et al|w/o|w/)(\.?)", short_phrase),
        (
            r"\b(Mr|Mrs|Ms|Prof|Gen|Rep|Sen|Gov|Capt|Lt|Col|Sgt|Rev|Jr|Sr|Mt|Ft|Ave|Blvd|Rd|Inc|Ltd|Corp|Co|Dept|dept|Univ|approx|ca|cf|Cf|etc|vs|Vs|viz|resp|incl|excl|max|min|est|Est|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|Mon|Tue|Tues|Wed|Thu|Thurs|Fri)\.",
            stopped,
        ),
        (r"\b(etc|vs)\b", bare),
        (r"\b([Nn]os?|[Ff]igs?|[Vv]ol|[Cc]h|[Ss]ec|[Ee]q|pp?|Nos?)\. ?(\d)", counted),
        (
            r"\b(Chapter|Part|Act|Scene|Volume|Book|Section|Phase|Type|War|Title|Appendix|Article|Class|Level|Grade|Stage|Mark|chapter|part|section|phase|type|volume) ([IVXLC]+)\b",
            numbered,
        ),
        (r"\b([A-Z][a-z]+) ([IVX]{2,})\b", named),
    ])
});

/// "Dr. Lee" is a doctor, "Elm Dr." a drive; "St. John" a saint, "Main St." a street.
fn before_or_after(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let opens = ["The", "A", "An", "It", "He", "She", "We", "They", "But", "And", "In", "This", "That", "There", "Then", "I"];
    let next = around.next_word();
    let name_follows = next.starts_with(char::is_uppercase) && !opens.contains(&next);
    let name_before = around.before.ends_with(' ') && around.last_word().starts_with(char::is_uppercase);
    let doctor = part(caps, 1) == "Dr";
    let title = name_follows && (doctor || !name_before || !around.before.trim_end().ends_with(char::is_alphanumeric)) || !name_before;
    let word = match (doctor, title) {
        (true, true) => "Doctor",
        (true, false) => "Drive",
        (false, true) => "Saint",
        (false, false) => "Street",
    };
    let ends = !title && (next.is_empty() || opens.contains(&next));
    Some(format!("{word}{} ", if ends { "." } else { "" }))
}

fn short_phrase(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    if around.last().is_some_and(char::is_alphanumeric) {
        return None;
    }
    Some(match part(caps, 1).to_lowercase().as_str() {
        "e.g" => "for example".to_owned(),
        "i.e" => "that is".to_owned(),
        "a.k.a" => "also known as".to_owned(),
        "et al" => "and others".to_owned(),
        "w/o" => "without ".to_owned(),
        "w/" => "with ".to_owned(),
        _ => return None,
    })
}

fn full(short: &str) -> Option<&'static str> {
    Some(match short {
        "Mr" => "Mister",
        "Mrs" => "Missus",
        "Ms" => "Ms",
        "Prof" => "Professor",
        "Gen" => "General",
        "Rep" => "Representative",
        "Sen" => "Senator",
        "Gov" => "Governor",
        "Capt" => "Captain",
        "Lt" => "Lieutenant",
        "Col" => "Colonel",
        "Sgt" => "Sergeant",
        "Rev" => "Reverend",
        "Jr" => "Junior",
        "Sr" => "Senior",
        "Mt" => "Mount",
        "Ft" => "Fort",
        "Ave" => "Avenue",
        "Blvd" => "Boulevard",
        "Rd" => "Road",
        "Inc" => "Incorporated",
        "Ltd" => "Limited",
        "Corp" => "Corporation",
        "Co" => "Company",
        "Dept" | "dept" => "department",
        "Univ" => "University",
        "approx" => "approximately",
        "ca" => "circa",
        "cf" | "Cf" => "compare",
        "etc" => "et cetera",
        "vs" | "Vs" => "versus",
        "viz" => "namely",
        "resp" => "respectively",
        "incl" => "including",
        "excl" => "excluding",
        "max" => "maximum",
        "min" => "minimum",
        "est" | "Est" => "established",
        "Jan" => "January",
        "Feb" => "February",
        "Mar" => "March",
        "Apr" => "April",
        "Jun" => "June",
        "Jul" => "July",
        "Aug" => "August",
        "Sep" | "Sept" => "September",
        "Oct" => "October",
        "Nov" => "November",
        "Dec" => "December",
        "Mon" => "Monday",
        "Tue" | "Tues" => "Tuesday",
        "Wed" => "Wednesday",
        "Thu" | "Thurs" => "Thursday",
        "Fri" => "Friday",
        _ => return None,
    })
}

/// The full stop stays where it also ends the sentence; titles before a name never do.
fn stopped(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let short = part(caps, 1);
    let title = matches!(
        short,
        "Mr" | "Mrs" | "Ms" | "Prof" | "Gen" | "Rep" | "Sen" | "Gov" | "Capt" | "Lt" | "Col" | "Sgt" | "Rev" | "Mt" | "Ft" | "vs"
    );
    let ends = around.after.trim().is_empty() || !title && around.next_word().starts_with(char::is_uppercase);
    let ordinary = matches!(short, "max" | "min" | "est" | "Mon" | "Wed" | "Mar" | "Fri" | "resp" | "ca" | "Co") && ends;
    if around.next().is_some_and(char::is_alphanumeric) || ordinary {
        return None;
    }
    Some(format!("{}{}", full(short)?, if ends { "." } else { "" }))
}

fn bare(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let glued = around.last().is_some_and(|c| "./-_".contains(c)) || around.next().is_some_and(|c| "/-_".contains(c));
    (!glued).then(|| full(part(caps, 1)).map(str::to_owned))?
}

fn counted(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let word = match part(caps, 1).to_lowercase().as_str() {
        "no" => "number",
        "nos" => "numbers",
        "fig" => "figure",
        "figs" => "figures",
        "vol" => "volume",
        "ch" => "chapter",
        "sec" => "section",
        "eq" => "equation",
        "p" => "page",
        _ => "pages",
    };
    Some(format!("{word} {}", part(caps, 2)))
}

fn numbered(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    number::roman(part(caps, 2)).map(|n| format!("{} {}", part(caps, 1), number::cardinal(n)))
}

/// Rulers are counted ("Henry the eighth"), everything else is numbered ("Apollo eleven").
fn named(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    const RULERS: &[&str] = &[
        "Henry",
        "Louis",
        "Elizabeth",
        "Charles",
        "George",
        "William",
        "Edward",
        "James",
        "Richard",
        "Philip",
        "John",
        "Paul",
        "Pius",
        "Benedict",
        "Leo",
        "Gregory",
        "Alexander",
        "Napoleon",
        "Wilhelm",
        "Frederick",
        "Catherine",
        "Peter",
        "Nicholas",
        "Ramses",
        "Mary",
        "Otto",
        "Francis",
        "Felipe",
        "Juan",
        "Carlos",
        "Harald",
        "Gustav",
        "Christian",
        "Clement",
        "Innocent",
        "Urban",
        "Constantine",
        "Ptolemy",
        "Ivan",
        "Victor",
    ];
    let (name, n) = (part(caps, 1), number::roman(part(caps, 2))?);
    Some(if RULERS.contains(&name) { format!("{name} the {}", number::ordinal(n)) } else { format!("{name} {}", number::cardinal(n)) })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        assert_eq!(super::RULES.len(), 7);
    }
}
