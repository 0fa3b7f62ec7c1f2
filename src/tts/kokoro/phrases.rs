//! A line of phonemes too long for the model, cut at phrase borders.

/// Most phonemes that one run takes; with the padding at both ends, 512.
pub const LIMIT: usize = 510;

/// Cuts after the strongest border in the second half of what fits: sentence end, clause, space, anywhere.
pub fn split(phonemes: &[char]) -> Vec<&[char]> {
    let (mut rest, mut phrases) = (phonemes, Vec::new());
    while rest.len() > LIMIT {
        let (phrase, more) = rest.split_at(border(&rest[..LIMIT]));
        phrases.push(phrase);
        rest = more;
    }
    phrases.push(rest);
    phrases.retain(|p| p.iter().any(|c| c.is_alphabetic()));
    phrases
}

fn border(window: &[char]) -> usize {
    let half = window.len() / 2;
    let last = |borders: &[char]| window[half..].iter().rposition(|c| borders.contains(c)).map(|at| half + at + 1);
    last(&['.', '!', '?', '…']).or_else(|| last(&[',', ';', ':', '—'])).or_else(|| last(&[' '])).unwrap_or(window.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(line: &str) -> Vec<usize> {
        let line: Vec<char> = line.chars().collect();
        split(&line).iter().map(|p| p.len()).collect()
    }

    #[test]
    fn a_short_line_is_one_phrase_and_silence_is_none() {
        assert_eq!(lengths("həlˈO."), [6]);
        assert!(lengths("").is_empty() && lengths(" . … ").is_empty());
    }

    #[test]
    fn a_long_line_is_cut_at_the_strongest_border_that_fits() {
        let (sentence, clause) = ("a".repeat(299) + ".", "a".repeat(99) + ",");
        assert_eq!(lengths(&(sentence + &clause.repeat(4))), [300, 400]);
        assert_eq!(lengths(&(clause.repeat(6))), [500, 100]);
        assert_eq!(lengths(&"abcd ".repeat(110)), [510, 40]);
        assert_eq!(lengths(&"a".repeat(1100)), [510, 510, 80]);
    }
}
