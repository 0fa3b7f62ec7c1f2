//! The one place that names ONNX Runtime: finds the library, opens models, runs them. No room.

mod kept;
mod library;
mod session;
#[cfg(test)]
mod tests;

pub use library::{Runtime, runtime};
pub use session::{Optimise, Options, Port, Session};

/// Numbers going into a model or coming out: a shape and the values, last dimension fastest.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor {
    F32(Vec<i64>, Vec<f32>),
    I32(Vec<i64>, Vec<i32>),
    I64(Vec<i64>, Vec<i64>),
}

/// What kind of numbers a model takes or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    F32,
    I32,
    I64,
    /// Nothing of ours uses it.
    Other,
}

impl Tensor {
    /// The shape and the values, when these are 32-bit floats.
    pub fn floats(&self) -> Option<(&[i64], &[f32])> {
        match self {
            Tensor::F32(shape, values) => Some((shape, values)),
            _ => None,
        }
    }
}
