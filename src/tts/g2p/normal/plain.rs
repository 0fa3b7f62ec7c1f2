//! First and last pass: characters made uniform before the rules, and whatever no voice can say taken out after them.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::tts::sentences::is_pictograph;

/// One way of writing everything: composed letters, straight apostrophes, ordinary spaces, words for lone symbols.
pub fn unify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        match c {
            '’' | '‘' | 'ʼ' | '`' | '´' => out.push('\''),
            '‐' | '‑' => out.push('-'),
            '―' => out.push('—'),
            'µ' => out.push('μ'),
            '″' => out.push('"'),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            '⁻' | '¹' | '⁰' | '⁴'..='⁹' => exponent(&mut out, c),
            '²' | '³' if out.ends_with(['-', '^']) => exponent(&mut out, c),
            c if c.is_whitespace() || c.is_control() => out.push(' '),
            c if is_pictograph(c) => out.push(' '),
            c => match name(c) {
                Some(name) => out.push_str(&format!(" {name} ")),
                None => out.push(c),
            },
        }
    }
    out.replace("résumé", "resumee").replace("Résumé", "Resumee")
}

/// Raised digits as they are typed: 10⁻³ is 10^-3.
fn exponent(out: &mut String, c: char) {
    let plain: String = c.nfkd().collect::<String>().replace('−', "-");
    let goes_on = out.rsplit_once('^').is_some_and(|(_, tail)| tail.chars().all(|c| c.is_ascii_digit() || c == '-'));
    if !goes_on {
        out.push('^');
    }
    out.push_str(&plain);
}

/// Symbols that are read by name wherever they stand.
fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '½' => "1/2",
        '⅓' => "1/3",
        '⅔' => "2/3",
        '¼' => "1/4",
        '¾' => "3/4",
        '⅛' => "1/8",
        '⅜' => "3/8",
        '⅝' => "5/8",
        '⅞' => "7/8",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '≈' => "about",
        '÷' => "divided by",
        '±' => "plus or minus",
        '∞' => "infinity",
        '√' => "the square root of",
        '→' | '⇒' => "->",
        '§' => "section",
        '¶' => "paragraph",
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' | 'Δ' => "delta",
        'ε' => "epsilon",
        'θ' => "theta",
        'λ' => "lambda",
        'π' => "pi",
        'ρ' => "rho",
        'σ' | 'Σ' => "sigma",
        'τ' => "tau",
        'φ' => "phi",
        'χ' => "chi",
        'ψ' => "psi",
        'ω' => "omega",
        _ => return None,
    })
}

/// Only letters without accents, apostrophes and hyphens within words, and the marks that shape a sentence's melody.
pub fn sweep(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'Æ' => out.push_str("Ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'Ø' => out.push('O'),
            'ł' => out.push('l'),
            'Ł' => out.push('L'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ı' => out.push('i'),
            '–' => out.push('—'),
            '«' | '»' | '„' => out.push('"'),
            '。' => out.push('.'),
            '！' => out.push('!'),
            '？' => out.push('?'),
            '，' | '、' => out.push(','),
            c if c.is_ascii_alphabetic() || ".,;:!?—…\"“”()'- ".contains(c) => out.push(c),
            _ => out.push(' '),
        }
    }
    tidy(&out)
}

/// Single spaces, none before a mark; hyphens and apostrophes only where they join letters.
fn tidy(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let letter = |i: Option<usize>| i.and_then(|i| chars.get(i)).is_some_and(|c| c.is_ascii_alphabetic());
    let mut out = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        let (before, after) = (letter(i.checked_sub(1)), letter(Some(i + 1)));
        let c = match c {
            '-' if !(before && after) => ' ',
            '\'' if !before && !after => ' ',
            c => c,
        };
        let stop = ".,;:!?…)".contains(c);
        if stop && out.ends_with(' ') {
            out.pop();
        }
        if stop && (out.is_empty() || ".,;:".contains(c) && out.ends_with([',', ';', ':', '!', '?', '…', '(']))
            || c == '.' && out.ends_with('.')
        {
            continue;
        }
        if ",;:".contains(c) && out.ends_with('.') {
            out.pop(); // "U.S.," and "etc.;"
        }
        let apart = c == '(' && out.ends_with(|c: char| c.is_ascii_alphabetic()) || c.is_ascii_alphabetic() && out.ends_with(')');
        if apart {
            out.push(' ');
        }
        if !(c == ' ' && (out.is_empty() || out.ends_with([' ', '(']))) {
            out.push(c);
        }
    }
    out.trim().to_owned()
}
