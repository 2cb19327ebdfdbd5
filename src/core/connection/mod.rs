//! Sockets, and what is known of each.

pub(crate) mod drains;
