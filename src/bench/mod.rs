//! Measurements that a person can repeat.

pub mod nano;
pub mod rag;
pub mod turn;
