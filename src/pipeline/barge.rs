//! Is it an interruption? What was said over an answer may be an echo of it, or a sound of assent.

/// What speech over an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Our own voice, from the loudspeaker into the microphone.
    Echo,
    /// A cough, or "mm-hm": go on.
    Backchannel,
    Interruption,
}

/// Judges what was heard while `spoken` was being said.
pub fn judge(heard: &str, spoken: &str, backchannels: &[&str]) -> Verdict {
    let bare = |text: &str| text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect::<String>().trim().to_owned();
    let heard = bare(heard);
    if heard.is_empty() || backchannels.contains(&heard.as_str()) || ["mm hm", "mhm", "yeah"].contains(&heard.as_str()) {
        Verdict::Backchannel
    } else if bare(spoken).contains(&heard) {
        Verdict::Echo
    } else {
        Verdict::Interruption
    }
}

/// Whether it asks for nothing but silence.
pub fn is_hush(text: &str) -> bool {
    let bare: String = text.to_lowercase().chars().filter(|c| c.is_alphabetic() || *c == ' ').collect();
    ["stop", "quiet", "be quiet", "silence", "enough", "stop talking", "shut up", "hush"].contains(&bare.trim())
}
