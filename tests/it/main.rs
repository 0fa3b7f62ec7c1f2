//! The one integration binary; its modules mirror the rooms.

mod embed;
mod voice;
