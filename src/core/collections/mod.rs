//! Tables and lists whose operations cost the same, however many items they hold.

pub(crate) mod index;
pub(crate) mod line;
