//! A text and its figures in, a verdict out: run it again, or do not believe it.
//!
//! The thresholds 2.4, −1.0 and 0.6 are those published with the Whisper models; the others are measured, see each.

use super::{engine::Heard, hallucinations};

/// Text that shrinks more than this when packed is a loop, not language.
const MAX_COMPRESSION: f32 = 2.4;
/// Mean log-probability below which a text is guesswork.
const MIN_LOGPROB: f32 = -1.0;
const NO_SPEECH: f32 = 0.6;
/// Mean token probability below which the words are not worth answering. Measured with our small model: 0.87 and more for
/// voices it knows; 0.20 to 0.67, and no word right, for people.
const MIN_CONFIDENCE: f32 = 0.4;
/// A known hallucination needs all of these for it: probably speech, well heard, and not faint. A well-heard "Thank you."
/// measures 0.00, −0.05 and −10.
const PLAIN_NO_SPEECH: f32 = 0.3;
const PLAIN_LOGPROB: f32 = -0.5;
const PLAIN_DB: f32 = -50.0;

/// What the sound and the model say about how far a text can be believed.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// Probability that there was no speech, 0..1.
    pub no_speech: f32,
    /// Mean natural log-probability of the words' tokens.
    pub logprob: f32,
    /// Mean probability of the words' tokens, 0..1.
    pub confidence: f32,
    /// Level of the loudest 20 ms, dB below full scale.
    pub loudest_db: f32,
}

impl Evidence {
    pub fn new(heard: &Heard, loudest_db: f32) -> Self {
        let tokens = f64::from(heard.tokens.max(1));
        Self {
            no_speech: heard.no_speech,
            logprob: (heard.logprob / tokens) as f32,
            confidence: (heard.probability / tokens) as f32,
            loudest_db,
        }
    }
}

/// Why a text is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing was written, or only the name of a sound: `[BLANK_AUDIO]`, `(music)`.
    NoWords,
    NoSpeech,
    Unsure,
    /// The same words again and again, and not the same loop in two runs.
    Loop,
    /// A line models write when nobody speaks, on weak evidence.
    Hallucination,
}

/// Whether a text that was heard with a cut context can stand; if not, the full context is worth its time.
pub fn trusts_cut(text: &str, evidence: &Evidence) -> bool {
    let noise = evidence.no_speech > NO_SPEECH;
    !is_loop(text) && (evidence.logprob >= MIN_LOGPROB || noise)
}

/// Why this text is not to be answered, if it is not. `before` is what an earlier run made of the same sound.
pub fn doubt(text: &str, evidence: &Evidence, before: Option<&str>) -> Option<Doubt> {
    let tidied = tidy(text);
    let said_twice = before.is_some_and(|b| tidy(b) == tidied);
    if !tidied.chars().any(char::is_alphanumeric) {
        Some(Doubt::NoWords)
    } else if evidence.no_speech > NO_SPEECH && evidence.logprob < MIN_LOGPROB {
        Some(Doubt::NoSpeech)
    } else if evidence.confidence < MIN_CONFIDENCE {
        Some(Doubt::Unsure)
    } else if is_loop(&tidied) && !said_twice {
        Some(Doubt::Loop)
    } else if hallucinations::knows(&tidied) && is_weak(evidence) {
        Some(Doubt::Hallucination)
    } else {
        None
    }
}

fn is_weak(evidence: &Evidence) -> bool {
    evidence.no_speech > PLAIN_NO_SPEECH || evidence.logprob < PLAIN_LOGPROB || evidence.loudest_db < PLAIN_DB
}

fn is_loop(text: &str) -> bool {
    compression(text) > MAX_COMPRESSION || repeats(text)
}

/// Text length over packed length, with a plain dictionary coder: a literal costs 1 byte, a copy of 4 or more 3 bytes.
fn compression(text: &str) -> f32 {
    let bytes = text.as_bytes();
    let (mut at, mut packed) = (0, 0);
    while at < bytes.len() {
        let longest = (0..at).map(|from| common(&bytes[from..], &bytes[at..])).max().unwrap_or(0);
        let (step, cost) = if longest >= 4 { (longest, 3) } else { (1, 1) };
        at += step;
        packed += cost;
    }
    bytes.len() as f32 / packed.max(1) as f32
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

/// Whether a run of one to eight words comes five times in a row: shorter loops than packing shows.
fn repeats(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    (1..=8).any(|n| words.windows(n * 5).any(|run| run.chunks(n).all(|part| part == &run[..n])))
}

/// The words without the names of sounds: `[…]` and `♪` always, `(…)` and `*…*` when they are all there is.
pub fn tidy(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    // An opening bracket without its end is only a character.
    while let Some((before, (_, after))) = rest.split_once('[').and_then(|(before, inside)| Some((before, inside.split_once(']')?))) {
        kept += before;
        rest = after;
    }
    kept += rest;
    let kept = kept.replace(['♪', '♫'], "");
    let words = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let whole = |open, close| words.starts_with(open) && words.ends_with(close) && words.matches([open, close]).count() == 2;
    if whole('(', ')') || whole('*', '*') { String::new() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAR: Evidence = Evidence { no_speech: 0.01, logprob: -0.1, confidence: 0.9, loudest_db: -12.0 };

    #[test]
    fn plain_speech_is_believed_and_not_run_twice() {
        let text = " How long is the refund window? And how much does express shipping cost, if I may ask?";
        assert_eq!(doubt(text, &CLEAR, None), None);
        assert!(trusts_cut(text, &CLEAR));
        assert!(compression(text) < 1.5);
    }

    #[test]
    fn a_loop_is_run_again_and_believed_only_if_it_comes_again() {
        let text = " I am going to the shop.".repeat(8);
        assert!(compression(&text) > MAX_COMPRESSION);
        assert!(!trusts_cut(&text, &CLEAR));
        assert_eq!(doubt(&text, &CLEAR, Some("I am going to the shop.")), Some(Doubt::Loop));
        assert_eq!(doubt(&text, &CLEAR, Some(&text)), None);
        assert!(!trusts_cut("no no no no no", &CLEAR));
        assert!(trusts_cut("row row row your boat", &CLEAR));
    }

    #[test]
    fn guesswork_is_run_again_unless_it_is_noise() {
        let unsure = Evidence { logprob: -1.4, ..CLEAR };
        assert!(!trusts_cut("well", &unsure));
        assert!(trusts_cut("well", &Evidence { no_speech: 0.9, ..unsure }));
    }

    #[test]
    fn noise_is_no_speech_only_if_the_words_are_unsure_too() {
        let noise = Evidence { no_speech: 0.9, logprob: -1.4, ..CLEAR };
        assert_eq!(doubt("how are you", &noise, None), Some(Doubt::NoSpeech));
        assert_eq!(doubt("how are you", &Evidence { logprob: -0.2, ..noise }, None), None);
        assert_eq!(doubt("how are you", &Evidence { confidence: 0.2, ..CLEAR }, None), Some(Doubt::Unsure));
    }

    #[test]
    fn thanks_are_taken_when_they_are_well_heard() {
        assert_eq!(doubt(" Thank you.", &CLEAR, None), None);
        let weak = [Evidence { no_speech: 0.5, ..CLEAR }, Evidence { logprob: -0.8, ..CLEAR }, Evidence { loudest_db: -58.0, ..CLEAR }];
        for evidence in weak {
            assert_eq!(doubt(" Thank you.", &evidence, None), Some(Doubt::Hallucination));
            assert_eq!(doubt(" Who takes the notes?", &evidence, None), None);
        }
    }

    #[test]
    fn names_of_sounds_are_no_words() {
        for text in ["", " ", " [BLANK_AUDIO]", "(music)", " *coughs*", "♪♪♪", "[Music] [Applause]", " ..."] {
            assert_eq!(doubt(text, &CLEAR, None), Some(Doubt::NoWords), "{text:?}");
        }
        assert_eq!(tidy(" [laughter]  How old is (about) the moon? "), "How old is (about) the moon?");
        assert_eq!(tidy("(a) or (b)"), "(a) or (b)");
        assert_eq!(tidy("[one] two [three"), "two [three");
    }
}
