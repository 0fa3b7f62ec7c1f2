//! Identifiers, operators, hashtags and words in capitals: made of words where they can be.

use std::sync::LazyLock;

use regex::Captures;

use super::{Around, Context, Rule, part, rules, spell};

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (r"\b([CF])(\+\+|#)", language),
        (r"#([A-Za-z]\w*)", hashtag),
        (r"(^|\s)(--?)([A-Za-z])", flag),
        (r"(\w)\(\)", call),
        (r"::|->|=>|==|!=|<=|>=|&&|\|\||\.\.=|\+=|-=|\.{3,}", operator),
        (r"[&@+=<>~*/²³$]", symbol),
        (r"\b\w*_\w+\b", snake),
        (r"\b[A-Za-z]*[a-z][A-Z][A-Za-z]*\b", camel),
        (r"\b[a-z]{2,6}\b", acronym),
        (r"\b[A-Z]{4,}\b", shouted),
    ])
});

fn language(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let sign = if part(caps, 2) == "#" { "sharp" } else { "plus plus" };
    (!around.next().is_some_and(char::is_alphanumeric)).then(|| format!("{} {sign}", part(caps, 1)))
}

fn hashtag(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    (!around.last().is_some_and(char::is_alphanumeric)).then(|| format!("hashtag {}", part(caps, 1)))
}

fn flag(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let dashes = if part(caps, 2).len() == 2 { "dash dash" } else { "dash" };
    Some(format!("{}{dashes} {}", part(caps, 1), part(caps, 3)))
}

fn call(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    Some(part(caps, 1).to_owned())
}

fn operator(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let name = match part(caps, 0) {
        "::" => "double colon",
        "->" | "=>" => "arrow",
        "==" => "equals",
        "!=" => "is not",
        "<=" => "at most",
        ">=" => "at least",
        "&&" => "and",
        "||" => "or",
        "..=" => "to",
        "+=" => "plus equals",
        "-=" => "minus equals",
        _ => return Some("… ".to_owned()),
    };
    Some(format!(" {name} "))
}

fn symbol(caps: &Captures, around: &Around, _: &Context) -> Option<String> {
    let word_follows = around.next().is_some_and(char::is_alphanumeric);
    let between = around.last().is_some_and(char::is_alphanumeric) && word_follows;
    let spaced = around.last() == Some(' ') && around.next() == Some(' ');
    let name = match part(caps, 0) {
        "&" => "and",
        "@" => "at",
        "+" => "plus",
        "=" => "equals",
        "<" if spaced || word_follows => "less than",
        ">" if spaced || word_follows => "greater than",
        "~" if !around.last().is_some_and(char::is_alphanumeric) && !around.next_word().is_empty() => "about",
        "*" if spaced => "times",
        "/" if between && matches!((around.last_word(), around.next_word()), ("and", "or")) => "",
        "/" if between || spaced => "slash",
        "²" => "squared",
        "³" => "cubed",
        "$" if word_follows => "dollar",
        _ => "",
    };
    Some(format!(" {name} "))
}

/// `snake_case` is its words; constants lose their capitals so that they are read.
fn snake(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    let words: Vec<String> = part(caps, 0)
        .split('_')
        .filter(|word| !word.is_empty())
        .map(|word| if word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase()) { word.to_lowercase() } else { word.to_owned() })
        .collect();
    Some(words.join(" "))
}

/// `CamelCase` is its words, unless it is a name that the dictionary has, or one like McDonald.
fn camel(caps: &Captures, _: &Around, context: &Context) -> Option<String> {
    let word = part(caps, 0);
    let singular = word.strip_suffix('s').unwrap_or(word);
    let plural_acronym = singular.len() < word.len() && singular.chars().all(|c| c.is_ascii_uppercase());
    if plural_acronym || word.len() < 4 || word.starts_with("Mc") || word.starts_with("Mac") || (context.known)(word) {
        return None;
    }
    let chars: Vec<char> = word.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let hump = i > 0 && c.is_uppercase() && (chars[i - 1].is_lowercase() || chars.get(i + 1).is_some_and(|next| next.is_lowercase()));
        if hump {
            out.push(' ');
        }
        out.push(c);
    }
    Some(out)
}

/// Short technical words that are always spelled, however they are written.
fn acronym(caps: &Captures, _: &Around, _: &Context) -> Option<String> {
    const SPELLED: &[&str] = &[
        "api", "cpu", "gpu", "npu", "url", "uri", "http", "https", "html", "css", "xml", "ssh", "ftp", "tcp", "udp", "dns", "ssd", "hdd",
        "usb", "pdf", "csv", "sql", "llm", "tts", "stt", "rag", "nlp", "vm", "os", "ui", "io", "ip", "id", "tv", "cli", "tui", "sdk",
        "ide", "kv", "rs", "utf", "pcm", "fps", "npm", "gcc", "mcp", "vpn",
    ];
    let word = part(caps, 0);
    let is_word = word == "rag"; // a cloth, in small letters
    (SPELLED.contains(&word) && !is_word).then(|| spell(word))
}

/// Long words in capitals are shouted, not spelled; short ones are left to misaki, which knows NASA from FBI.
fn shouted(caps: &Captures, _: &Around, context: &Context) -> Option<String> {
    let word = part(caps, 0);
    let lower = word.to_lowercase();
    let vowels = lower.chars().filter(|c| "aeiouy".contains(*c)).count();
    ((context.known)(&lower) || word.len() > 5 && vowels * 4 >= word.len()).then_some(lower)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        assert_eq!(super::RULES.len(), 10);
    }
}
