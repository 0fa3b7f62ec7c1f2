//! Addresses, e-mail, file paths and file names: said part by part.

use std::sync::LazyLock;

use regex::Captures;

use super::{Around, Context, Rule, number, part, rules, word_or_letters};

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules([
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", email),
        (r"(?i)\b(?:https?|ftp|file)://[^\s<>()\x22]+", address),
        (
            r"(?i)\b(?:www\.)?[a-z0-9](?:[\w-]*\.)+(?:com|org|net|io|dev|ai|rs|app|edu|gov|info|uk|de|eu|fr|ch|at|nl|us|ca|au|jp|tv|me|co)\b(?:/[^\s<>()\x22]*)?",
            address,
        ),
        (r"(?:[A-Za-z]:)?\\[\w.-]+(?:\\[\w.-]+)+\\?", path),
        (r"(?:~|\.{1,2})?(?:/[\w.@+-]*[A-Za-z_][\w.@+-]*)(?:/[\w.@+-]+)*/?", path),
        (
            r"\b[A-Za-z_][\w-]*(?:/[\w.-]+)*\.(?:toml|rs|py|jsx?|tsx?|md|txt|json|ya?ml|html?|css|csv|pdf|wav|mp3|mp4|png|jpe?g|gif|svg|sh|cpp|hpp|[ch]|go|java|xml|conf|cfg|log|ini|lock|zip|gz|tar|exe|so|onnx|gguf|bin|npz|docx?|xlsx?)\b",
            path,
        ),
    ])
});

/// Ends of addresses that are said as words.
const DOMAINS: &[&str] = &["com", "org", "net", "dev", "app", "gov", "info"];

fn email(caps: &Captures, _: &Around, context: &Context) -> Option<String> {
    let (address, stop) = trailing(part(caps, 0));
    Some(format!(" {}{stop}", parts(address, context)))
}

fn address(caps: &Captures, around: &Around, context: &Context) -> Option<String> {
    if around.last().is_some_and(|c| c.is_alphanumeric() || matches!(c, '@' | '_' | '/' | '.')) {
        return None;
    }
    let (text, stop) = trailing(part(caps, 0));
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.strip_prefix("www.").unwrap_or(text);
    let text = text.split(['?', '#']).next().unwrap_or(text).trim_end_matches('/');
    Some(format!(" {}{stop}", parts(text, context)))
}

fn path(caps: &Captures, around: &Around, context: &Context) -> Option<String> {
    let (text, stop) = trailing(part(caps, 0));
    let glued = around.last().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ')' | '<' | '°' | '%' | '$' | '.'));
    let words = !glued && text.len() > 1;
    words.then(|| format!(" {}{stop}", parts(text, context)))
}

/// Full stops and commas at the end belong to the sentence.
fn trailing(text: &str) -> (&str, &str) {
    let end = text.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '"', ')']).len();
    text.split_at(end)
}

/// Words, letters and numbers apart, signs by name.
fn parts(text: &str, context: &Context) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let same = |x: char| if c.is_ascii_digit() { x.is_ascii_digit() } else { x.is_alphabetic() };
        let length = if c.is_alphanumeric() { rest.find(|x| !same(x)).unwrap_or(rest.len()).max(c.len_utf8()) } else { c.len_utf8() };
        let (token, tail) = rest.split_at(length);
        said.push(match c {
            c if c.is_ascii_digit() && token.len() <= 2 => number::number(token),
            c if c.is_ascii_digit() => number::digits(token),
            c if c.is_alphabetic() && DOMAINS.contains(&token) => token.to_owned(),
            c if c.is_alphabetic() => word_or_letters(token, context),
            c => sign(c).to_owned(),
        });
        rest = tail;
    }
    said.retain(|word| !word.is_empty());
    said.join(" ")
}

fn sign(c: char) -> &'static str {
    match c {
        '.' => "dot",
        '/' => "slash",
        '\\' => "backslash",
        '-' => "dash",
        '_' => "underscore",
        '@' => "at",
        ':' => "colon",
        '~' => "tilde",
        '+' => "plus",
        '=' => "equals",
        '&' => "and",
        '%' => "percent",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        assert_eq!(super::RULES.len(), 6);
    }
}
