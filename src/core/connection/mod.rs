//! Sockets, and what is known of each.

pub(crate) mod auth;
pub(crate) mod drains;
pub(crate) mod link;
pub(crate) mod pool;
