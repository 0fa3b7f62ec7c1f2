//! Settings in, what whisper.cpp is told once and for all out: language, prompt, and how a run is done.

use std::ffi::c_int;

use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, get_lang_id, get_lang_str};

use crate::{
    error::{Error, Result, Room},
    stt::Settings,
};

/// For what the crate wants for ever: once an engine, never a run.
pub fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// What does not change from run to run.
pub fn params(threads: usize, timeless: bool) -> FullParams<'static, 'static> {
    let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    params.set_n_threads(threads as c_int);
    params.set_no_timestamps(timeless);
    params.set_no_context(true);
    params.set_suppress_nst(true);
    params.set_print_progress(false);
    params.set_print_realtime(false);
    params.set_print_timestamps(false);
    // One run, no fall-back: `checks` decides, and it needs to see the figures of what whisper.cpp would hide.
    params.set_temperature_inc(0.0);
    params.set_logprob_thold(f32::NEG_INFINITY);
    params.set_no_speech_thold(2.0);
    params
}

/// The language to ask for; "" is "detect it".
pub fn language(wanted: &str, multilingual: bool) -> Result<String> {
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() || wanted == "auto" {
        return Ok(if multilingual { String::new() } else { "en".into() });
    }
    let code = if wanted.contains('\0') { None } else { get_lang_id(&wanted).and_then(get_lang_str) };
    let Some(code) = code else {
        return Err(Error::reword(Room::Stt, format!("stt.language is {wanted:?}, which is no language that Whisper knows"))
            .hint("use a code like `en` or `de`, or `auto`"));
    };
    if !multilingual && code != "en" {
        tracing::warn!(language = code, "this speech model knows English only: stt.language is ignored");
        return Ok("en".into());
    }
    Ok(code.into())
}

/// The initial prompt with the user's own words behind it, as tokens.
pub fn prompt(context: &WhisperContext, settings: &Settings) -> Result<Vec<c_int>> {
    let words = settings.words.iter().map(|w| w.trim()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(", ");
    let parts = [settings.initial_prompt.trim(), words.as_str()];
    let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Ok(Vec::new());
    }
    // Words begin with a space in Whisper's vocabulary. A token is at least a byte: with less room, whisper.cpp answers
    // with a negative count, which the crate would take for a length.
    let text = format!(" {text}");
    context.tokenize(&text, text.len() + 1).map_err(|e| Error::reword(Room::Stt, format!("stt.initial_prompt cannot be used: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stt::whisper::log;

    #[test]
    fn a_language_is_a_code_or_detected() {
        log::to_tracing();
        assert_eq!(language("German", true).unwrap(), "de");
        assert_eq!(language(" auto ", true).unwrap(), "");
        assert_eq!(language("auto", false).unwrap(), "en");
        assert_eq!(language("de", false).unwrap(), "en");
        assert!(language("xx", true).is_err());
        assert!(language("e\0n", true).is_err());
    }
}
