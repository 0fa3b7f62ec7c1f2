//! A question into an answer: conductor, workers, meter.
