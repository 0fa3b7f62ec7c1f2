//! What Whisper models are known to write when nobody speaks.
//!
//! They were trained on subtitles of videos, where noise, music and the silence at the end stand beside exactly these
//! lines. Every one of them can also be said in earnest, so they are only dropped when the sound is weak evidence too;
//! see [`doubt`](super::checks::doubt). In lower case without punctuation.

/// Whole transcripts that noise is heard as.
pub const LINES: &[&str] = &[
    "you",
    "bye",
    "bye bye",
    "so",
    "oh",
    "okay",
    "the end",
    "thank you",
    "thank you very much",
    "thank you so much",
    "thank you for watching",
    "thank you for listening",
    "thanks",
    "thanks for watching",
    "thanks for listening",
    "please subscribe",
    "please subscribe to my channel",
    "like and subscribe",
    "dont forget to subscribe",
    "see you next time",
    "see you in the next video",
    "ill see you in the next video",
    "well be right back",
    "music",
    "applause",
    "silence",
    "blank audio",
];

/// Beginnings of subtitle credits: what follows differs, and nobody asks a question that starts like this.
pub const CREDITS: &[&str] =
    &["subtitles by", "subtitled by", "captions by", "transcription by", "translated by", "untertitel von", "sous titres"];

/// Whether a transcript is one of these lines, whatever its case and punctuation.
pub fn knows(text: &str) -> bool {
    let plain = plain(text);
    LINES.contains(&plain.as_str()) || CREDITS.iter().any(|c| plain.starts_with(c))
}

fn plain(text: &str) -> String {
    let mut words = String::new();
    for word in text.replace('-', " ").split_whitespace() {
        let word: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if !word.is_empty() {
            if !words.is_empty() {
                words.push(' ');
            }
            words += &word;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_in_any_dress_and_questions_are_not() {
        for line in
            ["Thank you.", " thanks for watching!", "Bye-bye.", "YOU", "I'll see you in the next video.", "Subtitles by the community"]
        {
            assert!(knows(line), "{line}");
        }
        for line in ["", "Thank you for the report, who wrote it?", "How do I subscribe?", "so how long does it take"] {
            assert!(!knows(line), "{line}");
        }
    }

    #[test]
    fn the_list_is_written_as_it_is_compared() {
        assert!(LINES.iter().chain(CREDITS).all(|l| *l == plain(l)));
    }
}
