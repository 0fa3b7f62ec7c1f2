//! Pieces of an answer in, speakable fragments out.
