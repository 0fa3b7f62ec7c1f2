//! The one integration binary; its modules mirror the rooms.

mod audio;
mod tidy;
