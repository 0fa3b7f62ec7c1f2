//! Sampling settings in, llama.cpp's chain of samplers out.

use llama_cpp_2::sampling::LlamaSampler;

use crate::parcel::Sampling;

/// How many of the last tokens a repetition is looked for in.
const REMEMBERED: i32 = 64;

/// Penalties first, then the cuts, then temperature and the draw; temperature 0 (or nonsense) takes the likeliest.
pub fn chain(sampling: &Sampling, vocabulary: i32) -> LlamaSampler {
    let mut parts = Vec::with_capacity(6);
    if sampling.repeat_penalty > 0.0 && sampling.repeat_penalty != 1.0 {
        parts.push(LlamaSampler::penalties(vocabulary, REMEMBERED, sampling.repeat_penalty, 0.0, 0.0));
    }
    if sampling.temperature > 0.0 {
        parts.extend([
            LlamaSampler::top_k(i32::try_from(sampling.top_k).unwrap_or(i32::MAX)),
            LlamaSampler::top_p(sampling.top_p, 1),
            LlamaSampler::min_p(sampling.min_p, 1),
            LlamaSampler::temp(sampling.temperature),
            LlamaSampler::dist(sampling.seed),
        ]);
    } else {
        parts.push(LlamaSampler::greedy());
    }
    LlamaSampler::chain(parts, true)
}
