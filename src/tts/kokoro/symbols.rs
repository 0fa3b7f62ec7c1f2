//! Phonemes in, the numbers that Kokoro was trained with out.

/// Runs of consecutive numbers: the first, and the symbols from there on. The gaps are symbols that nothing produces.
const RUNS: &[(i64, &str)] = &[
    (1, ";:,.!?"),
    (9, "—…\"()“” \u{303}ʣʥʦʨᵝꭧAI"),
    (31, "O"),
    (33, "Q"),
    (35, "ST"),
    (39, "W"),
    (41, "Yᵊabcdef"),
    (50, "hijklmnopqrstuvwxyzɑɐɒæ"),
    (75, "βɔɕç"),
    (80, "ɖðʤə"),
    (85, "ɚɛɜ"),
    (90, "ɟ"),
    (92, "ɡ"),
    (99, "ɥ"),
    (101, "ɨɪʝ"),
    (110, "ɯɰŋɳɲɴø"),
    (118, "ɸθœ"),
    (123, "ɹ"),
    (125, "ɾɻ"),
    (128, "ʁɽʂʃʈʧ"),
    (135, "ʊʋ"),
    (138, "ʌɣɤ"),
    (142, "χʎ"),
    (147, "ʒʔ"),
    (156, "ˈˌː"),
    (162, "ʰ"),
    (164, "ʲ"),
    (169, "↓"),
    (171, "→↗↘"),
    (177, "ᵻ"),
];

/// The number of a symbol, if the model knows it. 0 pads.
pub fn token(symbol: char) -> Option<i64> {
    RUNS.iter().find_map(|(first, symbols)| symbols.chars().position(|s| s == symbol).map(|at| first + at as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_have_the_numbers_of_the_published_vocabulary() {
        let known = [
            (';', 1),
            (' ', 16),
            ('\u{303}', 17),
            ('A', 24),
            ('a', 43),
            ('ɡ', 92),
            ('ə', 83),
            ('ˈ', 156),
            ('ː', 158),
            ('↓', 169),
            ('ᵻ', 177),
        ];
        for (symbol, number) in known {
            assert_eq!(token(symbol), Some(number), "{symbol}");
        }
        assert_eq!(RUNS.iter().map(|(_, symbols)| symbols.chars().count()).sum::<usize>(), 114);
    }

    #[test]
    fn what_the_model_was_never_taught_has_none() {
        assert_eq!(['❓', 'g', 'B', '1'].map(token), [None; 4]);
    }
}
