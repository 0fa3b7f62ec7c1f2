//! Text that espeak-ng survives: many short fragments between full stops smash its stack, so they are cut apart.
//!
//! Measured with version 1.51: `a.` 100 times over in one call aborts it, 60 times does not; `.a ` likewise.

/// Longest piece handed over at once, in bytes; a piece ends at a clause where there is one.
const PIECE: usize = 240;
/// Longest word, in characters.
const WORD: usize = 40;
/// Punctuation marks in one piece.
const MARKS: usize = 24;
/// How often in a row a word, a group of words or a character may come; digits mean something every time.
const REPEATS: usize = 3;
/// Longest group of words whose repetition is noticed.
const GROUP: usize = 4;

/// Cuts a line into pieces that can be spoken one after the other. Without anything to say there are none.
pub fn pieces(line: &str) -> Vec<String> {
    let line: String = line.chars().map(|c| if c.is_control() || "[]".contains(c) { ' ' } else { c }).collect(); // [[…]] would be phonemes
    let words: Vec<String> = line.split_whitespace().flat_map(|word| cut(&calm(word))).collect();
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for word in without_repeats(words) {
        if !fits(&piece, &word) {
            let rest = after_last_clause(&mut piece);
            pieces.push(std::mem::replace(&mut piece, rest));
        }
        if !fits(&piece, &word) {
            pieces.push(std::mem::take(&mut piece));
        }
        if !piece.is_empty() {
            piece.push(' ');
        }
        piece.push_str(&word);
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.chars().any(char::is_alphanumeric));
    pieces
}

fn fits(piece: &str, word: &str) -> bool {
    piece.is_empty() || (piece.len() + 1 + word.len() <= PIECE && marks(piece) + marks(word) <= MARKS)
}

/// Takes what follows the last clause off a piece that is full, if enough remains of it.
fn after_last_clause(piece: &mut String) -> String {
    let border = piece.rmatch_indices(' ').find(|(at, _)| piece[..*at].ends_with([',', ';', ':', '.', '!', '?']));
    match border {
        Some((at, _)) if at > PIECE / 3 => piece.split_off(at).trim_start().to_owned(),
        _ => String::new(),
    }
}

fn marks(text: &str) -> usize {
    text.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace()).count()
}

/// The same character over and over says no more than three times.
fn calm(word: &str) -> String {
    let mut out: Vec<char> = Vec::new();
    for c in word.chars() {
        let again = out.iter().rev().take_while(|&&o| o == c).count();
        if again < REPEATS || c.is_numeric() {
            out.push(c);
        }
    }
    out.into_iter().collect()
}

/// Cuts a word where it is too long, or full of marks.
fn cut(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut length = 0;
    for c in word.chars() {
        let full = length >= WORD || parts.last().is_some_and(|p| marks(p) >= MARKS);
        if full {
            parts.push(String::new());
            length = 0;
        }
        parts.last_mut().into_iter().for_each(|p| p.push(c));
        length += 1;
    }
    parts
}

/// Drops a word, or a group of words, that only repeats what came just before.
fn without_repeats(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in words {
        out.push(word);
        for size in 1..=GROUP {
            let Some(start) = out.len().checked_sub(size * (REPEATS + 1)) else { break };
            let tail = &out[start..];
            let counts = tail.iter().any(|w| w.chars().any(char::is_numeric));
            if !counts && tail.chunks(size).all(|group| group == &tail[..size]) {
                out.truncate(out.len() - size);
                break;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_are_left_alone() {
        let line = "It costs 1,000,000 crowns. Really? Yes: really, and 0 0 0 0 0.";
        assert_eq!(pieces(line), [line]);
    }

    #[test]
    fn what_crashes_it_is_cut() {
        for bad in ["a.".repeat(300), ".a ".repeat(200), "ab! ".repeat(90), "a.b.c, ".repeat(80)] {
            for piece in pieces(&bad) {
                assert!(piece.len() <= PIECE && marks(&piece) <= MARKS, "{piece}");
            }
        }
    }

    #[test]
    fn repeats_and_markup_are_dropped_and_nothing_is_nothing() {
        assert_eq!(pieces("na na na na na na na hey"), ["na na na hey"]);
        assert_eq!(pieces(&"on and on and ".repeat(20)), ["on and on and on and"]);
        assert_eq!(pieces("sooooooo [[h@l'oU]] good"), ["sooo h@l'oU good"]);
        assert!(pieces(" … \u{7} ").is_empty());
    }

    #[test]
    fn a_long_line_is_cut_at_a_clause() {
        let clause =
            "the quick brown fox jumps over the lazy dog and runs away again before anybody has seen it at all in the wide dark wood,";
        let cut = pieces(&format!("{clause} {clause} {}", clause.replace("fox", "cat")));
        assert_eq!(cut[0], clause);
    }
}
