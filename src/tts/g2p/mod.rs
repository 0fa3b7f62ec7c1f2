//! Text in, Kokoro's phonemes out.
