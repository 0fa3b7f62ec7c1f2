//! The one integration binary; its modules mirror the rooms.

mod models;
mod support;
