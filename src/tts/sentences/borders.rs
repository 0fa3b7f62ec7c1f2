//! Where one fragment ends and the next begins.

use super::MAX_CHARS;

/// The first fragment is cut at a clause once this much came without a sentence's end.
const FIRST_LOOK: usize = 60;
/// A first clause shorter than this is not worth a fragment of its own.
const FIRST_LEAST: usize = 20;

/// What a character says about a border.
enum Verdict {
    /// A fragment ends before this index.
    Cut(usize),
    /// None here: look on from this index.
    On(usize),
    /// Not known before more text comes.
    Wait,
}
use Verdict::{Cut, On, Wait};

/// The first certain border of the text, or `None` as long as more text may be needed; `ended` says none will come.
pub fn find(text: &[char], first: bool, ended: bool) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let verdict = match text[at] {
            '\n' => line_end(text, at, ended),
            '.' | '!' | '?' | '…' => sentence_end(text, at, ended),
            '。' | '！' | '？' => Cut(at + 1),
            _ => On(at + 1),
        };
        match verdict {
            Cut(border) if border <= MAX_CHARS => return Some(border),
            Cut(_) | Wait => break,
            On(next) => at = next,
        }
    }
    let soon = first && (FIRST_LOOK..=MAX_CHARS).contains(&text.len());
    let clause = if soon { clause_end(text, FIRST_LEAST) } else { None };
    clause.or_else(|| (text.len() > MAX_CHARS).then(|| forced(&text[..MAX_CHARS])))
}

/// A border where none offers itself: after a clause, else at a space, else right here.
fn forced(text: &[char]) -> usize {
    let space = || text.iter().rposition(|c| c.is_whitespace()).filter(|&at| at > 0).map(|at| at + 1);
    clause_end(text, MAX_CHARS / 3).or_else(space).unwrap_or(text.len())
}

/// The last end of a clause at or after `least`.
fn clause_end(text: &[char], least: usize) -> Option<usize> {
    (least..text.len().saturating_sub(1))
        .rev()
        .find(|&at| {
            let spaced = text[at + 1].is_whitespace();
            match text[at] {
                ',' | ';' | ':' => spaced,
                '—' => true,
                '–' | '-' => spaced && at > 0 && text[at - 1].is_whitespace(),
                _ => false,
            }
        })
        .map(|at| at + 1)
}

fn sentence_end(text: &[char], at: usize, ended: bool) -> Verdict {
    let mut end = at + 1;
    while end < text.len() && (is_stop(text[end]) || is_closer(text[end])) {
        end += 1;
    }
    if end == text.len() {
        return if ended { On(end) } else { Wait };
    }
    if !text[end].is_whitespace() {
        return On(end);
    }
    let Some(next) = (end..text.len()).find(|&i| !text[i].is_whitespace()) else {
        return if ended { Cut(end) } else { Wait };
    };
    let alone = text[at] == '.' && !text[at + 1..end].iter().any(|&c| is_stop(c));
    let habit = if alone { habit(text, at) } else { Habit::Ends };
    let head = (next..text.len()).find(|&i| !is_opener(text[i])).unwrap_or(next);
    let starts_low = text[head].is_lowercase();
    match habit {
        Habit::Never => On(end),
        Habit::Counts if text[head].is_ascii_digit() => On(end),
        Habit::Starter => match word(text, head, ended) {
            None => Wait,
            Some(word) if STARTERS.contains(&word.as_str()) => Cut(end),
            Some(_) => On(end),
        },
        _ if starts_low => On(end),
        Habit::Ends | Habit::Counts => Cut(end),
    }
}

/// How a word with a full stop behaves.
enum Habit {
    /// The stop ends the sentence.
    Ends,
    /// It never does: "Dr.", "e.g.".
    Never,
    /// It does unless a number follows: "No. 5", "Nov. 21".
    Counts,
    /// It does only if the next word is one that opens sentences: "U.S.", "St.", initials.
    Starter,
}

const NEVER: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "gen", "rep", "sen", "gov", "capt", "lt", "col", "sgt", "rev", "hon", "messrs", "mme", "mlle", "vs",
    "e.g", "eg", "i.e", "ie", "cf", "approx", "ca", "viz", "mt",
];
const COUNTS: &[&str] = &[
    "no", "nos", "fig", "figs", "vol", "p", "pp", "ch", "sec", "eq", "art", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
    "oct", "nov", "dec", "op", "tab",
];
const STARTER: &[&str] = &["st", "ave", "blvd", "rd", "u.s", "u.k", "u.n", "e.u", "ph.d", "b.a", "m.a", "a.d", "b.c", "d.c"];
const STARTERS: &[&str] = &[
    "The", "A", "An", "It", "It's", "He", "She", "We", "They", "You", "I", "I'm", "In", "On", "At", "But", "And", "Or", "So", "If", "When",
    "While", "This", "That", "These", "Those", "There", "Then", "What", "Who", "Why", "How", "Where", "Its", "His", "Her", "Our", "Their",
    "My", "Your", "For", "From", "To", "As", "By", "After", "Before", "However", "Also", "No", "Yes", "Not", "All", "Some", "Each",
    "Please", "Today", "Now",
];

fn habit(text: &[char], at: usize) -> Habit {
    let start = (0..at).rev().find(|&i| text[i].is_whitespace() || is_opener(text[i]) || text[i] == '/').map_or(0, |i| i + 1);
    let token: String = text[start..at].iter().filter(|c| !is_closer(**c)).collect();
    let lower = token.to_lowercase();
    let line_start = text[..start].iter().rev().take_while(|c| **c != '\n').all(|c| c.is_whitespace() || is_opener(*c));
    let single = token.chars().count() == 1;
    if line_start && !token.is_empty() && token.len() <= 3 && (token.chars().all(|c| c.is_ascii_digit()) || single) {
        return Habit::Never; // "1." or "a." in a list
    }
    if single && token.chars().all(char::is_uppercase) {
        return Habit::Starter;
    }
    match lower.as_str() {
        word if NEVER.contains(&word) => Habit::Never,
        word if COUNTS.contains(&word) => Habit::Counts,
        word if STARTER.contains(&word) => Habit::Starter,
        _ => Habit::Ends,
    }
}

/// The whole word at an index; `None` if it may go on.
fn word(text: &[char], from: usize, ended: bool) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'' || c == '’';
    let length = text[from..].iter().take_while(|c| is_part(**c)).count();
    let complete = ended || from + length < text.len();
    complete.then(|| text[from..from + length].iter().map(|c| if *c == '’' { '\'' } else { *c }).collect())
}

/// A newline is a border between blocks, and a space within a paragraph.
fn line_end(text: &[char], at: usize, ended: bool) -> Verdict {
    let start = text[..at].iter().rposition(|c| *c == '\n').map_or(0, |i| i + 1);
    let line: String = text[start..at].iter().collect();
    let line = line.trim();
    if line.is_empty() {
        return On(at + 1);
    }
    let whole: Vec<char> = line.chars().chain(['\n']).collect();
    let bold_title = line.starts_with("**") && line.ends_with("**");
    if line.ends_with(':') || bold_title || is_block(&whole, true) == Some(true) {
        return Cut(at + 1);
    }
    let Some(next) = (at + 1..text.len()).find(|&i| text[i] != ' ' && text[i] != '\t') else {
        return if ended { On(at + 1) } else { Wait };
    };
    match is_block(&text[next..], ended) {
        _ if text[next] == '\n' => Cut(at + 1),
        Some(true) => Cut(at + 1),
        Some(false) => On(at + 1),
        None => Wait,
    }
}

/// Whether a line begins a block of its own (heading, list, quote, table, code); `None` if more text is needed.
fn is_block(line: &[char], ended: bool) -> Option<bool> {
    let digits = line.iter().take_while(|c| c.is_ascii_digit()).count();
    let space_at = |i: usize| match line.get(i) {
        Some(c) => Some(c.is_whitespace()),
        None => ended.then_some(false),
    };
    match line.first() {
        None => ended.then_some(false),
        Some('#' | '|' | '>' | '•' | '`' | '~' | '◦' | '▪') => Some(true),
        Some('-' | '*' | '+' | '_') => match (space_at(1), line.get(1) == line.first(), line.get(2)) {
            (Some(false), true, Some(third)) => Some(line.first() == Some(third)),
            (Some(false), true, None) if !ended => None,
            (space, _, _) => space,
        },
        Some(c) if c.is_ascii_digit() && digits <= 3 => match line.get(digits) {
            Some('.' | ')') => space_at(digits + 1),
            Some(_) => Some(false),
            None => ended.then_some(false),
        },
        Some(_) => Some(false),
    }
}

fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

/// What may stand between a sentence's end and the space after it.
fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | ')' | ']' | '}' | '»' | '*' | '_' | '`' | '~')
}

/// What may stand before a sentence's first letter.
fn is_opener(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '‘' | '(' | '[' | '{' | '«' | '*' | '_' | '`' | '~' | '>' | '#' | '-' | '•' | '¿' | '¡')
}
