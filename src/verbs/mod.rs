//! One file a verb: its arguments and what it does. The list of files is the list of features.

pub mod models;
