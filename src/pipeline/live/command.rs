//! What a face may ask of a conversation, and what is then wanted of the listener.

use crate::{parcel::Exchange, pipeline::conductor::Expect, turn::TurnId};

/// What a face may ask of a conversation. None of them waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The talk key went down: silence at once, and listen.
    Press,
    /// The talk key was let go: the question is complete.
    Release,
    /// A typed question, or an edited transcript.
    Ask(String),
    /// Silence at once; what was heard of the answer stays in the history.
    Silence,
    /// Holds the voice where it is, or lets it go on.
    Pause(bool),
    /// Speaks the last answer once more.
    Repeat,
    /// Listens all the time and answers whoever speaks.
    HandsFree(bool),
    /// Hands transcripts to the face as drafts instead of answering them.
    Edit(bool),
    /// Answers aloud, or only in text.
    Aloud(bool),
    /// 0.0 to 1.0.
    Volume(f32),
    /// Speaking rate, 0.5 to 2.0.
    Speed(f32),
    /// A voice of the engine that speaks: of Kokoro also a blend.
    Voice(String),
    /// Microphone, by name or number.
    Input(String),
    /// Speaker, by name or number.
    Output(String),
    /// Language model: registry id or path.
    Model(String),
    /// Answers out of the documents, or without them.
    Documents(bool),
    /// Begins a conversation anew, with this as its past (empty: none).
    Recall(Vec<Exchange>),
}

/// What the conductor and the faces want of the listener.
#[derive(Clone, Debug)]
pub enum Wanted {
    Press,
    Release,
    /// What is being heard is not meant.
    Forget,
    /// What is being heard under this turn is not waited for any more.
    GiveUp(TurnId),
    HandsFree(bool),
    /// Another microphone.
    Input(String),
    /// How long a pause means an end.
    Expect(Expect),
    /// A question was understood: the next one needs the key phrase again.
    Understood,
}
