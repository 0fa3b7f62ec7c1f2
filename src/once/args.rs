//! What can be said to `xnai --once`.

use std::path::PathBuf;

use clap::Args;
use figment::value::Value;

/// One question, one answer.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "One question")]
pub struct OnceArgs {
    /// Answer one question and exit: typed here, spoken (--wav), or piped as text
    #[arg(long, value_name = "QUESTION", num_args = 0..=1)]
    pub once: Option<Option<String>>,

    /// A spoken question: WAV, FLAC or OGG; `-` reads it from stdin
    #[arg(long, value_name = "FILE", requires = "once")]
    pub wav: Option<PathBuf>,

    /// Write the spoken answer as WAV; `-` writes it to stdout and the text to stderr
    #[arg(long, value_name = "FILE", requires = "once")]
    pub out: Option<PathBuf>,

    /// Speak the answer; without a sound device that is an error
    #[arg(long, requires = "once", conflicts_with = "quiet")]
    pub play: bool,

    /// Print one JSON object and nothing else
    #[arg(long, requires = "once")]
    pub json: bool,

    /// Print the answer and nothing else; do not speak unless --out asks
    #[arg(long, short, requires = "once")]
    pub quiet: bool,

    /// Answer without the documents
    #[arg(long, requires = "once")]
    pub no_rag: bool,

    /// Fail (exit code 6) when the documents hold nothing about the question
    #[arg(long, requires = "once", conflicts_with = "no_rag")]
    pub require_docs: bool,

    /// Use only documents that match: a source, or key=value with source, path, type, tag, after, before
    #[arg(long, value_name = "FILTER", requires = "once", conflicts_with = "no_rag")]
    pub source: Vec<String>,

    /// Kokoro voice or blend, such as af_heart.6+am_michael.4
    #[arg(long, value_name = "VOICE", requires = "once")]
    pub voice: Option<String>,

    /// Speaking rate, 0.5 to 2.0
    #[arg(long, value_name = "RATE", requires = "once")]
    pub speed: Option<f64>,

    /// Language model: registry id or path
    #[arg(long, value_name = "MODEL", requires = "once")]
    pub model: Option<String>,

    #[arg(long, value_name = "N", requires = "once")]
    pub seed: Option<u32>,

    /// 0 is greedy
    #[arg(long, value_name = "T", requires = "once")]
    pub temperature: Option<f64>,

    /// Longest answer, in tokens
    #[arg(long, value_name = "N", requires = "once")]
    pub max_tokens: Option<u32>,

    /// Longest sound file taken as a question, in seconds
    #[arg(long, value_name = "S", requires = "once")]
    pub max_audio: Option<u32>,
}

impl OnceArgs {
    /// Flags that are settings, as (dotted key, value).
    pub fn settings(&self) -> Vec<(&'static str, Value)> {
        fn given<T: Clone + Into<Value>>(key: &'static str, value: &Option<T>) -> Option<(&'static str, Value)> {
            value.clone().map(|value| (key, value.into()))
        }
        [
            given("tts.voice", &self.voice),
            given("tts.speed", &self.speed),
            given("llm.model", &self.model),
            given("sampling.seed", &self.seed),
            given("sampling.temperature", &self.temperature),
            given("sampling.max_tokens", &self.max_tokens),
            given("audio.max_audio_s", &self.max_audio),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
