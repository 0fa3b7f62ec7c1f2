//! Measurements that a person can repeat.

pub mod echo;
pub mod nano;
pub mod rag;
pub mod turn;
